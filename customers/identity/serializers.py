"""Shapes of tokens. Neither a secret nor a hash is in any of them; a new token's text stands beside its shape, once."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from config.foundation.constraints import NOT_FOUND, missing_reference
from config.foundation.display_ids import parse_display_id
from config.foundation.rest.filters import id_schema
from config.foundation.rest.serializers import STAMP_FIELDS, RowSerializer
from config.foundation.rest.shapes import Shape, TextListShape
from config.foundation.rest.writing import WriteSerializer
from customers.identity.errors import SECRET_NOT_REPLAYED
from customers.identity.models import ApiToken
from customers.tenants.models import Tenant

NOT_REPLAYED = {
    "code": SECRET_NOT_REPLAYED,
    "detail": "The token was shown once, in the first answer to this Idempotency-Key. Lost: its person rotates it.",
}
_FIELDS = (
    "id", "url", "name", "key_id", "tenant_id", "tenant", "privileges", "may_write", "allowed_networks", "is_enabled",
    "expires_at", "revoked_at", "previous_until", *STAMP_FIELDS,
)  # fmt: skip
_NETWORKS = {"type": "array", "items": {"type": "string"}, "maxItems": 50}
NETWORKS_HELP = "Networks in CIDR form that it may be used from; empty: from anywhere."


class ApiTokenSerializer(RowSerializer[ApiToken]):
    """A token, without anything that could be used in its place."""

    tenant = serializers.SerializerMethodField(help_text="Slug of the tenant that it is bound to.")
    privileges = serializers.SerializerMethodField(help_text="It may do what both it and its person may.")
    allowed_networks = serializers.ListField(
        child=serializers.CharField(), read_only=True, help_text=NETWORKS_HELP
    )

    class Meta:
        model = ApiToken
        fields: tuple[str, ...] = _FIELDS
        read_only_fields: tuple[str, ...] = _FIELDS

    def get_tenant(self, token: ApiToken) -> str | None:
        """Return the slug."""
        return token.tenant.slug if token.tenant is not None else None

    def get_privileges(self, token: Any) -> list[str]:
        """Return the codes, in order."""
        codes: list[str] = token.privilege_codes
        return codes


class ListedTokenSerializer(ApiTokenSerializer):
    """A token as lists show it, with its last use: bookkeeping, which is no part of what a detail's tag stands for."""

    last_used_at = serializers.SerializerMethodField(help_text="Written down at most once a minute.")

    class Meta(ApiTokenSerializer.Meta):
        fields: tuple[str, ...] = (*_FIELDS, "last_used_at")
        read_only_fields: tuple[str, ...] = fields

    def get_last_used_at(self, token: Any) -> str | None:
        """Return the moment."""
        used = token.last_used_at
        return str(serializers.DateTimeField().to_representation(used)) if used else None


class OwnedTokenSerializer(ApiTokenSerializer):
    """A token of a tenant's, with whose it is."""

    user = serializers.SerializerMethodField(help_text="Name of the person that it acts for.")

    class Meta(ApiTokenSerializer.Meta):
        fields: tuple[str, ...] = ("id", "url", "user_id", "user", *_FIELDS[2:])
        read_only_fields: tuple[str, ...] = fields

    def get_user(self, token: ApiToken) -> str:
        """Return the name."""
        return str(token.user)


class ListedOwnedTokenSerializer(ListedTokenSerializer, OwnedTokenSerializer):
    """A token of a tenant's as lists show it."""

    class Meta(OwnedTokenSerializer.Meta):
        fields: tuple[str, ...] = (*OwnedTokenSerializer.Meta.fields, "last_used_at")
        read_only_fields: tuple[str, ...] = fields


class NoticeSerializer(serializers.Serializer[Any]):
    """Why there is no secret."""

    code = serializers.ChoiceField(choices=[SECRET_NOT_REPLAYED], read_only=True)
    detail = serializers.CharField(read_only=True)


class NewTokenSerializer(ApiTokenSerializer):
    """A token that was just made or rotated, with its text."""

    token = serializers.CharField(
        read_only=True,
        allow_null=True,
        help_text="The whole token, `sbt_<key id>.<secret>`: shown this once. null in an answer that is given again.",
    )
    notice = NoticeSerializer(
        read_only=True, allow_null=True, help_text="In an answer that is given again, why it has no token."
    )

    class Meta(ApiTokenSerializer.Meta):
        fields = (*_FIELDS, "token", "notice")
        read_only_fields: tuple[str, ...] = fields


class OwnTenantShape(Shape):
    """A tenant of the person's own by its display id; another and an unknown one are refused alike."""

    schema = id_schema(Tenant.display_prefix)

    def to_internal_value(self, data: Any) -> Tenant:
        """Return the tenant, among those that the context offers."""
        row_id = parse_display_id(Tenant.display_prefix, data) if isinstance(data, str) else None
        tenant: Tenant | None = self.context["tenants"].filter(pk=row_id).first() if row_id else None
        if tenant is None:
            raise self.refuse(" ".join(missing_reference(Tenant).messages), NOT_FOUND)
        return tenant


class NetworksShape(TextListShape):
    """A list of networks."""

    schema = _NETWORKS


class ApiTokenWriteSerializer(WriteSerializer[ApiToken]):
    """A token to be made."""

    tenant_id = OwnTenantShape(
        source="tenant",
        required=False,
        allow_null=True,
        help_text=(
            "The one tenant that it is good for. Left out: that of the token that calls; else, as with "
            "null, every one of its person's."
        ),
    )
    privileges = TextListShape(
        required=True,
        help_text="Codes of privileges; none that its person does not hold, nor a token that makes it.",
    )
    allowed_networks = NetworksShape(required=False, help_text=NETWORKS_HELP)

    class Meta:
        model = ApiToken
        fields = ("name", "tenant_id", "privileges", "may_write", "allowed_networks", "expires_at")


class ApiTokenPatchSerializer(WriteSerializer[ApiToken]):
    """What of a token may be changed."""

    allowed_networks = NetworksShape(required=False, help_text=NETWORKS_HELP)

    class Meta:
        model = ApiToken
        fields = ("name", "is_enabled", "allowed_networks")
