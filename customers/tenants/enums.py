"""States of tenants and of their placement."""

from django.db.models import TextChoices


class TenantStatus(TextChoices):
    """State of a tenant."""

    WAITLISTED = "waitlisted", "Waitlisted"
    """Asked for, without a schema, until an operator launches it."""
    PROVISIONING = "provisioning", "Provisioning"
    """Its schema is being made."""
    ACTIVE = "active", "Active"
    """In use."""
    INACTIVE = "inactive", "Inactive"
    """Closed for a while; its people are refused, its data stays."""
    ARCHIVED = "archived", "Archived"
    """Closed for good; can be made active again."""
    DELETED = "deleted", "Deleted"
    """Gone for everybody; restorable for 30 days, then purged."""


class PlacementState(TextChoices):
    """State of a tenant's schema on its database."""

    NONE = "none", "None"
    """Not asked for (a waitlisted tenant)."""
    PROVISIONING = "provisioning", "Provisioning"
    """Being made."""
    READY = "ready", "Ready"
    """Made, migrated, in use."""
    FAILED = "failed", "Failed"
    """Making it failed; can be tried again."""
    RETIRED = "retired", "Retired"
    """Its tenant was deleted; kept until the purge."""
