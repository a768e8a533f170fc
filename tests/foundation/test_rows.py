from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from config.foundation.rows import NoSchemaSelectedError, WrongSchemaError, public_schema, selected_schema
from directory.models import Identifier, Participant


def make(name="Alpha Bank"):
    participant = Participant(name=name)
    participant.full_clean()
    participant.save()
    return participant


def test_a_query_without_a_selected_schema_is_refused(db):
    with pytest.raises(NoSchemaSelectedError):
        Participant.objects.count()


def test_a_queryset_made_before_any_selection_is_run_where_it_is_evaluated(acme, globex):
    everybody = Participant.objects.all()
    with acme:
        make()
        assert everybody.count() == 1
    with globex:
        assert everybody.all().count() == 0
    with pytest.raises(NoSchemaSelectedError):
        list(everybody)


@pytest.mark.parametrize(
    "run",
    [
        list,
        len,
        lambda rows: rows.count(),
        lambda rows: rows.exists(),
        lambda rows: rows.filter(name="x").first(),
        lambda rows: rows.update(name="x"),
        lambda rows: rows.delete(),
        lambda rows: list(rows.values_list("name")),
        lambda rows: list(rows.iterator()),
    ],
)
def test_a_queryset_of_one_tenant_is_not_run_in_another(acme, globex, run):
    with acme:
        rows = Participant.objects.all()
    with globex, pytest.raises(WrongSchemaError):
        run(rows)


def test_a_row_of_one_tenant_is_neither_saved_nor_deleted_in_another(acme, globex):
    with acme:
        made = make()
        read = Participant.objects.get()
    with globex:
        for row in (made, read):
            row.name = "Stolen"
            with pytest.raises(WrongSchemaError):
                row.save()
            with pytest.raises(WrongSchemaError):
                row.delete()
        assert Participant.objects.count() == 0


def test_related_rows_of_another_tenant_are_not_read(acme, globex):
    with acme:
        made = make()
    with globex, pytest.raises(WrongSchemaError):
        list(made.identifiers.all())


def test_a_tenants_rows_are_not_in_the_global_directory(acme):
    with acme:
        make()
    with public_schema():
        assert not Participant.objects.filter(name="Alpha Bank").exists()


def test_nested_selections_return_to_the_outer_one(acme, globex):
    with acme:
        with globex:
            assert selected_schema("default") == globex.schema_name
        assert selected_schema("default") == acme.schema_name
        with pytest.raises(ZeroDivisionError), globex:
            raise ZeroDivisionError
        assert selected_schema("default") == acme.schema_name
    with pytest.raises(NoSchemaSelectedError):
        selected_schema("default")


def test_selections_of_threads_do_not_mix(acme, globex):
    """django-tenants keeps the earlier tenants of all threads in one list of the class."""

    def select(tenant):
        for _ in range(300):
            with tenant:
                if selected_schema("default") != tenant.schema_name:
                    return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(select, [acme, globex, acme, globex]))


def test_a_saved_row_knows_what_the_trigger_stamped(acme):
    with acme:
        participant = make()
        assert participant.row_version == 1
        participant.name = "Beta Bank"
        participant.save()
        assert participant.row_version == 2
        participant.save()
        assert participant.row_version == 2, "an equal write is no change"


def test_raw_sql_moves_the_version_too(acme):
    with acme:
        participant = make()
        with connection.cursor() as cursor:
            cursor.execute("UPDATE directory_participant SET notes = 'seen'")
        participant.refresh_from_db()
        assert participant.row_version == 2


def test_a_confidential_identifier_stands_nowhere_in_clear(acme):
    with acme:
        identifier = Identifier(participant=make(), identifier_type="mid", value="MERCHANT-77")
        identifier.full_clean()
        identifier.save()
        stored = Identifier.objects.values_list("value", "normalized").get()
        identifier.full_clean()
        identifier.save()
        assert Identifier.objects.values_list("value", "normalized").get() == stored, "sealed once"
    assert not any("MERCHANT" in text for text in stored)


def test_a_text_that_only_looks_sealed_is_refused_and_the_rows_own_is_kept(acme):
    with acme:
        identifier = Identifier(participant=make(), identifier_type="mid", value="MERCHANT-77")
        identifier.full_clean()
        identifier.save()
        stored = identifier.value
        for row in (identifier, Identifier.objects.get(), Identifier.objects.only("id").get()):
            row.refresh_from_db()
            row.full_clean()
            assert row.value == stored
            row.value = "enc1.1.Zm9yZ2Vk"
            row.refresh_from_db(None, ["priority"])
            with pytest.raises(ValidationError) as refusal:
                row.full_clean()
            assert [error.code for error in refusal.value.error_dict["value"]] == ["invalid"]
