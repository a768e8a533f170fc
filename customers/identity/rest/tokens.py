"""Tokens over HTTP: a person's own on the platform, and those that are bound to a tenant on the tenant's."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, F, OuterRef, QuerySet, Sum
from django.db.models.functions import Extract
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from config.foundation.errors import Refused
from config.foundation.rest.errors import Faults
from config.foundation.rest.etags import etag, is_held
from config.foundation.rest.idempotency import once
from config.foundation.rest.operations import Operation
from config.foundation.rest.views import WritableResource
from customers.identity import filters, serializers
from customers.identity.models import ApiToken, Membership, Privilege, User
from customers.identity.operations import (
    ROTATION_OVERLAP,
    ROTATION_OVERLAP_MAX,
    TokenRights,
    change_token,
    issue_token,
    revoke_token,
    rotate_token,
    usage_of_token,
)
from customers.identity.rest import documents, examples
from customers.tenants.models import Tenant

HOUR = timedelta(hours=1)


class TokenResource(WritableResource):
    """What both lists of tokens have in common."""

    model = ApiToken
    relations: ClassVar[tuple[str, ...]] = ("tenant",)
    natural = ("name", "key_id")
    orderings = ("name", "expires_at", "created_at", "updated_at")
    default_ordering = ("-created_at", "pk")
    tag = documents.TAG
    is_rehearsable = False
    listed_serializer_class: ClassVar[type[BaseSerializer[Any]]]
    listed_example: ClassVar[dict[str, Any]]

    def list_version(self) -> str:
        """Return what moves with every change of what is listed, and with every use that was written down."""
        versions = self.get_rows().aggregate(
            count=Count("pk"),
            rows=Sum("row_version"),
            tenants=Sum("tenant__row_version"),
            people=Sum("user__row_version"),
            used=Sum(Extract("use__last_used_at", "epoch")),
        )
        return ":".join(f"{name}={value}" for name, value in versions.items())

    @classmethod
    def shaping_class(cls, action: str) -> type[BaseSerializer[Any]]:
        """Return the serializer of an action's answer."""
        return cls.listed_serializer_class if action == "list" else cls.serializer_class

    @classmethod
    def describe(cls, action: str) -> Operation:
        """Return the documentation of an action."""
        return documents.describe(cls, action, lambda: super(TokenResource, cls).describe(action))

    def collect_faults(self, request: Request, faults: Faults) -> None:
        """Add what is wrong with the query parameters; there are no tokens of the global directory."""
        if "directory" in request.query_params:
            faults.at_parameter("directory", "This parameter is not known here.", "unknown_parameter")
        super().collect_faults(request, faults)

    def get_rows(self) -> QuerySet[ApiToken]:
        """Return the tokens that this caller may know of."""
        raise NotImplementedError

    def get_queryset(self) -> QuerySet[Any]:
        """Return these tokens, with what is shown of them."""
        rows: QuerySet[Any] = self.get_rows()
        relations = self.shown_relations()
        rows = rows.select_related(*relations) if relations else rows
        if self.shows("privileges"):
            held = Privilege.objects.filter(token_holders__token=OuterRef("pk")).order_by("code", "pk")
            rows = rows.annotate(privilege_codes=ArraySubquery(held.values("code")))
        if self.action == "list" and self.shows("last_used_at"):
            rows = rows.annotate(last_used_at=F("use__last_used_at"))
        return rows

    def shown_relations(self) -> tuple[str, ...]:
        """Return the relations whose fields are shown; ids are columns."""
        return tuple(name for name in self.relations if self.shows(name))

    def use(self, request: Request, id: str) -> Response:  # noqa: A002 -- the address's
        """Answer how a token is used."""
        usage = usage_of_token(self.found(id), now=timezone.now())
        last = usage.last
        body = {
            "last_used_at": last.last_used_at if last else None,
            "last_address": last.last_address if last else None,
            "last_agent": last.last_agent if last else "",
            "days": [
                {"day": one.day.isoformat(), "answered": one.answered, "refused": one.refused}
                for one in usage.days
                if one.count
            ],
        }
        tag = etag(settings.VERSION, request.build_absolute_uri(), body)
        if is_held(tag, request.headers.get("If-None-Match", "")):
            return Response(status=304, headers={"ETag": tag})
        return Response(body, headers={"ETag": tag})

    def destroy(self, request: Request, id: str) -> Response:  # noqa: A002 -- DRF's signature
        """Revoke a token at once and for good; it stays to be read."""
        with self.effect():
            revoke_token(
                actor=self.admission.actor,
                token=self.found(id),
                now=timezone.now(),
                check=self.precondition(request),
                within=self.rights(),
            )
        return Response(status=204)

    def found(self, display_id: str) -> ApiToken:
        """Return the token of an address.

        Raises:
            Refused: ``not_found``.
        """
        row_id = self.pk_of(display_id)
        token = self.get_rows().filter(pk=row_id).first() if row_id else None
        if token is None:
            raise self.unknown()
        return token

    def rights(self) -> TokenRights | None:
        """Return the rights of the token that asks, where it may go no further; None of who may."""
        return None


class MyTokens(TokenResource):
    """The caller's own API tokens; a token that is bound to a tenant knows those that are bound there alone."""

    serializer_class = serializers.ApiTokenSerializer
    listed_serializer_class = serializers.ListedTokenSerializer
    write_serializer_class = serializers.ApiTokenWriteSerializer
    filterset_class = filters.MyTokenFilters
    noun, plural = "token of your own", "my tokens"
    example, listed_example = examples.TOKEN, examples.LISTED
    extra_writes = frozenset({"rotate"})

    def needed_privileges(self) -> tuple[str, ...]:
        """Need none: everybody has their own tokens."""
        return ()

    def get_rows(self) -> QuerySet[ApiToken]:
        """Return the caller's own; of a token that is bound to a tenant, those bound there."""
        rows: QuerySet[ApiToken] = ApiToken.objects.filter(user_id=self.admission.user_id)
        asking = self.asking
        return rows.filter(tenant_id=asking.tenant_id) if asking and asking.tenant_id else rows

    @property
    def asking(self) -> ApiToken | None:
        """Return the token that asks; None where a person is signed in."""
        token: Any = self.request.auth
        return token if isinstance(token, ApiToken) else None

    def rights(self) -> TokenRights | None:
        """Return the rights of the token that asks; None of a person who is signed in."""
        return TokenRights.of(self.asking) if self.asking else None

    @once
    def create(self, request: Request) -> Response:
        """Make a token, and show it once."""
        tenants = Tenant.objects.live().filter(
            pk__in=Membership.objects.in_force().filter(user_id=self.admission.user_id).values("tenant_id")
        )
        if request.user.is_superuser:
            tenants = Tenant.objects.live()
        shown = self.serializer_class.Meta.fields
        serializer = self.write_serializer_class(context={"shown": shown, "tenants": tenants})
        body = documents.body_of(request)
        with self.effect(serializer):
            values = serializer.read(body)
            if self.asking is not None:
                values.setdefault("tenant", self.asking.tenant)
            issued = issue_token(
                actor=self.admission.actor,
                user=User.objects.get(pk=self.admission.user_id),
                now=timezone.now(),
                within=self.rights(),
                **values,
            )
            response = self._revealing(request, issued.token, issued.text, status=201)
            response["Location"] = self.address_of(request, issued.token)
        return response

    @once
    def partial_update(self, request: Request, id: str) -> Response:  # noqa: A002 -- DRF's signature
        """Change the name or the networks of a token, or switch it off or on."""
        token, body = self.found(id), documents.body_of(request)
        shown = self.serializer_class.Meta.fields
        serializer = serializers.ApiTokenPatchSerializer(partial=True, context={"shown": shown})
        with self.effect(serializer):
            change_token(
                actor=self.admission.actor,
                token=token,
                changes=serializer.read(body),
                check=self.precondition(request),
                within=self.rights(),
            )
            return self.answer(request, token.pk)

    @once
    def rotate(self, request: Request, id: str) -> Response:  # noqa: A002 -- the address's
        """Give a token another secret, and show it once."""
        with self.effect():
            token = self.found(id)
            overlap = _overlap_of(request.data)
            if "If-Match" not in request.headers:
                raise Refused(
                    "precondition_required", "Send If-Match with the ETag of the token that you have read."
                )
            text = rotate_token(
                actor=self.admission.actor,
                token=token,
                overlap=overlap,
                now=timezone.now(),
                check=self.precondition(request),
                within=self.rights(),
            )
            return self._revealing(request, token, text)

    def kept(self, data: Any) -> Any:
        """Return what is kept of an answer: all but the token, and that it was shown."""
        return data | {"token": None, "notice": serializers.NOT_REPLAYED} if "token" in data else data

    def _revealing(self, request: Request, token: ApiToken, text: str, *, status: int = 200) -> Response:
        response = self.answer(request, token.pk, status=status)
        response.data |= {"token": text, "notice": None}
        response["Cache-Control"] = "no-store"
        return response


class TenantTokens(TokenResource):
    """The API tokens that are bound to this tenant, whoever's they are; others are not known here."""

    required_privilege = "tokens.manage"
    write_privilege = "tokens.manage"
    relations = ("tenant", "user")
    serializer_class = serializers.OwnedTokenSerializer
    listed_serializer_class = serializers.ListedOwnedTokenSerializer
    filterset_class = filters.TenantTokenFilters
    noun, plural = "token", "tokens"
    example, listed_example = examples.OWNED, examples.LISTED_OWNED

    def get_rows(self) -> QuerySet[ApiToken]:
        """Return the tokens of this tenant."""
        return ApiToken.objects.filter(tenant_id=self.admission.tenant.pk)


def _overlap_of(body: Any) -> timedelta:
    """Return how long the earlier secret is to stay good, as the body of a rotation says.

    Raises:
        InvalidInput: a fault of the body.
    """
    faults, longest = Faults(), ROTATION_OVERLAP_MAX // HOUR
    if not isinstance(body, dict):
        faults.at_pointer((), "Send a JSON object.", "invalid_type")
        faults.raise_any()
    for key in body.keys() - {"overlap_hours"}:
        faults.at_pointer((key,), "This key is not known here.", "unknown_field")
    hours = body.get("overlap_hours", ROTATION_OVERLAP // HOUR)
    if not isinstance(hours, int) or isinstance(hours, bool):
        faults.at_pointer(("overlap_hours",), "Write a whole number.", "invalid_type")
    elif not 0 <= hours <= longest:
        faults.at_pointer(("overlap_hours",), f"An overlap has 0 to {longest} hours.", "overlap_invalid")
    faults.raise_any()
    return timedelta(hours=hours)
