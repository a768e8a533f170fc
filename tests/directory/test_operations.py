import pytest
from django.core.exceptions import ValidationError

from config.foundation.actor import Actor
from config.foundation.rows import public_schema
from directory.models import Capability, Credential, Endpoint, Identifier, Participant, RoutingArtifact
from directory.operations import activate_artifact, delete_row, save_row

ACTOR = Actor.system("test")


@pytest.fixture(autouse=True)
def global_directory(db):
    with public_schema():
        yield


@pytest.fixture
def alpha():
    return save_row(actor=ACTOR, row=Participant(name="Alpha", country="SE"))


def versions():
    rows = RoutingArtifact.objects.order_by("version")
    return [(row.version, row.status) for row in rows]


def draft(version):
    return save_row(actor=ACTOR, row=RoutingArtifact(kind="bin_table", name="cards", version=version))


def test_a_saved_row_is_validated_normalized_and_returned(alpha):
    row = save_row(actor=ACTOR, row=Identifier(participant=alpha, identifier_type="bic", value="ndeasess"))
    assert (row.normalized, row.tier, row.row_version) == ("NDEASESSXXX", 0, 1)


def test_a_row_that_the_rules_refuse_is_not_saved(alpha):
    with pytest.raises(ValidationError) as refusal:
        save_row(
            actor=ACTOR, row=Endpoint(participant=alpha, protocol="as4", address="http://plain.example/")
        )
    assert set(refusal.value.message_dict) == {"address"}
    assert not Endpoint.objects.exists()


def test_an_equal_save_keeps_the_version(alpha):
    assert save_row(actor=ACTOR, row=alpha).row_version == 1
    alpha.name = "Alpha Bank"
    assert save_row(actor=ACTOR, row=alpha).row_version == 2


def test_a_deleted_participant_takes_its_identifiers_along(alpha):
    save_row(actor=ACTOR, row=Identifier(participant=alpha, identifier_type="bic", value="NDEASESS"))
    delete_row(actor=ACTOR, row=alpha)
    assert not Identifier.objects.exists()


def test_activating_a_version_retires_the_one_in_force_and_activating_that_again_undoes_it():
    first, second = draft(1), draft(2)
    activate_artifact(actor=ACTOR, artifact=first)
    activate_artifact(actor=ACTOR, artifact=second)
    assert versions() == [(1, "retired"), (2, "active")]
    activate_artifact(actor=ACTOR, artifact=first)
    assert versions() == [(1, "active"), (2, "retired")]


def test_activating_the_version_in_force_changes_nothing():
    first = activate_artifact(actor=ACTOR, artifact=draft(1))
    assert activate_artifact(actor=ACTOR, artifact=first).row_version == first.row_version


def test_activating_leaves_tables_of_another_name_alone():
    activate_artifact(actor=ACTOR, artifact=draft(1))
    other = save_row(actor=ACTOR, row=RoutingArtifact(kind="bin_table", name="debit"))
    activate_artifact(actor=ACTOR, artifact=other)
    assert RoutingArtifact.objects.filter(status="active").count() == 2


def test_an_operation_without_an_actor_is_refused():
    with pytest.raises(TypeError, match="actor"):
        save_row(actor=None, row=Participant(name="Nobody"))  # type: ignore[arg-type] # on purpose


def test_a_participant_goes_with_all_that_is_its_own_whatever_is_bound_to_its_endpoints(acme):
    with acme:
        participant = save_row(actor=ACTOR, row=Participant(name="Bank"))
        endpoint = save_row(
            actor=ACTOR,
            row=Endpoint(participant=participant, protocol="as4", address="https://as4.example/x"),
        )
        for row in (
            Credential(
                participant=participant, endpoint=endpoint, credential_type="sign", vault_ref="vault://a/b"
            ),
            Capability(participant=participant, endpoint=endpoint, service="iso20022.fi"),
        ):
            save_row(actor=ACTOR, row=row)
        delete_row(actor=ACTOR, row=participant)
        assert not any(model.objects.exists() for model in (Participant, Endpoint, Credential, Capability))
