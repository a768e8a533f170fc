"""Which tenant a request is for, and who is let into it.

The tenant is selected from host, path and header, which must agree; it is refused only after authentication, so that
nobody learns from a refusal which tenants there are. The connection rests in no schema until somebody is let in.
"""

from config.tenancy.middleware import TenancyMiddleware
from config.tenancy.selection import TenantSelection

__all__ = ["TenancyMiddleware", "TenantSelection"]
