"""Pages of the chain and of consents."""

from audit.admin.consents import ConsentAdmin
from audit.admin.events import AuditEventAdmin
from audit.admin.naming import name_row

__all__ = ["AuditEventAdmin", "ConsentAdmin", "name_row"]
