"""Consents and the texts that they are to."""

import hashlib
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction

from audit.enums import ConsentAction, SubjectKind
from audit.models import AuditEvent, Consent, PrivateValue
from audit.operations import consent_text, current_consent, latest_text, record_consent
from audit.operations.texts import TEXTS, text_faults
from config.foundation.actor import Actor
from config.foundation.errors import Refused
from tests.roles import as_owner
from tests.sealing import seal

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ANN = uuid.UUID(int=5)


def consent(action=ConsentAction.GIVEN, version=2, days=0, **more):
    return record_consent(
        actor=Actor.user(ANN),
        now=NOW + timedelta(days=days),
        subject_kind=SubjectKind.USER,
        subject_id=ANN,
        purpose="terms",
        text_version=version,
        action=action,
        **more,
    )


def now_holds():
    return current_consent(subject_kind=SubjectKind.USER, subject_id=ANN, purpose="terms")


def test_what_was_given_to_the_latest_text_holds(acme):
    with acme:
        given = consent()
        held = now_holds()
    assert (held.consent, held.is_given, held.is_current) == (given, True, True)
    assert given.text_digest == hashlib.sha256((TEXTS / "terms/2.md").read_bytes()).hexdigest()
    assert given.by == f"user:{ANN}"


def test_what_was_given_to_an_older_text_is_given_but_not_current(acme):
    with acme:
        consent(version=1)
        assert (now_holds().is_given, now_holds().is_current) == (True, False)


@pytest.mark.parametrize("action", [ConsentAction.WITHDRAWN, ConsentAction.EXPIRED])
def test_what_was_withdrawn_or_ran_out_holds_no_longer_and_can_be_given_again(acme, action):
    with acme:
        consent()
        consent(action, days=1)
        assert (now_holds().is_given, now_holds().is_current) == (False, False)
        consent(days=2)
        assert now_holds().is_current
        assert [row.is_latest for row in Consent.objects.with_latest().order_by("at")] == [False, False, True]


def test_a_consent_belongs_to_the_tenant_it_was_given_in(acme, globex):
    with acme:
        consent()
    with globex:
        assert now_holds() is None


def test_a_consent_is_chained_and_its_evidence_is_no_part_of_the_chain(acme):
    with acme:
        row = consent(evidence={"address": "192.0.2.7"})
        seal()
        event = AuditEvent.objects.get(resource="audit.consent", resource_id=str(row.pk))
        assert event.action == "consent"
        assert "192.0.2.7" not in event.record
        assert PrivateValue.objects.get(resource_id=str(row.pk)).value == {"address": "192.0.2.7"}


@pytest.mark.parametrize("change", ["UPDATE audit_consent SET action = 'given'", "DELETE FROM audit_consent"])
def test_a_consent_is_never_changed_by_anybody(acme, change):
    with acme:
        consent(ConsentAction.WITHDRAWN)
        with pytest.raises(DatabaseError, match="permission denied"):
            run(change)
        with as_owner(), pytest.raises(DatabaseError, match="withdrawn by a new row"):
            run(change)


def run(statement):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_an_unknown_text_is_refused(acme):
    for purpose, version in (("terms", 99), ("nothing", 1), ("../terms", 1)):
        with pytest.raises(Refused) as refusal:
            consent_text(purpose, version)
        assert refusal.value.code == "unknown_consent_text"
    with acme, pytest.raises(Refused):
        consent(version=99)


def test_an_action_out_of_the_list_is_refused(acme):
    with acme, pytest.raises(ValidationError):
        consent("maybe")


def test_the_latest_version_is_known():
    assert latest_text("terms").version == 2
    assert latest_text("contact").version == 1


def test_no_published_text_was_altered():
    assert text_faults() == []


def test_an_altered_a_removed_and_an_unpublished_text_are_found(tmp_path):
    folder = tmp_path / "terms"
    folder.mkdir()
    digest = hashlib.sha256(b"one").hexdigest()
    (tmp_path / "published.sha256").write_text(f"{digest}  terms/1.md\n{digest}  terms/2.md\n")
    (folder / "1.md").write_bytes(b"other")
    (folder / "3.md").write_bytes(b"one")
    assert len(text_faults(tmp_path)) == 3
    with pytest.raises(Refused) as refusal:
        latest_text("terms", folder=tmp_path)
    assert refusal.value.code == "text_changed"
