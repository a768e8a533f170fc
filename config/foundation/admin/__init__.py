"""Bases of every admin page: permissions follow the site, changes are acted by the person who is signed in."""

from config.foundation.admin.api import ApiPlace
from config.foundation.admin.exports import EXPORTED_ROWS_MAX, ExportMixin
from config.foundation.admin.lists import COUNTED_ROWS_MAX, EstimatingPaginator
from config.foundation.admin.pages import (
    AuditedAdmin,
    AuditedInline,
    PermittedAdmin,
    ReadOnlyAdmin,
    ReadOnlyInline,
)
from config.foundation.admin.permissions import PermittedBySite
from config.foundation.admin.refused import sentence_of

__all__ = [
    "COUNTED_ROWS_MAX",
    "EXPORTED_ROWS_MAX",
    "ApiPlace",
    "AuditedAdmin",
    "AuditedInline",
    "EstimatingPaginator",
    "ExportMixin",
    "PermittedAdmin",
    "PermittedBySite",
    "ReadOnlyAdmin",
    "ReadOnlyInline",
    "sentence_of",
]
