"""Each rule of the directory says one thing: over the API, in the admin's form, and to whoever calls the operation."""

import ast
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from django import forms
from django.contrib.messages import get_messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model
from django.test import Client

import directory
from config.foundation.errors import Refused
from config.foundation.rest.problems import faults_of_model
from config.foundation.rest.views import WritableResource
from directory.enums import ArtifactKind
from directory.models import (
    Capability,
    Endpoint,
    Participant,
    PrefixRule,
    RoutingArtifact,
)
from directory.operations import activate_artifact, delete_row, save_row
from directory.rest.resources import RESOURCES
from tests import cast
from tests.cast import ACTOR
from tests.directory.rest.bodies import RULE
from tests.directory.rest.calling import Api, problem_of

EARLY, LATE = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
REVERSED = {"valid_from": LATE, "valid_to": EARLY}
CARD = "4111111111111111"
KEY = "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----"
TABLES: dict[str, Any] = {
    one.plural.replace(" ", "-"): one for one in RESOURCES if issubclass(one, WritableResource)
}
UNREACHED = {
    "artifact_one_active": "only the activation writes the status, and retires the other version first",
}
UNREACHED_CODES = {
    "artifact_active": UNREACHED["artifact_one_active"],
    "confidence_out_of_range": "the column's own bounds say it first; the constraint is for other writers",
    "conflict": "said to whoever writes a whole row that was changed meanwhile: see test_write_races",
    "tenant_only": "said of the global directory, which no tenant writes",
}
World = SimpleNamespace
Told = set[tuple[str, str, str]]  # field, code, sentence


@dataclass(frozen=True)
class Breach:
    """What breaks a rule: a new row, or with ``stored`` a change of the row that has these values."""

    table: str
    values: Callable[[World], dict[str, Any]]
    codes: set[str]
    stored: Callable[[World], dict[str, Any] | None] | None = (
        None  # None for its values: the world's endpoint
    )
    has_twin: bool = False
    in_message: bool = field(default=False)  # the admin tells it above the page, where no code is shown


def _endpoint(w, **more):
    return {"participant": w.bank, "protocol": "as4", "address": "https://as4.example/new"} | more


def _credential(w, **more):
    return {"participant": w.bank, "credential_type": "sign", "vault_ref": "vault://a/b"} | more


def _edge(w, **more):
    return {
        "from_type": "participant", "from_id": w.bank.pk, "to_type": "participant", "to_id": w.other.pk,
        "relation": "same_as",
    } | more  # fmt: skip


def _artifact(**more):
    return {"kind": "bin_table", "name": "new"} | more


def _policy(**more):
    return {"name": "new", "rule_json": RULE, "effect": "deny"} | more


def _source(**more):
    return {"name": "new", "kind": "file", "settings": {"path": "x"}} | more


def _probe(**more):
    return {"name": "new", "request": {"identifiers": []}, "expected": {"directives": []}} | more


def _name(w, **more):
    return {"participant": w.bank, "identifier_type": "bic", "value": "BANKUS33"} | more


TOO_SURE = {"confidence": 7.0}
OF_CARD = {"identifiers": [{"type": "pan.bin", "value": CARD}]}
BREACHES: dict[str, Breach] = {
    # constraints, by their names
    "participant_confidence": Breach("participants", lambda w: {"name": "x"} | TOO_SURE, {"max_value"}),
    "identifier_confidence": Breach("identifiers", lambda w: _name(w, **TOO_SURE), {"max_value"}),
    "endpoint_confidence": Breach("endpoints", lambda w: _endpoint(w, **TOO_SURE), {"max_value"}),
    "capability_confidence": Breach(
        "capabilities", lambda w: {"participant": w.bank} | TOO_SURE, {"max_value"}
    ),
    "credential_confidence": Breach("credentials", lambda w: _credential(w, **TOO_SURE), {"max_value"}),
    "edge_confidence": Breach("edges", lambda w: _edge(w, **TOO_SURE), {"max_value"}),
    "participant_source_external_id": Breach(
        "participants",
        lambda w: {"name": "x", "source": "s", "external_id": "1"},
        {"duplicate"},
        has_twin=True,
    ),
    "identifier_once": Breach("identifiers", _name, {"duplicate"}, has_twin=True),
    "endpoint_once": Breach("endpoints", _endpoint, {"duplicate"}, has_twin=True),
    "edge_once": Breach("edges", _edge, {"duplicate"}, has_twin=True, in_message=True),
    "artifact_version_once": Breach("routing-artifacts", lambda w: _artifact(), {"duplicate"}, has_twin=True),
    "prefix_rule_once": Breach(
        "prefix-rules", lambda w: {"artifact": w.draft, "prefix": "41"}, {"duplicate"}, has_twin=True
    ),
    "policy.name": Breach("policies", lambda w: _policy(), {"duplicate"}, has_twin=True),
    "source.name": Breach("sources", lambda w: _source(), {"duplicate"}, has_twin=True),
    "probe.name": Breach("probes", lambda w: _probe(), {"duplicate"}, has_twin=True),
    "endpoint_window": Breach("endpoints", lambda w: _endpoint(w, **REVERSED), {"validity_reversed"}),
    "credential_window": Breach("credentials", lambda w: _credential(w, **REVERSED), {"validity_reversed"}),
    "edge_window": Breach("edges", lambda w: _edge(w, **REVERSED), {"validity_reversed"}),
    "artifact_window": Breach(
        "routing-artifacts",
        lambda w: _artifact(effective_from=LATE, effective_to=EARLY),
        {"validity_reversed"},
    ),
    "prefix_rule_window": Breach(
        "prefix-rules", lambda w: {"artifact": w.draft, "prefix": "41"} | REVERSED, {"validity_reversed"}
    ),
    "credential_refers": Breach("credentials", lambda w: _credential(w, vault_ref=""), {"credential_empty"}),
    "credential_no_private_key": Breach(
        "credentials", lambda w: _credential(w, certificate=KEY), {"private_key_refused"}
    ),
    "edge_no_loop": Breach("edges", lambda w: _edge(w, to_id=w.bank.pk), {"edge_to_itself"}),
    "prefix_rule_target_whole": Breach(
        "prefix-rules",
        lambda w: {"artifact": w.draft, "prefix": "41", "target_address": "https://a.example"},
        {"target_incomplete"},
    ),
    # what columns and rows ask for
    "country": Breach("participants", lambda w: {"name": "x", "country": "XX"}, {"country_unknown"}),
    "tags": Breach("participants", lambda w: {"name": "x", "tags": ["a", "a"]}, {"tags_invalid"}),
    "value": Breach("identifiers", lambda w: _name(w, value="nonsense!"), {"invalid"}),
    "card in an identifier": Breach(
        "identifiers", lambda w: _name(w, identifier_type="pan.bin", value=CARD), {"possible_card_number"}
    ),
    "another type for a sealed value": Breach(
        "identifiers",
        lambda w: {"identifier_type": "bic"},
        {"required"},
        stored=lambda w: _name(w, identifier_type="mid", value="MERCHANT-1"),
    ),
    "address": Breach("endpoints", lambda w: _endpoint(w, address="nonsense"), {"invalid"}),
    "quality of service": Breach("endpoints", lambda w: _endpoint(w, qos={"x": 1}), {"qos_invalid"}),
    "another participant for an endpoint in use": Breach(
        "endpoints",
        lambda w: {"participant": w.other},
        {"endpoint_of_another_participant"},
        stored=lambda w: None,
        in_message=True,
    ),
    "endpoint of a capability": Breach(
        "capabilities",
        lambda w: {"participant": w.other, "endpoint": w.endpoint},
        {"endpoint_of_another_participant"},
    ),
    "endpoint of a credential": Breach(
        "credentials",
        lambda w: _credential(w, participant=w.other, endpoint=w.endpoint),
        {"endpoint_of_another_participant"},
    ),
    "constraints of a capability": Breach(
        "capabilities",
        lambda w: {"participant": w.bank, "constraints_json": {"a": {}}},
        {"constraints_invalid"},
    ),
    "vault reference": Breach("credentials", lambda w: _credential(w, vault_ref="x"), {"vault_ref_invalid"}),
    "fingerprint": Breach("credentials", lambda w: _credential(w, fingerprint="x"), {"fingerprint_invalid"}),
    "certificate": Breach("credentials", lambda w: _credential(w, certificate="x"), {"certificate_invalid"}),
    "rule of a policy": Breach("policies", lambda w: _policy(rule_json={"when": {}}), {"rule_invalid"}),
    "ends of an edge": Breach("edges", lambda w: _edge(w, relation="has_endpoint"), {"edge_end_kind"}),
    "end of an edge": Breach("edges", lambda w: _edge(w, to_id=uuid4()), {"not_found"}),
    "payload": Breach(
        "routing-artifacts", lambda w: _artifact(kind="contract", payload={"x": 1}), {"payload_invalid"}
    ),
    "card in a payload": Breach(
        "routing-artifacts", lambda w: _artifact(payload=OF_CARD), {"possible_card_number"}
    ),
    "version": Breach("routing-artifacts", lambda w: _artifact(version=0), {"min_value"}),
    "prefix": Breach("prefix-rules", lambda w: {"artifact": w.draft, "prefix": "4a"}, {"prefix_invalid"}),
    "card in a prefix": Breach(
        "prefix-rules", lambda w: {"artifact": w.draft, "prefix": CARD[:15]}, {"possible_card_number"}
    ),
    "result": Breach(
        "prefix-rules",
        lambda w: {"artifact": w.draft, "prefix": "41", "result": {"x": 1}},
        {"result_invalid"},
    ),
    "target": Breach(
        "prefix-rules",
        lambda w: {"artifact": w.draft, "prefix": "41", "target_protocol": "https", "target_address": "x"},
        {"invalid"},
    ),
    "rule of a version in force": Breach(
        "prefix-rules", lambda w: {"artifact": w.active, "prefix": "41"}, {"artifact_not_draft"}
    ),
    "trust anchors": Breach("sources", lambda w: _source(trust_anchors=KEY), {"private_key_refused"}),
    "settings": Breach("sources", lambda w: _source(settings=["path"]), {"object_required"}),
    "request of a probe": Breach("probes", lambda w: _probe(request=["x"]), {"object_required"}),
    "time-out": Breach("sources", lambda w: _source(timeout_ms=60_001), {"max_value"}),
    "card in a probe": Breach("probes", lambda w: _probe(request=OF_CARD), {"possible_card_number"}),
}


@pytest.fixture
def world(acme):
    def made(row):
        return save_row(actor=ACTOR, row=row)

    with acme:
        bank, other = made(Participant(name="Bank")), made(Participant(name="Other"))
        endpoint = made(Endpoint(participant=bank, protocol="as4", address="https://as4.example/1"))
        made(Capability(participant=bank, endpoint=endpoint))
        draft = made(RoutingArtifact(kind=ArtifactKind.BIN_TABLE, name="draft"))
        active = made(RoutingArtifact(kind=ArtifactKind.BIN_TABLE, name="active"))
        made(PrefixRule(artifact=active, prefix="41", participant=other))
        activate_artifact(actor=ACTOR, artifact=active)
    return World(
        tenant=acme, bank=bank, other=other, endpoint=endpoint, draft=draft,
        active=RoutingArtifact(pk=active.pk, status="active"),
    )  # fmt: skip


@contextmanager
def undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def told_by_operation(tenant, model, values, stored) -> Told:
    with tenant:
        row = model.objects.get(pk=stored.pk) if stored else model()
        for name, value in values.items():
            setattr(row, name, value)
        with pytest.raises(ValidationError) as refused:
            save_row(actor=ACTOR, row=row)
    return told_of(model, refused.value)


def told_by_api(model, values, stored) -> Told:
    table = next(name for name, one in TABLES.items() if one.model is model)
    api = Api("acme", cast.make_token("acme", "directory.read", "directory.manage", may_write=True))
    path = f"directory/{table}" + (f"/{stored.display_id}" if stored else "")
    body = dict(shown(model, name, value, values) for name, value in values.items())
    answer = api.send("PATCH" if stored else "POST", path, body)
    names = {one.attname: one.name for one in model._meta.concrete_fields}
    return {
        (names.get(one["pointer"][2:], one["pointer"][2:]), one["code"], one["detail"])
        for one in problem_of(answer)["errors"]
    }


def told_by_admin(tenant, model, values, stored) -> Told:
    client = Client(headers={"Host": "localhost"})
    client.force_login(cast.user("acme_admin"))
    page = f"/t/{tenant.slug}/admin/directory/{model._meta.model_name}/"
    page += f"{stored.pk}/change/" if stored else "add/"
    shown_page = client.get(page)
    form = shown_page.context["adminform"].form
    data = {"_reason": ""}
    for formset in shown_page.context["inline_admin_formsets"]:
        data |= {f"{formset.formset.prefix}-{name}_FORMS": "0" for name in ("TOTAL", "INITIAL")}
    for name, asked in form.fields.items():
        data |= typed(name, asked, values.get(name, form.get_initial_for_field(asked, name)))
    answer = client.post(page, data)
    if answer.status_code == 302:
        return {("", "", str(one)) for one in get_messages(answer.wsgi_request)}
    return told_of(model, ValidationError(answer.context["adminform"].form.errors.as_data()))


def typed(name: str, asked: forms.Field, value: Any) -> dict[str, str]:
    """Return what a browser sends for a field of the form that holds a value."""
    if isinstance(asked, forms.SplitDateTimeField):
        return {
            f"{name}_0": f"{value:%Y-%m-%d}" if value else "",
            f"{name}_1": f"{value:%H:%M:%S}" if value else "",
        }
    if isinstance(asked, forms.BooleanField):
        return {name: "on"} if value else {}
    if isinstance(asked, forms.JSONField):
        return {name: json.dumps(value) if value != "" else ""}
    if isinstance(value, list):
        return {name: ",".join(value)}
    if isinstance(value, Model):
        return {name: str(value.pk)}
    return {name: "" if value is None else str(value)}


def shown(model, name: str, value: Any, values: dict[str, Any]) -> tuple[str, Any]:
    """Return key and value as a body holds them."""
    if isinstance(value, Model):
        target: Any = model._meta.get_field(name).related_model
        return f"{name}_id", target(pk=value.pk).display_id
    if isinstance(value, datetime):
        return name, value.isoformat()
    if isinstance(value, UUID):
        return name, Participant(pk=value).display_id
    return name, value


def told_of(model, error: ValidationError) -> Told:
    return {(one.place["pointer"][2:], one.code, one.detail) for one in faults_of_model(error)}


@pytest.mark.parametrize("name", BREACHES)
def test_a_rule_says_the_same_wherever_it_is_broken(name, world):
    breach = BREACHES[name]
    model, values = TABLES[breach.table].model, breach.values(world)
    stored = None
    with world.tenant:
        if breach.has_twin:
            save_row(actor=ACTOR, row=model(**values))
        if breach.stored:
            columns = breach.stored(world)
            stored = save_row(actor=ACTOR, row=model(**columns)) if columns else world.endpoint
    with undone():
        by_operation = told_by_operation(world.tenant, model, values, stored)
    with undone():
        by_api = told_by_api(model, values, stored)
    with undone():
        by_admin = told_by_admin(world.tenant, model, values, stored)
    assert {code for _, code, _ in by_operation} == breach.codes
    assert by_api == by_operation
    if breach.in_message:
        assert {sentence for *_, sentence in by_admin} == {sentence for *_, sentence in by_operation}
    else:
        assert by_admin == by_operation


def test_each_constraint_and_each_unique_column_has_a_line():
    names = set()
    for resource in TABLES.values():
        meta = resource.model._meta
        names |= {constraint.name for constraint in meta.constraints}
        names |= {
            f"{meta.model_name}.{one.name}"
            for one in meta.concrete_fields
            if one.unique and not one.primary_key
        }
    assert names == {name for name in BREACHES if name in names} | UNREACHED.keys()


def test_each_code_that_rules_of_the_directory_name_has_a_line():
    root = Path(directory.__path__[0])
    sources = [*root.glob("validators/*.py"), *root.glob("models/*.py"), *root.glob("operations/*.py")]
    named = {
        keyword.value.value
        for source in sources
        for node in ast.walk(ast.parse(source.read_text()))
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg in ("code", "violation_error_code") and isinstance(keyword.value, ast.Constant)
    }
    covered = {code for breach in BREACHES.values() for code in breach.codes}
    assert named - covered == UNREACHED_CODES.keys()


REFUSALS: dict[str, tuple[str, str, Callable[[World], Any]]] = {
    "in use": ("DELETE", "in_use", lambda w: w.other),
    "deleted in force": ("DELETE", "artifact_not_draft", lambda w: w.active),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_says_the_same_over_the_api_and_to_who_calls_the_operation(name, world):
    method, code, row_of = REFUSALS[name]
    row = row_of(world)
    with undone(), world.tenant, pytest.raises(Refused) as refused:
        delete_row(actor=ACTOR, row=row)
    table = next(one for one, resource in TABLES.items() if resource.model is type(row))
    api = Api("acme", cast.make_token("acme", "directory.read", "directory.manage", may_write=True))
    problem = problem_of(api.send(method, f"directory/{table}/{row.display_id}"))
    assert (problem["code"], problem["detail"]) == (refused.value.code, refused.value.detail)
    assert refused.value.code == code
