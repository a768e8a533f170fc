"""Who enters which site, as far as no database is needed."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.test import RequestFactory

from config.foundation.errors import Refused
from config.sites import tenant_site


class Tie:
    """What tenancy says about one person, and how often it was asked."""

    def __init__(self, *privileges: str, refuses: bool = False) -> None:
        self.privileges, self.refuses, self.asked = frozenset(privileges), refuses, 0

    def admit(self, _user: Any, _token: Any) -> Any:
        """Answer as told."""
        self.asked += 1
        if self.refuses:
            raise Refused("not_found", "There is nothing here.")
        return SimpleNamespace(privileges=self.privileges)


def enter(rf: RequestFactory, user: Any, tie: Tie) -> HttpResponse:
    request: Any = rf.get("/admin/")
    request.user, request.selection = user, tie
    return tenant_site.admin_view(lambda _request: HttpResponse("inside"))(request)


PERSON = SimpleNamespace(is_authenticated=True, is_active=True, is_superuser=False)


def test_a_member_with_the_privilege_enters_and_tenancy_is_asked_once(rf: RequestFactory) -> None:
    tie = Tie("tenant.admin")
    assert enter(rf, PERSON, tie).content == b"inside"
    assert tie.asked == 1


def test_a_member_without_the_privilege_is_told_which_one_is_missing(rf: RequestFactory) -> None:
    with pytest.raises(PermissionDenied, match=r"tenant\.admin"):
        enter(rf, PERSON, Tie("directory.read"))


def test_a_person_without_a_tie_finds_nothing(rf: RequestFactory) -> None:
    with pytest.raises(Http404):
        enter(rf, PERSON, Tie(refuses=True))


def test_a_stranger_is_sent_to_the_login_page_before_tenancy_is_asked(rf: RequestFactory) -> None:
    tie = Tie(refuses=True)
    response = enter(rf, AnonymousUser(), tie)
    assert response.status_code == 302
    assert tie.asked == 0
