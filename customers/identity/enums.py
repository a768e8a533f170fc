"""States and origins of people's access."""

from django.db.models import TextChoices


class UserStatus(TextChoices):
    """State of a person."""

    ACTIVE = "active", "Active"
    """May sign in."""
    INACTIVE = "inactive", "Inactive"
    """Stopped for a while; memberships stay and mean nothing meanwhile."""
    ARCHIVED = "archived", "Archived"
    """Left."""


class MembershipStatus(TextChoices):
    """State of a person's membership of a tenant."""

    PENDING = "pending", "Pending"
    """Not yet decided."""
    ACTIVE = "active", "Active"
    """In force."""
    INACTIVE = "inactive", "Inactive"
    """Suspended, with a reason."""
    ARCHIVED = "archived", "Archived"
    """Ended, with a reason."""


class MembershipSource(TextChoices):
    """How a membership came about."""

    CREATOR = "creator", "Created the tenant"
    """The person who made the tenant."""
    INVITATION = "invitation", "Invitation"
    """An accepted invitation."""
    ADMIN = "admin", "Administrator"
    """A manager of the tenant, or an operator."""
    PROVISIONING = "provisioning", "Provisioning"
    """An account system's callback."""
    LOBBY = "lobby", "Lobby"
    """An onboarding policy."""
