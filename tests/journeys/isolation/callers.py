"""Who calls: those of whom acme is to stay hidden, those who are let in and may not, and acme's own owner."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth.models import Permission
from django.test import Client

from config.foundation.actor import Actor
from customers.identity.models import Privilege, Role, RolePrivilege
from customers.identity.operations import add_membership, create_token, create_user
from customers.tenants.models import Tenant
from tests import cast
from tests.journeys.isolation.calls import Caller

ACTOR = Actor.system("isolation")


class Callers:
    """Makes each caller when it is first asked for."""

    def __init__(self, acme: Tenant, globex: Tenant) -> None:
        self.acme = acme
        self.globex = globex
        self.privileges = sorted(Privilege.objects.values_list("code", flat=True))
        self._made: dict[tuple[str, str], Caller] = {}

    def get(self, name: str, *, lacking: str = "") -> Caller:
        """Return a caller; one of acme's people who lack something has every privilege but that one.

        Several that are lacked together are joined by ``+``.
        """
        key = (name, lacking)
        if key not in self._made:
            self._made[key] = self._makers()[name](name, lacking)
            self._note_use(self._made[key])
        return self._made[key]

    def _makers(self) -> dict[str, Callable[[str, str], Caller]]:
        return {
            "anonymous": lambda name, _: Caller(name, _client()),
            "outsider": lambda name, _: _signed_in(name, cast.user("outsider")),
            "globex_owner": lambda name, _: _signed_in(name, cast.user("globex_admin")),
            "clerk": lambda name, _: _signed_in(name, cast.user("clerk")),
            "directory_clerk": lambda name, _: _signed_in(name, _clerk_of_the_directory()),
            "operator": lambda name, _: _signed_in(name, cast.user("operator")),
            "acme_owner": lambda name, _: _signed_in(name, cast.user("acme_admin")),
            "lacking_member": lambda name, lacking: _signed_in(name, self._member_without(lacking)),
            "outsider_token": lambda name, _: self._token(name, "outsider", None),
            "globex_token": lambda name, _: self._token(name, "globex_admin", self.globex),
            "globex_unbound_token": lambda name, _: self._token(name, "globex_admin", None),
            "acme_token": lambda name, _: self._token(name, "acme_admin", self.acme),
            "lacking_token": lambda name, lacking: self._token(
                name, "acme_admin", self.acme, lacking=lacking
            ),
            "reading_token": lambda name, _: self._token(name, "acme_admin", self.acme, may_write=False),
        }

    def _token(
        self, name: str, person: str, tenant: Tenant | None, *, lacking: str = "", may_write: bool = True
    ) -> Caller:
        token = create_token(
            actor=ACTOR,
            user=cast.user(person),
            tenant=tenant,
            name=name,
            privileges=[code for code in self.privileges if code not in lacking.split("+")],
            may_write=may_write,
            expires_at=datetime.now(UTC) + timedelta(days=1),
        )
        return Caller(name, _client(), token)

    def _member_without(self, lacking: str) -> Any:
        code = f"without_{re.sub('[.+]', '_', lacking)}"
        role = Role.objects.create(tenant=self.acme, code=code, title=f"Without {lacking}")
        for privilege in Privilege.objects.exclude(code__in=lacking.split("+")).order_by("pk"):
            RolePrivilege.objects.create(role=role, privilege=privilege)
        person = create_user(actor=ACTOR, email=f"{code}@example.com")
        add_membership(actor=ACTOR, user=person, tenant=self.acme, roles=[role])
        return person

    def _note_use(self, caller: Caller) -> None:
        """Have the use of a token noted now, so that no call differs from the next by noting it."""
        if caller.token:
            caller.client.get("/t/nope/api/v1/resolve", headers={"Authorization": f"Bearer {caller.token}"})


def _clerk_of_the_directory() -> Any:
    """Return somebody of the platform's staff who may do everything with the global directory, and nothing else."""
    person = create_user(actor=ACTOR, email="directory.clerk@example.com", is_staff=True)
    person.user_permissions.set(Permission.objects.filter(content_type__app_label="directory"))
    return person


def _client() -> Client:
    return Client(raise_request_exception=False)


def _signed_in(name: str, user: Any) -> Caller:
    client = _client()
    client.force_login(user)
    return Caller(name, client)
