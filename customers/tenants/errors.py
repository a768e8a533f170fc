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
        "slug_taken",
        409,
        "The slug is taken",
        "Another tenant has this slug, or had it and was deleted. Choose another.",
    ),
    ErrorKind(
        "name_taken",
        409,
        "The name is taken",
        "Another live tenant has this name, in whatever case. Choose another.",
    ),
    ErrorKind(
        "domain_taken",
        409,
        "The host name is taken",
        "Another tenant has this host name. Choose another, or have it released.",
    ),
    ErrorKind(
        "primary_domain",
        409,
        "The host name is the primary one",
        "A tenant keeps one primary host name. Make another one primary first.",
    ),
    ErrorKind(
        "has_children",
        409,
        "Other tenants are below it",
        "Live tenants have it as their parent. Move or delete them first.",
    ),
    ErrorKind(
        "tenant_cycle",
        409,
        "A tenant would be below itself",
        "Choose a parent that is not below the tenant.",
    ),
    ErrorKind(
        "depth_exceeded",
        409,
        "The tree would be too deep",
        "Tenants nest at most five levels deep. Choose a parent higher up.",
    ),
    ErrorKind(
        "parent_unavailable",
        409,
        "The parent is not there",
        "The parent is deleted. Restore it, or choose another.",
    ),
    ErrorKind(
        "restore_window_over",
        409,
        "It was deleted too long ago",
        "A deleted tenant is restored within 30 days.",
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
