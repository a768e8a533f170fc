"""Lets an authenticated caller into the tenant that the request names, or refuses."""

from __future__ import annotations

from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import Any
from uuid import UUID

from django.contrib.sessions.backends.db import SessionStore
from django.db import connection, transaction
from django.http import HttpRequest
from django.utils import timezone

from audit.operations import record
from config.foundation.actor import Actor
from config.foundation.admission import Admission
from config.foundation.errors import Refused
from config.tenancy.directory import TenantRecord
from customers.identity.models import ApiToken, Membership, Privilege, User
from customers.identity.operations import OWNER_ROLE
from customers.tenants.enums import PlacementState, TenantStatus
from customers.tenants.models import Tenant

CLOSED = frozenset({TenantStatus.INACTIVE, TenantStatus.ARCHIVED})
WAITING = frozenset({TenantStatus.WAITLISTED, TenantStatus.PROVISIONING})
ACCESS_NOTED_FOR = timedelta(hours=1)
SESSION_KEY = "tenants_accessed"
NO_TENANT = UUID(int=0)
PLATFORM_PRIVILEGES = {  # what of Django's permissions each stands for; its pages export to whom they show events
    "view_audit": "audit.view_auditevent",
    "export_audit": "audit.view_auditevent",
}


class TenantSelection:
    """What a request names: the platform, or a tenant that may not exist, before anybody was let in."""

    def __init__(
        self, request: HttpRequest, *, is_platform: bool, tenant: TenantRecord | None, is_consistent: bool
    ) -> None:
        self.is_platform = is_platform
        self._request: Any = request
        self._tenant = tenant
        self.tenant_id = tenant.id if tenant else None
        self._is_consistent = is_consistent
        self._admitted: dict[tuple[Any, Any], Admission] = {}

    def admit(self, user: Any, token: Any) -> Admission:
        """Let an authenticated caller in and select the tenant's schema, or refuse.

        Raises:
            Refused: ``not_authenticated``, ``tenant_mismatch``, ``ip_not_allowed``, ``not_found``, ``tenant_not_ready``
                or ``tenant_inactive``, in this order.
        """
        if not isinstance(user, User):
            raise Refused("not_authenticated", "Send a token: Authorization: Bearer sbt_…")
        key = (user.pk, token.pk if token else None)
        if key not in self._admitted:
            self._admitted[key] = self._admit(user, token)
        admission = self._admitted[key]
        if admission.tenant is not None:
            connection.set_tenant(admission.tenant)  # type: ignore[attr-defined] # django-tenants' connection
            self._request.tenant = admission.tenant
        return admission

    def _admit(self, user: User, token: ApiToken | None) -> Admission:
        self._check_candidates(token)
        _check_network(token, self._request)
        if self.is_platform:
            return Admission(
                actor=_actor(user, token),
                user_id=user.pk,
                tenant=None,
                privileges=_narrowed(_operators_privileges(user, token), token),
                may_write=token.may_write if token else True,
                token_key_id=token.key_id if token else "",
            )
        roles, privileges = self._tie(user)
        if not self._is_consistent:
            raise _mismatch()
        tenant = self._usable()
        admission = Admission(
            actor=_actor(user, token),
            user_id=user.pk,
            tenant=tenant,
            privileges=_narrowed(privileges, token),
            roles=roles,
            may_write=token.may_write if token else True,
            token_key_id=token.key_id if token else "",
        )
        if user.is_superuser and not roles:
            self._note_access(admission)
        return admission

    def _check_candidates(self, token: ApiToken | None) -> None:
        bound = token.tenant_id if token else None
        here = self._tenant.id if self._tenant else None
        is_bound_elsewhere = bound is not None and not self.is_platform and bound != here
        if is_bound_elsewhere or (not self._is_consistent and self._tenant is None):
            raise _mismatch()

    def _tie(self, user: User) -> tuple[tuple[str, ...], frozenset[str]]:
        """Return roles and privileges of the person here, in one statement."""
        # An unknown tenant is asked for as well: it must not cost a statement less than a foreign one.
        held = list(
            Membership.objects.in_force()
            .filter(user=user, tenant_id=self._tenant.id if self._tenant else NO_TENANT)
            .values_list("roles__code", "roles__privileges__code")
        )
        if user.is_superuser and self._tenant is not None:
            everything = frozenset(Privilege.objects.values_list("code", flat=True))
            return tuple(sorted({role for role, _ in held if role})), everything
        if not held:
            raise Refused("not_found", "There is no such object.")
        roles = tuple(sorted({role for role, _ in held if role}))
        return roles, frozenset(privilege for _, privilege in held if privilege)

    def _usable(self) -> Tenant:
        tenant = self._tenant
        if tenant is None or tenant.deleted_at is not None:
            raise Refused("not_found", "There is no such object.")
        place = tenant.place or PlacementState.NONE
        if tenant.status in WAITING or place != PlacementState.READY:
            state = tenant.status if tenant.status in WAITING else place
            raise Refused(
                "tenant_not_ready",
                f"The tenant is {state}. Try again later.",
                state=str(state),
                owner_email=_owner_email(tenant.id),
            )
        if tenant.status in CLOSED:
            raise Refused("tenant_inactive", f"The tenant is {TenantStatus(tenant.status).label.lower()}.")
        return tenant.build()

    def _note_access(self, admission: Admission) -> None:
        """Leave an event in the tenant's chain when an operator enters its data.

        Of a session one an hour, however many of its requests come at once: they meet at the session's row. Each
        request with a token leaves its own.
        """
        session = getattr(self._request, "session", None)
        if admission.token_key_id or not isinstance(session, SessionStore) or not session.session_key:
            _record_access(admission)
            return
        place, now = str(admission.tenant.pk), timezone.now()
        if _is_noted(session.get(SESSION_KEY, {}), place, now):
            return
        with transaction.atomic():
            stored = session.model.objects.select_for_update().filter(pk=session.session_key).first()
            noted = stored.get_decoded().get(SESSION_KEY, {}) if stored else {}
            if not _is_noted(noted, place, now):
                _record_access(admission)
                noted = {**noted, place: now.isoformat()}
                if stored:
                    stored.session_data = session.encode({**stored.get_decoded(), SESSION_KEY: noted})
                    stored.save(update_fields=["session_data"])
        session[SESSION_KEY] = noted


def _record_access(admission: Admission) -> None:
    record(
        actor=admission.actor,
        action="access",
        resource="tenants.tenant",
        resource_id=str(admission.tenant.pk),
        schema=admission.tenant.schema_name,
    )


def _is_noted(noted: dict[str, str], place: str, now: datetime) -> bool:
    latest = noted.get(place)
    return latest is not None and datetime.fromisoformat(latest) > now - ACCESS_NOTED_FOR


def _owner_email(tenant_id: UUID) -> str:
    """Return whom those who wait may ask; "" where nobody owns the tenant yet."""
    owners = Membership.objects.in_force().filter(
        tenant_id=tenant_id, roles__code=OWNER_ROLE, roles__tenant__isnull=True
    )
    return owners.order_by("created_at", "pk").values_list("user__email", flat=True).first() or ""


def _actor(user: User, token: ApiToken | None) -> Actor:
    return Actor.token(token.key_id, user.pk) if token else Actor.user(user.pk)


def _operators_privileges(user: User, token: ApiToken | None) -> frozenset[str]:
    """Return what an operator may do over the platform's API, as on its pages; a tenant's token does nothing there."""
    if not user.is_staff or (token is not None and token.tenant_id is not None):
        return frozenset()
    return frozenset(code for code, permission in PLATFORM_PRIVILEGES.items() if user.has_perm(permission))


def _narrowed(privileges: frozenset[str], token: ApiToken | None) -> frozenset[str]:
    """Return what is left of a person's privileges to their token."""
    if token is None:
        return privileges
    return privileges & frozenset(token.privilege_codes)  # type: ignore[attr-defined] # annotated by its look-up


def _check_network(token: ApiToken | None, request: HttpRequest) -> None:
    if token is None or not token.allowed_networks:
        return
    try:
        address = ip_address(request.META.get("REMOTE_ADDR", ""))
        # A socket that serves both versions shows IPv4 as ::ffff:a.b.c.d.
        address = getattr(address, "ipv4_mapped", None) or address
    except ValueError:
        address = None
    if address is None or not any(address in ip_network(network) for network in token.allowed_networks):
        raise Refused("ip_not_allowed", "This token may not be used from your address.")


def _mismatch() -> Refused:
    return Refused("tenant_mismatch", "Host, path, header and token must name one and the same tenant.")
