"""What a tenant has, in words that stand nowhere else: whoever reads one of them has read this tenant."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from audit.enums import ConsentAction, SubjectKind
from audit.models import AuditEvent
from audit.operations import record_consent
from audit.operations.verifications import VERIFICATION
from audit.requests.models import Job, SavedFilter
from audit.requests.operations import save_filter, start_job
from config.foundation.actor import Actor
from config.foundation.display_ids import display_id
from config.foundation.rows import Row
from customers.identity.models import ApiToken, ApiTokenUse, Membership
from customers.identity.operations import create_token
from customers.tenants.models import Domain, Tenant
from directory import models
from directory.enums import ArtifactKind, EdgeRelation, NodeType
from directory.operations import save_row
from tests import cast
from tests.sealing import seal

ACTOR = Actor.system("isolation")
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Words:
    """The texts that mark a tenant: a word, a number, a host of its own. Those of two tenants are of one length."""

    slug: str
    word: str
    digits: str
    host: str


ACME = Words("acme", "zq7bank", "47009173", "zq7bank.example")
GLOBEX = Words("globex", "zq7tele", "47008284", "zq7tele.example")
NOBODY = Words("nope", "zq7none", "47007395", "zq7none.example")


@dataclass(frozen=True)
class Estate:
    """A tenant with a row in every table of its directory, and what public tables hold about it."""

    words: Words
    tenant: Tenant
    rows: dict[str, Row]  # by display prefix
    event_id: int = 0  # the newest of the chain

    @property
    def schema(self) -> str:
        return str(self.tenant.schema_name)

    @property
    def keys(self) -> dict[str, str]:
        """Return the key, by the parts of an address, under which the tenant's source knows its rows."""
        return {"source": f"{self.words.word} feed", "external_id": f"{self.words.word} key"}

    def id_of(self, prefix: str) -> str:
        """Return the display id of the row of that kind; of no kind is the newest event."""
        if not prefix:
            return str(self.event_id)
        return display_id(prefix, self.rows[prefix].pk)

    def texts(self) -> set[str]:
        """Return every text that only this tenant's people may read."""
        found = {self.words.word, self.words.digits, self.schema, self.tenant.name}
        for row in self.rows.values():
            found |= {row.pk.hex, str(row.pk)} | set(_marked(row, self.words))
        return found


def furnish(tenant: Tenant, words: Words) -> Estate:
    """Give a tenant a row of every kind."""
    Domain.objects.create(tenant=tenant, domain=words.host, verified_at=timezone.now())
    create_token(
        actor=ACTOR,
        user=cast.user(f"{words.slug}_admin"),
        tenant=tenant,
        name=f"{words.word} token",
        privileges=["directory.read"],
        expires_at=timezone.now() + timedelta(days=1),
    )
    token = ApiToken.objects.get(tenant=tenant, name=f"{words.word} token")
    ApiTokenUse.objects.create(token=token, last_used_at=NOW, last_agent=words.word)
    with tenant:
        if words is ACME:  # a longer chain, so that the number of its newest event is nobody else's
            for number in range(20):
                _saved(models.Participant(name=f"{words.word} filler {number}"))
        rows: dict[str, Row] = {row.display_prefix: row for row in _directory_rows(words)}
        owner = cast.user(f"{words.slug}_admin")
        rows["flt"] = save_filter(actor=Actor.user(owner.pk), row=_filter_of(words))
    kinds: tuple[Any, ...] = (Membership, ApiToken, Domain)
    for model in kinds:
        row = model.objects.filter(tenant=tenant).order_by("pk").first()
        if row is not None:
            rows[row.display_prefix] = row
    rows[tenant.display_prefix] = tenant
    seal()
    with tenant:
        newest = AuditEvent.objects.newest_first().values_list("pk", flat=True).first()
    return Estate(words, tenant, rows, newest or 0)


def _directory_rows(words: Words) -> Iterator[Any]:
    word, digits = words.word, words.digits
    marked = {"source": f"{word} feed", "external_id": f"{word} key"}  # as in Estate.keys
    yield _saved(models.Source(name=f"{word} feed", kind="file", settings={"path": f"{word} path"}))
    source = models.Source.objects.get()
    yield _saved(
        models.SourceRun(source=source, started_at=NOW, errors=[{"row": 7, "reason": f"{word} reason"}])
    )
    party = _saved(
        models.Participant(
            name=f"{word} party", notes=f"{word} notes", tags=[f"{word} tag"], country="SE", **marked
        )
    )
    _saved(models.Participant(name=f"{word} other party"))  # so that the list has a second page
    yield party
    yield _saved(
        models.Identifier(
            participant=party,
            identifier_type="as4.partyId",
            value=f"{word}-1",
            scope=f"{word}-scope",
            **marked,
        )
    )
    endpoint = _saved(
        models.Endpoint(
            participant=party,
            protocol="as4",
            address=f"https://{word}.example/in",
            profile=f"{word}.v1",
            **marked,
        )
    )
    yield endpoint
    capability = models.Capability(
        participant=party, endpoint=endpoint, service=f"{word}.s", action=f"{word}.a"
    )
    capability.process, capability.document_type = f"{word}.p", f"{word}.d"
    yield _saved(_with(capability, marked))
    credential = models.Credential(participant=party, endpoint=endpoint, credential_type="sign")
    credential.vault_ref, credential.fingerprint = f"vault://{word}/key", digits.ljust(64, "a")
    yield _saved(_with(credential, marked))
    rule = {"when": {"attr": "endpoint.protocol", "op": "eq", "value": f"{word}"}}
    yield _saved(models.Policy(name=f"{word} policy", rule_json=rule, effect="deny", reason=f"{word} why"))
    edge = models.Edge(from_type=NodeType.PARTICIPANT, from_id=party.pk, to_type=NodeType.ENDPOINT)
    edge.to_id, edge.relation, edge.source = endpoint.pk, EdgeRelation.HAS_ENDPOINT, f"{word} feed"
    yield _saved(edge)
    artifact = models.RoutingArtifact(
        kind=ArtifactKind.BIN_TABLE, name=f"{word} table", source=f"{word} feed"
    )
    yield _saved(artifact)
    yield _saved(
        models.PrefixRule(
            artifact=artifact, prefix=digits, range_text=f"{word} range", participant=party, brand=f"{word} brand",
            region=f"{word} region", target_protocol="iso8583", target_address=f"{word}.example:5000",
        )
    )  # fmt: skip
    yield record_consent(
        actor=ACTOR,
        now=NOW,
        subject_kind=SubjectKind.PARTICIPANT,
        subject_id=party.pk,
        purpose="terms",
        text_version=1,
        action=ConsentAction.GIVEN,
        evidence={"form": f"{word} form"},
    )
    job = start_job(actor=ACTOR, kind=VERIFICATION, given={"of": f"{word} chain"})
    Job.objects.filter(pk=job.pk).update(message=f"{word} message")
    yield Job.objects.get(pk=job.pk)
    yield _saved(
        models.Probe(
            name=f"{word} probe",
            request={"identifiers": [{"type": "as4.partyId", "value": f"{word}-1"}]},
            expected={"directives": []},
        )
    )


def _filter_of(words: Words) -> SavedFilter:
    return SavedFilter(
        slug=f"{words.word}-filter",
        name=f"{words.word} filter",
        resource="directory/participants",
        parameters={"q": [words.word]},
        is_shared=True,
    )


def _with(row: Any, values: dict[str, str]) -> Any:
    for name, value in values.items():
        setattr(row, name, value)
    return row


def _saved(row: Any) -> Any:
    return save_row(actor=ACTOR, row=row)


def _marked(row: Row, words: Words) -> Iterator[str]:
    for column in row._meta.concrete_fields:
        value = getattr(row, column.attname)
        text = value if isinstance(value, str) else json.dumps(value, default=str)
        if words.word in text or words.digits in text:
            yield text
        if isinstance(value, UUID):
            yield value.hex
