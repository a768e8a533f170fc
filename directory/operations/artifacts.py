"""Versions of routing artifacts: put in force, and retired."""

from config.foundation.actor import Actor, operation
from directory.enums import ArtifactStatus
from directory.models import RoutingArtifact
from directory.operations.locking import Check, lock_versions, unchecked


@operation(verb="activate")
def activate_artifact(
    *,
    actor: Actor,  # noqa: ARG001 -- read by the decorator
    artifact: RoutingArtifact,
    check: Check = unchecked,
    reason: str = "",  # noqa: ARG001 -- read by the decorator
) -> RoutingArtifact:
    """Put a version of an artifact in force and retire the one that was; activating that one again undoes it.

    An active version stays as it is.

    Raises:
        Refused: ``not_found``, where the version was deleted meanwhile.
    """
    current, versions = lock_versions(artifact.pk)
    check(current)
    if current.status != ArtifactStatus.ACTIVE:
        versions.filter(status=ArtifactStatus.ACTIVE).update(status=ArtifactStatus.RETIRED)
        current.status = ArtifactStatus.ACTIVE
        current.full_clean()
        current.save()
    return current
