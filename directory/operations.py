"""Changes of the directory, each one transaction that the audit chain attributes to its actor."""

from typing import TypeVar

from config.foundation.actor import Actor, operation
from config.foundation.rows import TenantRow
from directory.enums import ArtifactStatus
from directory.models import RoutingArtifact

AnyRow = TypeVar("AnyRow", bound=TenantRow)


@operation()
def save_row(*, actor: Actor, row: AnyRow, reason: str = "") -> AnyRow:  # noqa: ARG001 -- read by the decorator
    """Validate a row of any directory table and save it, new or changed.

    Raises:
        ValidationError: what the row's fields, its ``clean`` or its constraints refuse.
    """
    row.full_clean()
    row.save()
    return row


@operation()
def delete_row(*, actor: Actor, row: TenantRow, reason: str = "") -> None:  # noqa: ARG001 -- read by the decorator
    """Delete a row of any directory table, with what belongs to it alone.

    Raises:
        ProtectedError: a prefix rule, or a run, still names the row.
    """
    row.delete()


@operation(verb="activate")
def activate_artifact(
    *,
    actor: Actor,  # noqa: ARG001 -- read by the decorator
    artifact: RoutingArtifact,
    reason: str = "",  # noqa: ARG001 -- read by the decorator
) -> RoutingArtifact:
    """Put a version of an artifact in force and retire the one that was; activating that one again undoes it.

    An active version stays as it is.

    Raises:
        RoutingArtifact.DoesNotExist: the version was deleted meanwhile.
    """
    versions = RoutingArtifact.objects.select_for_update().filter(kind=artifact.kind, name=artifact.name)
    list(versions.order_by("version", "pk"))  # locks them all, so that two activations follow each other
    current: RoutingArtifact = versions.get(pk=artifact.pk)
    if current.status != ArtifactStatus.ACTIVE:
        versions.filter(status=ArtifactStatus.ACTIVE).update(status=ArtifactStatus.RETIRED)
        current.status = ArtifactStatus.ACTIVE
        current.full_clean()
        current.save()
    return current
