"""What the forms of the directory take, refuse, and never show again."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.db import connection

from directory.models import Credential, Identifier, Participant, Policy, Source
from directory.operations import change_row, save_row
from tests.directory.admin.conftest import ACTOR, MERCHANT, Screen
from tests.sealing import seal

CARD = "4111111111111111"
Party = Callable[..., Participant]


def identifier_values(party: Participant, **changes: Any) -> dict[str, Any]:
    values = {
        "participant": str(party.pk), "identifier_type": "bic", "value": "DEUTDEFF", "scope": "", "priority": "0",
        "source": "internal", "external_id": "", "verified_at_0": "", "verified_at_1": "", "confidence": "1",
    }  # fmt: skip
    return values | changes


def credential_values(party: Participant, **changes: Any) -> dict[str, Any]:
    values = {
        "participant": str(party.pk), "endpoint": "", "credential_type": "tls", "vault_ref": "", "fingerprint": "",
        "certificate": "", "valid_from_0": "", "valid_from_1": "", "valid_to_0": "", "valid_to_1": "",
        "source": "internal", "external_id": "", "verified_at_0": "", "verified_at_1": "", "confidence": "1",
    }  # fmt: skip
    return values | changes


def one(acme: Any, model: Any, **only: Any) -> Any:
    with acme:
        return model.objects.get(**only)


def test_an_identifier_is_normalized_and_the_chain_names_who_added_it(
    screen: Screen, acme: Any, acme_admin: Any, make_party: Party
) -> None:
    party = make_party()
    answer = screen.submit("directory/identifier/add/", identifier_values(party, _reason="new bank"))
    assert answer.status_code == 302
    row = one(acme, Identifier, normalized="DEUTDEFFXXX")
    seal()
    with acme, connection.cursor() as cursor:
        cursor.execute("SELECT actor, reason FROM audit_event WHERE resource_id = %s", [str(row.pk)])
        assert cursor.fetchall() == [(f"user:{acme_admin.pk}", "new bank")]


@pytest.mark.parametrize("field", ["value", "scope"])
def test_a_card_number_is_refused_and_never_shown_again(
    field: str, screen: Screen, make_party: Party
) -> None:
    values = identifier_values(make_party(), identifier_type="pan.bin", value="411111") | {field: CARD}
    answer = screen.submit("directory/identifier/add/", values)
    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors
    assert CARD not in answer.content.decode()


def test_a_card_number_under_an_unknown_type_is_not_shown_again(screen: Screen, make_party: Party) -> None:
    values = identifier_values(make_party(), identifier_type=CARD, value=CARD)
    answer = screen.submit("directory/identifier/add/", values)
    assert answer.status_code == 200
    assert CARD not in answer.content.decode()


def test_a_card_number_in_the_inline_of_a_participant_is_not_shown_again(
    screen: Screen, make_party: Party
) -> None:
    party = make_party()
    values = {
        "name": party.name, "kind": "organization", "country": "US", "tags": "", "notes": "", "source": "internal",
        "external_id": "", "verified_at_0": "", "verified_at_1": "", "confidence": "1",
        "identifiers-0-participant": str(party.pk), "identifiers-0-id": "", "identifiers-0-identifier_type": "pan.bin",
        "identifiers-0-value": CARD, "identifiers-0-scope": "", "identifiers-0-priority": "0",
    }  # fmt: skip
    for prefix in ("identifiers", "endpoints", "capabilities", "credentials"):
        values |= {
            f"{prefix}-TOTAL_FORMS": "1" if prefix == "identifiers" else "0",
            f"{prefix}-INITIAL_FORMS": "0",
        }
    answer = screen.submit(f"directory/participant/{party.pk}/change/", values)
    assert answer.status_code == 200
    assert "possible" in str(answer.context["errors"]).lower() or answer.context["errors"]
    assert CARD not in answer.content.decode()


def test_the_same_identifier_twice_is_said_in_the_form(screen: Screen, make_party: Party) -> None:
    values = identifier_values(make_party(), value="BANKUS33")
    answer = screen.submit("directory/identifier/add/", values)
    assert answer.status_code == 200
    assert "The participant has this identifier already." in answer.content.decode()


def test_a_confidential_value_left_empty_is_kept(screen: Screen, acme: Any, make_party: Party) -> None:
    party = make_party()
    row = one(acme, Identifier, identifier_type="mid")
    values = identifier_values(party, identifier_type="mid", scope=row.scope, value="", priority="5")
    answer = screen.submit(f"directory/identifier/{row.pk}/change/", values)
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    changed = one(acme, Identifier, pk=row.pk)
    assert (changed.value, changed.normalized, changed.priority) == (row.value, row.normalized, 5)


def test_a_confidential_value_is_not_told_by_the_rules_of_another_type(
    screen: Screen, acme: Any, make_party: Party
) -> None:
    party = make_party()
    row = one(acme, Identifier, identifier_type="mid")
    path = f"directory/identifier/{row.pk}/change/"
    for changes in ({"identifier_type": "bic"}, {"scope": "nonsense!"}):
        answer = screen.submit(
            path, identifier_values(party, identifier_type="mid", value="", scope=row.scope) | changes
        )
        assert answer.status_code == 200
        assert MERCHANT not in answer.content.decode()
        assert "Write the value again" in answer.content.decode()


def test_a_confidential_value_is_written_anew_and_not_shown_when_the_form_comes_back(
    screen: Screen, acme: Any, make_party: Party
) -> None:
    party = make_party()
    row = one(acme, Identifier, identifier_type="mid")
    path = f"directory/identifier/{row.pk}/change/"
    values = identifier_values(party, identifier_type="mid", scope=row.scope, value="MERCHANT-0099")
    refused = screen.submit(path, values | {"confidence": "7"})
    assert refused.status_code == 200
    assert "MERCHANT-0099" not in refused.content.decode()
    assert screen.submit(path, values).status_code == 302
    assert one(acme, Identifier, pk=row.pk).normalized != row.normalized


@pytest.mark.parametrize("change", [{"identifier_type": "tid"}, {"value": "enc1.1.AAAA"}])
def test_a_sealed_value_is_not_kept_under_another_type_nor_typed_in(
    change: dict[str, str], screen: Screen, acme: Any, make_party: Party
) -> None:
    party = make_party()
    row = one(acme, Identifier, identifier_type="mid")
    values = identifier_values(party, identifier_type="mid", scope=row.scope, value="") | change
    answer = screen.submit(f"directory/identifier/{row.pk}/change/", values)
    assert answer.status_code == 200
    assert "value" in answer.context["adminform"].form.errors


@pytest.mark.parametrize("field", ["certificate", "vault_ref"])
def test_a_private_key_is_refused_and_never_shown_again(
    field: str, screen: Screen, make_party: Party
) -> None:
    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    secret = pem.decode().splitlines()[1]
    values = credential_values(make_party(), **{field: pem.decode()})
    answer = screen.submit("directory/credential/add/", values)
    assert answer.status_code == 200
    assert field in answer.context["adminform"].form.errors
    assert secret not in answer.content.decode()


def test_a_vault_reference_left_empty_is_kept(screen: Screen, acme: Any, make_party: Party) -> None:
    party = make_party()
    row = one(acme, Credential)
    values = credential_values(party, credential_type="encrypt")
    assert screen.submit(f"directory/credential/{row.pk}/change/", values).status_code == 302
    changed = one(acme, Credential)
    assert (changed.credential_type, changed.vault_ref) == ("encrypt", "vault://certs/bankus/key")


def test_settings_of_a_source_are_kept_when_left_empty_and_replaced_when_written(
    screen: Screen, acme: Any
) -> None:
    values = {
        "name": "api", "kind": "file", "settings": '{"password": "hunter2"}', "trust_anchors": "", "ttl_s": "1",
        "jitter_s": "0", "negative_ttl_s": "1", "max_stale_s": "1", "timeout_ms": "1", "retries": "1",
        "breaker_threshold": "1", "breaker_cool_down_s": "1", "failure_mode": "cached_only", "enabled": "on",
    }  # fmt: skip
    assert screen.submit("directory/source/add/", values).status_code == 302
    path = f"directory/source/{one(acme, Source, name='api').pk}/change/"
    assert screen.submit(path, values | {"settings": "", "ttl_s": "2"}).status_code == 302
    assert one(acme, Source, name="api").settings == {"password": "hunter2"}
    assert screen.submit(path, values | {"settings": "{}"}).status_code == 302
    assert one(acme, Source, name="api").settings == {}


def test_a_wrong_rule_is_explained_in_its_field(screen: Screen, acme: Any) -> None:
    rule = {"when": {"attr": "time.hour", "op": "roughly", "value": 3}}
    values = {"name": "night", "effect": "deny", "priority": "0", "reason": "", "rule_json": json.dumps(rule)}
    answer = screen.submit("directory/policy/add/", values)
    assert "roughly" in str(answer.context["adminform"].form.errors["rule_json"])
    rule["when"]["op"] = "gte"
    assert screen.submit("directory/policy/add/", values | {"rule_json": json.dumps(rule)}).status_code == 302
    assert one(acme, Policy, name="night").rule_json == rule


def test_a_form_that_changes_nothing_leaves_the_microseconds_of_a_moment(
    screen: Screen, acme: Any, make_party: Party
) -> None:
    moment = datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)
    party = make_party()
    with acme:
        row = save_row(
            actor=ACTOR,
            row=Identifier(participant=party, identifier_type="bic", value="DEUTDEFF", verified_at=moment),
        )
    shown = {"verified_at_0": "2026-03-01", "verified_at_1": "12:30:15"}
    path = f"directory/identifier/{row.pk}/change/"
    assert screen.submit(path, identifier_values(party, **shown)).status_code == 302
    assert (one(acme, Identifier, pk=row.pk).verified_at, one(acme, Identifier, pk=row.pk).row_version) == (
        moment,
        1,
    )
    changed = identifier_values(party, **shown | {"verified_at_1": "12:30:16"})
    assert screen.submit(path, changed).status_code == 302
    assert one(acme, Identifier, pk=row.pk).verified_at == datetime(2026, 3, 1, 12, 30, 16, tzinfo=UTC)


def test_a_form_that_was_opened_before_somebody_else_changed_the_row_writes_nothing_over(
    screen: Screen, acme: Any, make_party: Party
) -> None:
    party = make_party()
    with acme:
        row = save_row(
            actor=ACTOR, row=Identifier(participant=party, identifier_type="bic", value="DEUTDEFF")
        )
    path = f"directory/identifier/{row.pk}/change/"
    version = re.compile(r'name="_row_version"\s+value="(\d+)"')
    (seen,) = version.findall(screen.open(path).content.decode())
    with acme:
        change_row(actor=ACTOR, model=Identifier, row_id=row.pk, changes={"priority": 5})
    late = screen.submit(path, identifier_values(party, _row_version=seen, _reason="late", confidence="0.5"))
    text = late.content.decode()
    assert "Somebody else changed this after you opened it." in text
    assert version.findall(text) == [seen]
    assert 'value="late"' in text
    kept = one(acme, Identifier, pk=row.pk)
    assert (kept.priority, kept.confidence, kept.row_version) == (5, 1, 2)
    again = identifier_values(party, _row_version="2", priority="5", confidence="0.5")
    assert screen.submit(path, again).status_code == 302
    assert one(acme, Identifier, pk=row.pk).row_version == 3
