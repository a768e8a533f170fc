"""What was decided of each operation: which privilege it needs, whether it writes, and how strangers are refused.

An operation without an entry fails the journey, and so does an entry without an operation.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

# How each who may not is answered where acme is addressed; `open` operations answer everybody alike.
STRANGERS: Mapping[str, tuple[int, str]] = {
    "anonymous": (401, "not_authenticated"),
    "outsider": (404, "not_found"),
    "outsider_token": (404, "not_found"),
    "globex_owner": (404, "not_found"),
    "globex_token": (403, "tenant_mismatch"),
    "globex_unbound_token": (404, "not_found"),
}
LACKING: Mapping[str, tuple[int, str]] = {
    "lacking_member": (403, "permission_denied"),
    "lacking_token": (403, "permission_denied"),
}
READING: Mapping[str, tuple[int, str]] = {"reading_token": (403, "write_not_allowed")}


@dataclass(frozen=True)
class Decision:
    """``privilege`` is empty where anybody may, or, ``is_own``, whoever is let in: it shows nothing but what is theirs.

    ``query`` and ``body`` make a call that acme's owner is answered.
    """

    privilege: str
    is_write: bool = False
    is_own: bool = False
    query: tuple[tuple[str, str], ...] = ()
    body: object = None
    refusals: Mapping[str, tuple[int, str]] = field(default_factory=lambda: {**STRANGERS, **LACKING})

    @property
    def is_open(self) -> bool:
        """Tell whether anybody may call it, without a credential."""
        return not self.privilege and not self.is_own


OPEN = Decision("", refusals={})
OWN = Decision("", is_own=True, refusals=STRANGERS)
READ = Decision("directory.read")
AUDIT = Decision("view_audit")
VERIFY = Decision("view_audit", is_write=True, body={}, refusals={**STRANGERS, **LACKING, **READING})
# Everybody sees and cancels their own jobs; another's is as one that is not there.
UNSEEN: Mapping[str, tuple[int, str]] = dict.fromkeys(LACKING, (404, "not_found"))
NO_JOBS: Mapping[str, tuple[int, str]] = dict.fromkeys(LACKING, (200, ""))
JOBS = Decision("view_audit", refusals={**STRANGERS, **NO_JOBS})
JOB = Decision("view_audit", refusals={**STRANGERS, **UNSEEN})
CANCEL = Decision("view_audit", is_write=True, refusals={**STRANGERS, **UNSEEN, **READING})
MANAGE = Decision("directory.manage", is_write=True, refusals={**STRANGERS, **LACKING, **READING})
TOKENS = Decision("tokens.manage")
OWN = Decision("", is_own=True)
OWN_WRITTEN = replace(OWN, is_write=True)
KNOWN = {"type": "as4.partyId", "value": "zq7bank-1", "scope": "zq7bank-scope"}

SAVE = Decision(
    "directory.read", is_write=True, refusals={**STRANGERS, **LACKING, **READING}
)  # what is one's own
NONE = "0" * 32  # stands for the id of acme's row of that kind
EDGE = {
    "from_type": "participant",
    "from_id": f"par_{NONE}",
    "to_type": "capability",
    "to_id": f"cap_{NONE}",
    "relation": "has_capability",
}
POLICY = {"id": f"pol_{NONE}", "etag": "*"}
ARTIFACT = {"id": f"art_{NONE}", "etag": "*"}

DECISIONS: dict[str, Decision] = {
    "platform:audit_events_list": AUDIT,
    "platform:audit_events_retrieve": AUDIT,
    "platform:health_live": OPEN,
    "platform:health_ready": OPEN,
    "platform:limits_list": OWN,
    "platform:schema_retrieve": OPEN,
    "tenant:limits_list": OWN,
    "tenant:schema_retrieve": OPEN,
    "platform:audit_verifications_create": VERIFY,
    "platform:jobs_list": AUDIT,
    "platform:jobs_retrieve": AUDIT,
    "platform:jobs_cancel": VERIFY,
    "tenant:audit_verifications_create": VERIFY,
    "tenant:jobs_list": JOBS,
    "tenant:jobs_retrieve": JOB,
    "tenant:jobs_cancel": CANCEL,
    "tenant:resolve_post": Decision("directory.resolve", body={"identifiers": [KNOWN]}),
    "tenant:resolve_get": Decision("directory.resolve", query=tuple(KNOWN.items())),
    "tenant:resolve_bulk": Decision("directory.resolve", body={"requests": [{"identifiers": [KNOWN]}]}),
    "tenant:saved_filters_list": READ,
    "tenant:saved_filters_retrieve": READ,
    "tenant:saved_filters_create": SAVE,
    "tenant:saved_filters_update": SAVE,
    "tenant:saved_filters_delete": SAVE,
    "tenant:audit_events_list": AUDIT,
    "tenant:audit_events_retrieve": AUDIT,
    "tenant:consents_list": AUDIT,
    "tenant:consents_retrieve": AUDIT,
    "tenant:capabilities_list": READ,
    "tenant:capabilities_retrieve": READ,
    "tenant:credentials_list": READ,
    "tenant:credentials_retrieve": READ,
    "tenant:edges_list": READ,
    "tenant:edges_retrieve": READ,
    "tenant:endpoints_list": READ,
    "tenant:endpoints_retrieve": READ,
    "tenant:identifiers_list": READ,
    "tenant:identifiers_retrieve": READ,
    "tenant:participants_list": READ,
    "tenant:participants_retrieve": READ,
    "tenant:policies_list": READ,
    "tenant:policies_retrieve": READ,
    "tenant:prefix_rules_list": READ,
    "tenant:prefix_rules_retrieve": READ,
    "tenant:probes_list": READ,
    "tenant:probes_retrieve": READ,
    "tenant:routing_artifacts_list": READ,
    "tenant:routing_artifacts_retrieve": READ,
    "tenant:source_runs_list": READ,
    "tenant:source_runs_retrieve": READ,
    "tenant:sources_list": READ,
    "tenant:sources_retrieve": READ,
    "tenant:capabilities_create": MANAGE,
    "tenant:capabilities_update": MANAGE,
    "tenant:capabilities_delete": MANAGE,
    "tenant:capabilities_bulk_update": MANAGE,
    "tenant:capabilities_bulk_delete": MANAGE,
    "tenant:credentials_create": MANAGE,
    "tenant:credentials_update": MANAGE,
    "tenant:credentials_delete": MANAGE,
    "tenant:credentials_bulk_update": MANAGE,
    "tenant:credentials_bulk_delete": MANAGE,
    "tenant:edges_create": replace(MANAGE, body=EDGE),
    "tenant:edges_update": MANAGE,
    "tenant:edges_delete": MANAGE,
    "tenant:edges_bulk_update": MANAGE,
    "tenant:edges_bulk_delete": MANAGE,
    "tenant:endpoints_create": MANAGE,
    "tenant:endpoints_update": MANAGE,
    "tenant:endpoints_delete": MANAGE,
    "tenant:endpoints_bulk_update": MANAGE,
    "tenant:endpoints_bulk_delete": MANAGE,
    "tenant:identifiers_create": MANAGE,
    "tenant:identifiers_update": MANAGE,
    "tenant:identifiers_delete": MANAGE,
    "tenant:identifiers_bulk_update": MANAGE,
    "tenant:identifiers_bulk_delete": MANAGE,
    "tenant:participants_create": MANAGE,
    "tenant:participants_update": MANAGE,
    "tenant:participants_delete": MANAGE,
    "tenant:participants_bulk_update": MANAGE,
    "tenant:participants_bulk_delete": MANAGE,
    "tenant:policies_create": MANAGE,
    "tenant:policies_update": MANAGE,
    "tenant:policies_delete": MANAGE,
    "tenant:policies_bulk_update": replace(MANAGE, body=[POLICY | {"priority": 7}]),
    "tenant:policies_bulk_delete": replace(MANAGE, body=[POLICY]),
    "tenant:prefix_rules_create": MANAGE,
    "tenant:prefix_rules_update": MANAGE,
    "tenant:prefix_rules_delete": MANAGE,
    "tenant:prefix_rules_bulk_update": MANAGE,
    "tenant:prefix_rules_bulk_delete": MANAGE,
    "tenant:probes_create": MANAGE,
    "tenant:probes_update": MANAGE,
    "tenant:probes_delete": MANAGE,
    "tenant:probes_bulk_update": MANAGE,
    "tenant:probes_bulk_delete": MANAGE,
    "tenant:routing_artifacts_create": MANAGE,
    "tenant:routing_artifacts_update": MANAGE,
    "tenant:routing_artifacts_delete": MANAGE,
    "tenant:routing_artifacts_bulk_update": replace(MANAGE, body=[ARTIFACT | {"signature": "s"}]),
    "tenant:routing_artifacts_bulk_delete": replace(MANAGE, body=[ARTIFACT]),
    "tenant:sources_create": MANAGE,
    "tenant:sources_update": MANAGE,
    "tenant:sources_delete": MANAGE,
    "tenant:sources_bulk_update": MANAGE,
    "tenant:sources_bulk_delete": MANAGE,
    "tenant:routing_artifacts_activate": MANAGE,
    "tenant:capabilities_retrieve_by_key": READ,
    "tenant:capabilities_upsert": MANAGE,
    "tenant:credentials_retrieve_by_key": READ,
    "tenant:credentials_upsert": MANAGE,
    "tenant:endpoints_retrieve_by_key": READ,
    "tenant:endpoints_upsert": MANAGE,
    "tenant:identifiers_retrieve_by_key": READ,
    "tenant:identifiers_upsert": MANAGE,
    "tenant:participants_retrieve_by_key": READ,
    "tenant:participants_upsert": MANAGE,
    "tenant:tokens_list": TOKENS,
    "tenant:tokens_retrieve": TOKENS,
    "tenant:tokens_use": TOKENS,
    "tenant:tokens_delete": replace(MANAGE, privilege="tokens.manage"),
    "platform:my_tokens_list": OWN,
    "platform:my_tokens_retrieve": OWN,
    "platform:my_tokens_use": OWN,
    "platform:my_tokens_create": OWN_WRITTEN,
    "platform:my_tokens_update": OWN_WRITTEN,
    "platform:my_tokens_rotate": OWN_WRITTEN,
    "platform:my_tokens_delete": OWN_WRITTEN,
}


def gaps(found: Collection[str], decided: Collection[str], kind: str = "operation") -> list[str]:
    """Return what is wrong with a table, in words; nothing where each operation, or page, has its decision."""
    missing = [f"{key} is without a decision" for key in sorted(set(found) - set(decided))]
    stale = [f"{key} is decided and no {kind}" for key in sorted(set(decided) - set(found))]
    return missing + stale
