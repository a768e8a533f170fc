# ruff: noqa: S608 -- only schema names, quoted as identifiers, and constants of this module enter the text
"""The SQL of retrieval: one statement a question, over the tenant's schema and the global one.

Schemas are named in the text, so that the search path neither costs a round trip nor decides what is read.
What is asked for comes in arrays: the number of statements, and their text, are the same for one request and
for a thousand.
"""

from functools import lru_cache
from typing import NamedTuple

from psycopg import sql

# Sources asked over the network answer on a later level of the ladder than the rows kept here.
_NETWORK_KINDS = "'smp', 'ktt', 'dtc'"
_LIVES = "({row}.superseded_at IS NULL OR {row}.superseded_at > %(since)s)"
_ASKED_KEYS = """asked AS (
    SELECT * FROM unnest(%(types)s::text[], %(scopes)s::text[], %(values)s::text[])
        AS k(identifier_type, scope, normalized)
)"""
# A participant with all that is its own, each list as JSON: one row a participant, whatever it has.
_PARTICIPANT = f"""p.id, p.name, p.country, p.tags, p.superseded_at,
    (SELECT coalesce(jsonb_agg(jsonb_build_array(e.id, e.protocol, e.address, e.profile, e.priority, e.status,
            e.qos, e.source, e.confidence, e.verified_at, e.updated_at, e.valid_from,
            least(e.valid_to, e.superseded_at), e.superseded_at)), '[]')
        FROM {{schema}}.directory_endpoint e WHERE e.participant_id = p.id AND {_LIVES.format(row="e")}
        AND NOT EXISTS (SELECT FROM {{schema}}.directory_source s
            WHERE s.name = e.source AND s.kind IN ({_NETWORK_KINDS})))::text,
    (SELECT coalesce(jsonb_agg(jsonb_build_array(c.id, c.endpoint_id, c.service, c.action, c.process,
            c.document_type, c.constraints_json, NULL, c.superseded_at)), '[]')
        FROM {{schema}}.directory_capability c
        WHERE c.participant_id = p.id AND {_LIVES.format(row="c")})::text,
    (SELECT coalesce(jsonb_agg(jsonb_build_array(k.credential_type, k.vault_ref, k.endpoint_id, k.valid_from,
            least(k.valid_to, k.superseded_at), k.superseded_at)), '[]')
        FROM {{schema}}.directory_credential k
        WHERE k.participant_id = p.id AND {_LIVES.format(row="k")})::text"""
_BY_KEY = f"""
SELECT {{directory}}, i.identifier_type, i.scope, i.normalized, i.priority, i.tier, i.source, i.confidence,
    i.verified_at, i.updated_at, i.superseded_at, {_PARTICIPANT}
FROM asked JOIN {{schema}}.directory_identifier i USING (identifier_type, scope, normalized)
JOIN {{schema}}.directory_participant p ON p.id = i.participant_id
WHERE {_LIVES.format(row="i")} AND {_LIVES.format(row="p")}"""
_BY_ID = f"""
SELECT {{directory}}, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, {_PARTICIPANT}
FROM {{schema}}.directory_participant p WHERE p.id = ANY(%({{ids}})s::uuid[]) AND {_LIVES.format(row="p")}"""
_RULES = f"""
SELECT {{directory}}, r.id, a.kind, a.name, r.prefix, r.gti, r.tt, r.np, r.nai, r.ssn, r.network_indicator,
    r.brand, r.region, r.calling_prefix, r.origin, r.mode, r.weight, r.priority, r.target_protocol,
    r.target_address, r.transport_profile, r.result::text, a.updated_at, r.valid_from, r.valid_to,
    a.effective_from, a.effective_to,
    {_PARTICIPANT}
FROM unnest(%(kinds)s::text[], %(prefixes)s::text[]) AS asked(kind, prefix)
JOIN {{schema}}.directory_routingartifact a ON a.kind = asked.kind AND a.status = 'active'
JOIN {{schema}}.directory_prefixrule r ON r.artifact_id = a.id AND r.prefix = asked.prefix
LEFT JOIN {{schema}}.directory_participant p ON p.id = r.participant_id"""
_POLICIES = """
SELECT {directory}, id, name, rule_json::text, effect, priority
FROM {schema}.directory_policy WHERE enabled"""
_ARTIFACTS = """
SELECT id, kind, name, payload::text, source, updated_at, effective_from, effective_to
FROM {schema}.directory_routingartifact WHERE kind = %(kind)s AND status = 'active'"""
_NAMED = f"""
    SELECT {{directory}}::text AS directory, i.id, i.participant_id, i.identifier_type, i.scope, i.normalized,
        i.confidence, i.superseded_at
    FROM asked JOIN {{schema}}.directory_identifier i USING (identifier_type, scope, normalized)
    WHERE {_LIVES.format(row="i")}"""
# Seen from near to far, while the identifiers it was found by and leads to hold; in a global edge both ends
# are global, whatever its columns say.
_EDGES = f"""
    SELECT n.near_type, n.near_scope, n.near_value, n.near_directory, n.near_id,
        n.confidence * e.confidence AS confidence, e.relation, e.source, e.valid_from,
        least(e.valid_to, e.superseded_at, n.superseded_at) AS valid_to,
        e.{{far}}_type AS far_kind, e.{{far}}_id AS far_id, {{far_directory}} AS far_directory
    FROM nodes n JOIN {{schema}}.directory_edge e ON e.{{near}}_id = n.id AND e.{{near}}_type = n.kind
        AND {{is_near}}
    WHERE e.relation = ANY(%({{relations}})s::text[]) AND {_LIVES.format(row="e")}"""
_FAR = f"""
    SELECT i.identifier_type, i.scope, i.normalized, i.confidence, i.superseded_at
    FROM {{schema}}.directory_identifier i
    WHERE e.far_directory = {{directory}} AND {_LIVES.format(row="i")}
    AND ((e.far_kind = 'identifier' AND i.id = e.far_id)
        OR (e.far_kind = 'participant' AND e.relation <> 'resolves_to' AND i.participant_id = e.far_id))"""


class Statements(NamedTuple):
    """The statements of one tenant, as text."""

    version: str
    matches: str
    edges: str
    prefix_rules: str
    policies: str
    artifacts: str


@lru_cache(maxsize=1024)
def statements(own: str, shared: str) -> Statements:
    """Return the statements over a tenant's schema and the global one."""
    text = _Text(own, shared)
    version = "(SELECT version FROM {schema}.directory_version)"
    return Statements(
        version=text.own(f"SELECT {version}, ") + text.shared(version),
        matches=f"WITH {_ASKED_KEYS}"
        + text.both(_BY_KEY)
        + " UNION ALL"
        + text.own(_BY_ID, ids="own_ids")
        + " UNION ALL"
        + text.shared(_BY_ID, ids="global_ids"),
        edges=_edges(text),
        prefix_rules=text.both(_RULES),
        policies=text.both(_POLICIES),
        artifacts=text.own(_ARTIFACTS),
    )


class _Text:
    """Fills schemas into statements, quoted as identifiers."""

    def __init__(self, own: str, shared: str) -> None:
        self._own, self._shared = sql.Identifier(own).as_string(), sql.Identifier(shared).as_string()

    def own(self, template: str, **parts: str) -> str:
        return template.format(schema=self._own, directory="'own'", **parts)

    def shared(self, template: str, **parts: str) -> str:
        return template.format(schema=self._shared, directory="'global'", **parts)

    def both(self, template: str) -> str:
        return f"{self.own(template)} UNION ALL{self.shared(template)}"


def _edges(text: _Text) -> str:
    own_end = {"is_near": "e.{near}_end = n.directory", "far_directory": "e.{far}_end"}
    parts = []
    for near, far, relations in (("from", "to", "forwards"), ("to", "from", "backwards")):
        ways = {"near": near, "far": far, "relations": relations}
        filled = {name: template.format(near=near, far=far) for name, template in own_end.items()}
        parts.append(text.own(_EDGES, **ways, **filled))
        parts.append(text.shared(_EDGES, **ways, is_near="n.directory = 'global'", far_directory="'global'"))
    return f"""WITH {_ASKED_KEYS}, named AS ({text.both(_NAMED)}
), nodes AS (
    SELECT directory, 'identifier' AS kind, id, identifier_type AS near_type, scope AS near_scope,
        normalized AS near_value, NULL AS near_directory, NULL::uuid AS near_id, 1.0::float8 AS confidence,
        superseded_at
    FROM named
    UNION ALL
    SELECT directory, 'participant', participant_id, identifier_type, scope, normalized, NULL, NULL,
        confidence, superseded_at
    FROM named
    UNION ALL
    SELECT directory, 'participant', id, NULL, NULL, NULL, directory, id, 1.0, NULL
    FROM unnest(%(directories)s::text[], %(ids)s::uuid[]) AS r(directory, id)
), edges AS ({" UNION ALL ".join(parts)}
)
SELECT e.near_type, e.near_scope, e.near_value, e.near_directory, e.near_id, e.confidence, e.relation,
    e.source, e.valid_from, e.valid_to, e.far_kind, e.far_id, e.far_directory,
    f.identifier_type, f.scope, f.normalized, f.confidence,
    least(e.valid_to, f.superseded_at)
FROM edges e LEFT JOIN LATERAL (
    SELECT * FROM ({text.both(_FAR)}) any_far ORDER BY identifier_type, scope, normalized LIMIT %(most)s
) f ON TRUE"""
