"""The API's callers, and directories to read."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from directory.enums import ArtifactKind, ArtifactStatus, NodeType
from directory.models import (
    Capability,
    Credential,
    Edge,
    Endpoint,
    Identifier,
    Participant,
    Policy,
    PrefixRule,
    Probe,
    RoutingArtifact,
    Source,
    SourceRun,
)
from directory.resolution.cache import AnswerCache
from directory.rest import resolve
from tests.directory.rest.calling import Api

READ = ("directory.read", "directory.resolve")
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def no_answers_of_other_tests(monkeypatch):
    """Begin with nothing kept: a rolled-back test leaves answers to versions that come again."""
    monkeypatch.setattr(resolve, "ANSWERS", AnswerCache())


@pytest.fixture
def acme_api(make_api):
    return make_api("acme", *READ)


@pytest.fixture
def globex_api(make_api):
    return make_api("globex", *READ)


@dataclass
class FullDirectory:
    """A tenant with three rows in each table."""

    tenant: Any
    participants: list[Participant]


def saved(row):
    row.full_clean()
    row.save()
    return row


@pytest.fixture
def full_directory(acme):
    with acme:
        participants = [fill(number) for number in range(3)]
    return FullDirectory(acme, participants)


def fill(number):
    participant = saved(Participant(name=f"Bank {number}"))
    address = f"https://as4.example/{number}"
    endpoint = saved(Endpoint(participant=participant, protocol="as4", address=address))
    saved(Identifier(participant=participant, identifier_type="bic", value=f"BANKUS{30 + number}"))
    saved(Capability(participant=participant, endpoint=endpoint, service="iso20022.fi"))
    saved(
        Credential(
            participant=participant, endpoint=endpoint, credential_type="sign", vault_ref="vault://a/b"
        )
    )
    rule = {"when": {"attr": "endpoint.protocol", "op": "eq", "value": "ss7"}}
    saved(Policy(name=f"policy {number}", rule_json=rule, effect="deny"))
    edge = Edge(
        from_type=NodeType.PARTICIPANT, from_id=participant.pk, to_type=NodeType.ENDPOINT, to_id=endpoint.pk
    )
    edge.relation = "has_endpoint"
    saved(edge)
    artifact = saved(RoutingArtifact(kind=ArtifactKind.BIN_TABLE, name=f"table {number}"))
    saved(PrefixRule(artifact=artifact, prefix=f"41111{number}", participant=participant))
    artifact.status = ArtifactStatus.ACTIVE
    saved(artifact)
    source = saved(Source(name=f"source {number}", kind="file"))
    saved(SourceRun(source=source, started_at=NOW))
    saved(Probe(name=f"probe {number}", request={"identifiers": []}, expected={"directives": []}))
    return participant


@pytest.fixture
def three_participants(acme):
    with acme:
        saved(Participant(name="Alpha Bank", country="SE", tags=["a", "b"], verified_at=NOW))
        saved(Participant(name="Beta Node", kind="node", tags=["a"]))
        saved(Participant(name="Gamma Range", kind="range", confidence=0.25))


@pytest.fixture
def confidential_identifier(acme):
    with acme:
        participant = saved(Participant(name="Shop"))
        return saved(Identifier(participant=participant, identifier_type="mid", value="MERCHANT0000001"))


@dataclass
class Bank:
    """The bank of the golden vector, in the schema of a tenant."""

    schema: str


@pytest.fixture
def bank(acme):
    with acme:
        participant = saved(Participant(name="Bank US"))
        saved(
            Identifier(
                participant=participant, identifier_type="as4.partyId", value="BANKUS33XXX", scope="BIC"
            )
        )
        endpoint = Endpoint(participant=participant, protocol="as4", address="https://as4.bankus.com/fi")
        endpoint.profile = "as4.fifi.iso20022.v1"
        saved(endpoint)
        saved(Capability(participant=participant, service="iso20022.fi", action="credit.transfer"))
        for kind in ("sign", "encrypt"):
            reference = "vault://certs/bankus/iso20022"
            saved(Credential(participant=participant, credential_type=kind, vault_ref=reference))
    return Bank(acme.schema_name)


@pytest.fixture
def anonymous_api(db):
    return Api("acme")
