"""Who the API takes a request to come from; asked of a view that only says who called."""

import hmac
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import F
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from config.foundation.actor import Actor
from customers.identity.enums import UserStatus
from customers.identity.models import ApiToken
from customers.identity.operations import create_token
from customers.identity.rest.authentication import ApiTokenAuthentication, BrowserSessionAuthentication
from customers.identity.tokens import new_text, parse_text

ACTOR = Actor.system("tests")
NOW = datetime.now(UTC)


class WhoCalls(APIView):
    authentication_classes = (ApiTokenAuthentication, BrowserSessionAuthentication)
    permission_classes = ()

    def get(self, request):
        return Response(str(request.user and request.user.email))

    post = get


@pytest.fixture
def text(acme_admin, acme):
    expires_at = NOW + timedelta(days=7)
    return create_token(
        actor=ACTOR, user=acme_admin, tenant=acme, name="t", privileges=[], expires_at=expires_at
    )


def ask(path: str = "/", *, method="get", user=None, is_csrf_checked=False, **meta):
    request = getattr(APIRequestFactory(enforce_csrf_checks=is_csrf_checked), method)(path, **meta)
    if user is not None:
        request.user = user
    return WhoCalls.as_view()(request)


def key_id_of(text: str) -> str:
    parts = parse_text(text)
    assert parts is not None
    return parts.key_id


def failed(response):
    body = {name: value for name, value in response.data.items() if name not in ("instance", "request_id")}
    return response.status_code, body


def test_a_token_in_the_header_acts_for_its_user(text, acme_admin):
    assert ask(HTTP_AUTHORIZATION=f"Bearer {text}").data == acme_admin.email


def test_nobody_is_nobody(db):
    assert ask().data == "None"


@pytest.mark.parametrize(
    "header",
    ["Bearer", "Bearer sbt_", "", "Basic YTpi", "Bearer {text}, Bearer {text}", "{text}", "Bearer {text}x"],
)
def test_a_header_that_is_no_good_token_ends_the_request_even_beside_a_session(text, header, operator):
    response = ask(HTTP_AUTHORIZATION=header.format(text=text), user=operator)
    assert failed(response)[0] == 401
    assert response.data["code"] == "token_invalid"
    assert response["WWW-Authenticate"].startswith("Bearer")


def test_whoever_has_not_the_secret_gets_one_answer_whatever_state_the_token_is_in(text):
    token = ApiToken.objects.get(key_id=key_id_of(text))
    malformed = ask(HTTP_AUTHORIZATION="Bearer sbt_x")
    wrong = (new_text().reveal(), new_text(token.key_id).reveal())
    answers = []
    for columns in (
        {},
        {"is_enabled": False},
        {"expires_at": NOW - timedelta(seconds=1)},
        {"revoked_at": NOW},
    ):
        ApiToken.objects.filter(pk=token.pk).update(**columns)
        answers += [ask(HTTP_AUTHORIZATION=f"Bearer {one}") for one in wrong]
    assert [failed(answer) for answer in answers] == [failed(malformed)] * 8
    assert failed(malformed)[0] == 401
    assert malformed.data["code"] == "token_invalid"


def test_an_unknown_key_id_costs_what_a_wrong_secret_does(text, django_assert_num_queries):
    for one in (new_text().reveal(), new_text(key_id_of(text)).reveal()):
        with django_assert_num_queries(1), compared() as count:
            ask(HTTP_AUTHORIZATION=f"Bearer {one}")
        assert count == [2]


@contextmanager
def compared():
    """Count the comparisons of the block."""
    count, real = [0], hmac.compare_digest
    with pytest.MonkeyPatch.context() as patch:

        def counted(*given):
            count[0] += 1
            return real(*given)

        patch.setattr(hmac, "compare_digest", counted)
        yield count


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        ({"is_enabled": False}, "token_disabled"),
        ({"expires_at": NOW - timedelta(seconds=1)}, "token_expired"),
        ({"revoked_at": NOW}, "token_revoked"),
    ],
)
def test_whoever_has_the_secret_is_told_why_it_is_not_good(text, columns, code):
    ApiToken.objects.update(**columns)
    response = ask(HTTP_AUTHORIZATION=f"Bearer {text}")
    assert (response.status_code, response.data["code"]) == (401, code)
    assert response["WWW-Authenticate"].startswith("Bearer")


def test_a_secret_whose_overlap_is_over_is_a_wrong_one(text):
    ApiToken.objects.update(revoked_at=NOW, previous_secret_hash=F("secret_hash"), secret_hash=bytes(32))
    ApiToken.objects.update(previous_pepper_number=F("pepper_number"), previous_until=NOW)
    assert ask(HTTP_AUTHORIZATION=f"Bearer {text}").data["code"] == "token_invalid"


def test_that_the_person_is_stopped_is_not_said(text, acme_admin):
    acme_admin.status = UserStatus.INACTIVE
    acme_admin.save()
    assert ask(HTTP_AUTHORIZATION=f"Bearer {text}").data["code"] == "token_invalid"


def test_a_session_is_taken_and_must_protect_what_it_writes(operator, outsider):
    assert ask(user=operator).data == operator.email
    refused = ask(method="post", user=operator, is_csrf_checked=True)
    assert (refused.status_code, refused.data["code"]) == (403, "csrf_failed")
    outsider.status = UserStatus.INACTIVE
    assert ask(user=outsider).data == "None"


def test_a_token_needs_no_form(text, acme_admin):
    response = ask(method="post", is_csrf_checked=True, HTTP_AUTHORIZATION=f"Bearer {text}")
    assert response.data == acme_admin.email
