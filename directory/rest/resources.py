"""Every table of the directory. What writes is one of the operations in ``directory.operations``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from audit.operations import newest_event, record
from config.foundation.display_ids import parse_display_id
from config.foundation.rest.idempotency import once
from config.foundation.rest.operations import BODY_ERRORS, QUERY_ERRORS, Operation
from config.foundation.rest.views import KeyedResource, ReadOnlyResource, WritableResource
from config.foundation.rest.views.rehearsal import DRY_RUN_PARAMETER, REHEARSAL
from config.foundation.rest.views.writing import refuse_content
from config.foundation.rows import Row
from directory import filters, models, serializers
from directory.enums import ArtifactStatus
from directory.operations import activate_artifact, change_row, delete_row, hold_bulk, put_row, save_row
from directory.rest import examples

TAG_PARTICIPANTS = "Directory: participants"
TAG_ROUTING = "Directory: routing"
TAG_SOURCES = "Directory: sources"
ACTIVATE = Operation(
    operation_id="routing_artifacts_activate",
    summary="Put a version in force",
    description=(
        "The version that is in force is retired in the same transaction; activating that one again undoes it. "
        "What is, or was, in force is not edited any more. Needs the privilege `directory.manage`."
    ),
    tag=TAG_ROUTING,
    response=serializers.RoutingArtifactSerializer,
    response_example=examples.ROUTING_ARTIFACT,
    headers=("ETag",),
    takes_reason=True,
    takes_key=True,
    precondition="IfMatchRequired",
    parameters=(DRY_RUN_PARAMETER,),
    rehearsal=REHEARSAL,
    rehearsal_example={
        "dry_run": True,
        "items": [
            {
                "action": "update",
                "id": examples.ROUTING_ARTIFACT["id"],
                "row": examples.ROUTING_ARTIFACT,
                "changes": {"status": {"before": "draft", "after": "active"}},
            }
        ],
    },
    errors=(
        *BODY_ERRORS,
        *QUERY_ERRORS,
        "write_not_allowed",
        "busy",
        "precondition_failed",
        "precondition_required",
    ),
)


class DirectoryResource(ReadOnlyResource):
    """A table of the tenant's directory or, with ``?directory=global``, of the global one."""

    required_privilege = "directory.read"

    @classmethod
    def list_name(cls) -> str:
        """Return what saved filters call this list."""
        return f"directory/{cls.plural.replace(' ', '-')}"

    def list_version(self) -> str:
        """Return the version of the directory, which every change of a row that it is resolved by moves."""
        return f"directory:{models.DirectoryVersion.objects.values_list('version', flat=True).order_by('pk').first()}"


class ChainVersioned:
    """A table that nothing is resolved by: its changes move the chain, and not the directory's version."""

    def list_version(self) -> str:
        """Return the newest event."""
        return newest_event()


class WrittenResource(WritableResource, DirectoryResource):
    """A table that is written in the tenant's own directory, and only read in the global one."""

    write_privilege = "directory.manage"
    save_operation = staticmethod(save_row)
    change_operation = staticmethod(change_row)
    delete_operation = staticmethod(delete_row)
    hold_operation = staticmethod(hold_bulk)


class SourcedResource(KeyedResource, WrittenResource):
    """A table whose rows say by which id their source knows them, and may be addressed by it."""

    put_operation = staticmethod(put_row)

    def key_values(self, named: dict[str, str]) -> dict[str, str]:
        """Return the columns' values; a source is given by its name or its display id.

        Raises:
            Refused: ``not_found``, no source has this id.
        """
        source_id = parse_display_id(models.Source.display_prefix, named["source"])
        if source_id is None:
            return named
        source = models.Source.objects.filter(pk=source_id).values_list("name", flat=True).first()
        if source is None:
            raise self.unknown()
        return named | {"source": source}


class RevealingResource(WrittenResource):
    """A table with confidential values: in clear to who holds ``view_confidential``, each reading audited."""

    revealed: Sequence[Row] = ()

    def serializer_context(self, rows: Iterable[Row]) -> dict[str, Any]:  # noqa: ARG002 -- the base's signature
        """Say whether this caller sees confidential values, and collect what they saw.

        A rehearsal shows none: it is undone, and with it the event of their reading would be.
        """
        self.revealed = []
        return {"reveals": self._reveals and not self.is_rehearsal, "revealed": self.revealed}

    def variant(self) -> str:
        """Return whether the caller sees confidential values."""
        return "clear" if self._reveals else "hidden"

    def rows_shown(self) -> None:
        """Write the reading of confidential values to the chain of the directory they were read in."""
        if self.revealed:
            self._record_reading(self.revealed_ids())

    def revealed_ids(self) -> tuple[str, ...]:
        """Return the ids of the rows whose confidential values the answer shows."""
        return tuple(str(row.pk) for row in self.revealed)

    def show_again(self, revealed: tuple[str, ...]) -> None:
        """Show confidential values once more to who still may see them: that is a reading, too.

        Raises:
            Refused: ``permission_denied``.
        """
        super().show_again(revealed)
        if revealed:
            self.admission.require("view_confidential")
            self._record_reading(revealed)

    def _record_reading(self, ids: tuple[str, ...]) -> None:
        record(
            actor=self.admission.actor,
            action="read",
            resource=self.model._meta.label_lower,
            resource_id=ids[0] if len(ids) == 1 else "",
            payload={"ids": list(ids)},
            tenant_id=self.admission.tenant.pk,
        )

    @property
    def _reveals(self) -> bool:
        return "view_confidential" in self.admission.privileges


class Participants(SourcedResource):
    """Organizations, nodes, services and number ranges that can be reached."""

    model = models.Participant
    serializer_class = serializers.ParticipantSerializer
    write_serializer_class = serializers.ParticipantWriteSerializer
    filterset_class = filters.ParticipantFilters
    orderings = ("name", "kind", "country", "created_at", "updated_at")
    default_ordering = ("name", "pk")
    noun, plural, tag = "participant", "participants", TAG_PARTICIPANTS
    example = examples.PARTICIPANT
    change_example: ClassVar[dict[str, Any]] = {"notes": "Settles in US dollars alone."}


class Identifiers(SourcedResource, RevealingResource):
    """Names by which participants are known on a rail."""

    model = models.Identifier
    serializer_class = serializers.IdentifierSerializer
    write_serializer_class = serializers.IdentifierWriteSerializer
    filterset_class = filters.IdentifierFilters
    relations = ("participant",)
    orderings = ("identifier_type", "priority", "confidence", "created_at", "updated_at")
    natural = ("identifier_type", "value")
    noun, plural, tag = "identifier", "identifiers", TAG_PARTICIPANTS
    example = examples.IDENTIFIER
    change_example: ClassVar[dict[str, Any]] = {"priority": 20}


class Endpoints(SourcedResource):
    """Addresses at which participants take traffic."""

    model = models.Endpoint
    serializer_class = serializers.EndpointSerializer
    write_serializer_class = serializers.EndpointWriteSerializer
    filterset_class = filters.EndpointFilters
    relations = ("participant",)
    orderings = ("protocol", "address", "priority", "status", "created_at", "updated_at")
    natural = ("participant", "protocol", "address", "profile")
    noun, plural, tag = "endpoint", "endpoints", TAG_PARTICIPANTS
    example = examples.ENDPOINT
    change_example: ClassVar[dict[str, Any]] = {"status": "draining"}


class Capabilities(SourcedResource):
    """What participants declare they can do."""

    model = models.Capability
    serializer_class = serializers.CapabilitySerializer
    write_serializer_class = serializers.CapabilityWriteSerializer
    filterset_class = filters.CapabilityFilters
    relations = ("participant", "endpoint")
    orderings = ("service", "action", "created_at", "updated_at")
    natural = ("participant", "service", "action", "process", "document_type")
    noun, plural, tag = "capability", "capabilities", TAG_PARTICIPANTS
    example = examples.CAPABILITY
    change_example: ClassVar[dict[str, Any]] = {"document_type": "pacs.008.001.08"}


class Credentials(SourcedResource):
    """References to key material: never the key, and of the reference only the kind of vault."""

    model = models.Credential
    serializer_class = serializers.CredentialSerializer
    write_serializer_class = serializers.CredentialWriteSerializer
    filterset_class = filters.CredentialFilters
    relations = ("participant", "endpoint")
    orderings = ("credential_type", "created_at", "updated_at")
    natural = ("participant", "credential_type", "fingerprint")
    noun, plural, tag = "credential", "credentials", TAG_PARTICIPANTS
    write_example: ClassVar[dict[str, Any]] = {"vault_ref": "vault://certs/bankus/iso20022"}
    example = examples.CREDENTIAL
    change_example: ClassVar[dict[str, Any]] = {"valid_to": "2027-01-01T00:00:00Z"}


class Policies(WrittenResource):
    """Rules that let candidates of a resolution stay or remove them."""

    model = models.Policy
    serializer_class = serializers.PolicySerializer
    write_serializer_class = serializers.PolicyWriteSerializer
    filterset_class = filters.PolicyFilters
    orderings = ("priority", "name", "created_at", "updated_at")
    default_ordering = ("-priority", "pk")
    noun, plural, tag = "policy", "policies", TAG_ROUTING
    is_guarded = True
    example = examples.POLICY
    change_example: ClassVar[dict[str, Any]] = {"enabled": False}


class Edges(WrittenResource):
    """Links that no key says: equivalences, translations, other sources' word."""

    model = models.Edge
    serializer_class = serializers.EdgeSerializer
    write_serializer_class = serializers.EdgeWriteSerializer
    filterset_class = filters.EdgeFilters
    orderings = ("relation", "confidence", "created_at", "updated_at")
    natural = ("from_id", "relation", "to_id")
    noun, plural, tag = "edge", "edges", TAG_ROUTING
    example = examples.EDGE
    change_example: ClassVar[dict[str, Any]] = {"confidence": 0.6}


class RoutingArtifacts(RevealingResource):
    """Versions of tables and directives that are put in force as a whole."""

    model = models.RoutingArtifact
    serializer_class = serializers.RoutingArtifactSerializer
    write_serializer_class = serializers.RoutingArtifactWriteSerializer
    filterset_class = filters.RoutingArtifactFilters
    orderings = ("kind", "name", "version", "created_at", "updated_at")
    default_ordering = ("kind", "name", "-version", "pk")
    natural = ("kind", "name", "version")
    noun, plural, tag = "routing artifact", "routing artifacts", TAG_ROUTING
    example = examples.ROUTING_ARTIFACT
    change_example: ClassVar[dict[str, Any]] = {"effective_from": "2026-04-01T00:00:00Z"}
    write_errors = ("artifact_not_draft",)
    write_example: ClassVar[dict[str, Any]] = {"kind": "bin_table", "name": "card ranges", "version": 4}
    extra_writes = frozenset({"activate"})
    is_guarded = True

    @classmethod
    def describe(cls, action: str) -> Operation:
        """Return the documentation of an action."""
        return ACTIVATE if action == "activate" else super().describe(action)

    @once
    def activate(self, request: Request, id: str) -> Response:  # noqa: A002 -- the address's
        """Put a version in force; the one that was is retired.

        Raises:
            InvalidInput: a body that holds anything.
        """
        with self.effect():
            artifact = models.RoutingArtifact.objects.filter(pk=self.pk_of(id)).first()
            if artifact is None:
                raise self.unknown()
            refuse_content(request)
            if self.is_rehearsal:
                self._note_others(artifact)
            activate_artifact(actor=self.admission.actor, artifact=artifact, check=self.precondition(request))
            return self.answer(request, artifact.pk)

    def _note_others(self, artifact: models.RoutingArtifact) -> None:
        """Note the version that is in force, which the activation retires."""
        versions = models.RoutingArtifact.objects.filter(kind=artifact.kind, name=artifact.name)
        for other in versions.filter(status=ArtifactStatus.ACTIVE).exclude(pk=artifact.pk).order_by("pk"):
            self.rehearsal.note(other)


class PrefixRules(WrittenResource):
    """Rules of prefix tables; the longest prefix wins."""

    model = models.PrefixRule
    serializer_class = serializers.PrefixRuleSerializer
    write_serializer_class = serializers.PrefixRuleWriteSerializer
    filterset_class = filters.PrefixRuleFilters
    relations = ("artifact", "participant")
    orderings = ("prefix", "priority", "created_at", "updated_at")
    write_errors = ("artifact_not_draft",)
    natural = ("artifact", "prefix")
    noun, plural, tag = "prefix rule", "prefix rules", TAG_ROUTING
    example = examples.PREFIX_RULE
    change_example: ClassVar[dict[str, Any]] = {"weight": 3}


class Sources(RevealingResource):
    """Where rows come from, and how long they hold."""

    model = models.Source
    serializer_class = serializers.SourceSerializer
    write_serializer_class = serializers.SourceWriteSerializer
    filterset_class = filters.SourceFilters
    orderings = ("name", "kind", "created_at", "updated_at")
    default_ordering = ("name", "pk")
    noun, plural, tag = "source", "sources", TAG_SOURCES
    write_example: ClassVar[dict[str, Any]] = {"settings": {}}
    example = examples.SOURCE
    change_example: ClassVar[dict[str, Any]] = {"timeout_ms": 5000}


class SourceRuns(ChainVersioned, DirectoryResource):
    """What each run of a source read, wrote and refused."""

    model = models.SourceRun
    serializer_class = serializers.SourceRunSerializer
    filterset_class = filters.SourceRunFilters
    relations = ("source",)
    orderings = ("started_at", "state", "created_at", "updated_at")
    default_ordering = ("-started_at", "pk")
    natural = ("source", "started_at")
    noun, plural, tag = "source run", "source runs", TAG_SOURCES
    example = examples.SOURCE_RUN


class Probes(ChainVersioned, WrittenResource):
    """Routing tests kept as data: a request and what its answer must hold."""

    model = models.Probe
    serializer_class = serializers.ProbeSerializer
    write_serializer_class = serializers.ProbeWriteSerializer
    filterset_class = filters.ProbeFilters
    orderings = ("name", "created_at", "updated_at")
    default_ordering = ("name", "pk")
    noun, plural, tag = "probe", "probes", TAG_ROUTING
    example = examples.PROBE
    change_example: ClassVar[dict[str, Any]] = {"name": "Bank US takes credit transfers over AS4"}


RESOURCES: tuple[type[DirectoryResource], ...] = (
    Participants,
    Identifiers,
    Endpoints,
    Capabilities,
    Credentials,
    Policies,
    Edges,
    RoutingArtifacts,
    PrefixRules,
    Sources,
    SourceRuns,
    Probes,
)
