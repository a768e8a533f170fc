"""What a secret may still do that was replaced and is in its overlap: work until that ends, and take over nothing."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import F
from django.test import Client

from customers.identity.models import ApiToken
from customers.identity.tokens import find_token
from tests.customers.rest.test_tokens import BODY, MINE, Person, rotate, row_of, token_for
from tests.directory.rest.calling import Api, problem_of


def program(text):
    return Api("", text, Client(HTTP_HOST="localhost", raise_request_exception=False))


@pytest.fixture
def replaced(acme_admin, acme):
    """Return an earlier secret, the one that took its place a day before it ends, and the token."""
    earlier = token_for(acme_admin, acme, may_write=True)
    newer = rotate(program(earlier), {"id": row_of(earlier).display_id}).json()["token"]
    return earlier, newer, row_of(earlier)


def test_a_secret_in_its_overlap_takes_the_token_from_nobody(replaced):
    earlier, newer, token = replaced
    address = f"{MINE}/{token.display_id}"
    assert Api("acme", earlier).get("directory/participants").status_code == 200
    for method, rest, body in (
        ("POST", "/rotate", {"overlap_hours": 0}),
        ("PATCH", "", {"is_enabled": False}),
        ("PATCH", "", {"allowed_networks": ["192.0.2.0/24"]}),
        ("DELETE", "", None),
    ):
        refused = problem_of(program(earlier).send(method, f"{address}{rest}", body))
        assert (refused["code"], refused["exceeds"]) == ("beyond_own_token", ["expires_at"]), (method, rest)
    assert find_token(newer, datetime.now(UTC)) == token
    assert rotate(program(newer), {"id": token.display_id}, {"overlap_hours": 0}).status_code == 200


def test_a_secret_in_its_overlap_makes_no_token_that_outlives_it(replaced, acme):
    earlier, newer, token = replaced
    body = BODY | {"tenant_id": acme.display_id}
    end = ApiToken.objects.get(pk=token.pk).previous_until
    assert end is not None
    outliving = body | {"expires_at": (end + timedelta(seconds=1)).isoformat()}
    assert problem_of(program(earlier).send("POST", MINE, outliving))["exceeds"] == ["expires_at"]
    within = body | {"expires_at": (end - timedelta(seconds=1)).isoformat()}
    assert program(earlier).send("POST", MINE, within).status_code == 201
    assert program(newer).send("POST", MINE, outliving).status_code == 201


def test_the_end_of_a_token_that_comes_before_that_of_the_overlap_stays_its_end(replaced, acme):
    earlier, _newer, token = replaced
    ApiToken.objects.filter(pk=token.pk).update(previous_until=F("expires_at") + timedelta(hours=1))
    end = ApiToken.objects.get(pk=token.pk).expires_at
    body = BODY | {"tenant_id": acme.display_id, "expires_at": (end + timedelta(seconds=1)).isoformat()}
    assert problem_of(program(earlier).send("POST", MINE, body))["exceeds"] == ["expires_at"]


def test_the_person_rotates_a_token_whose_new_secret_was_lost(replaced, acme_admin):
    _earlier, newer, token = replaced
    assert rotate(Person(acme_admin), {"id": token.display_id}).status_code == 200
    assert find_token(newer, datetime.now(UTC)) == token
