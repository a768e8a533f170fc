"""Refusals that concern which tenant a request is for."""

from config.foundation.errors import ErrorKind

ERROR_KINDS = (
    ErrorKind(
        "tenant_mismatch",
        403,
        "The request names another tenant",
        "Host, path, header and token must all name one tenant, and the token must be made for it.",
    ),
    ErrorKind(
        "tenant_inactive",
        403,
        "The tenant is closed",
        "The tenant was made inactive or archived. Its owner or an operator can make it active again.",
    ),
    ErrorKind(
        "unknown_host",
        421,
        "The host is unknown",
        "This host name selects neither the platform nor a tenant. Check the address.",
    ),
    ErrorKind(
        "tenant_not_ready",
        503,
        "The tenant is being made",
        "The tenant waits for its launch or for its schema. Try again in a while, or ask its owner.",
    ),
    ErrorKind(
        "provisioning_failed",
        500,
        "The tenant's schema could not be made",
        "The tenant is there, its schema is not. The placement says why; provision_tenant tries again.",
    ),
    ErrorKind(
        "placement_unavailable",
        503,
        "The tenant's database is not configured",
        "The placement names a database that this installation does not know. An operator corrects it.",
    ),
    ErrorKind(
        "not_ready",
        503,
        "The service is not ready",
        "The database does not answer. Try again in a while.",
    ),
)
