"""What other apps do when a tenant is made, closed, opened, deleted or restored: in the same transaction, in order."""

from typing import Any, Protocol

from django.db.models import TextChoices

from config.foundation.actor import Actor
from customers.tenants.models import Tenant


class Moment(TextChoices):
    """A turn in the life of a tenant."""

    CREATED = "created", "its rows are written; its schema is not there yet"
    SUSPENDED = "suspended", "it was made inactive or archived"
    RESUMED = "resumed", "it is active again"
    DELETED = "deleted", "it is gone for everybody, and can be restored for a while"
    RESTORED = "restored", "it is back"


class Step(Protocol):
    """What an app does at such a moment; ``owner`` is the person who creates the tenant, and None otherwise."""

    def __call__(self, *, actor: Actor, tenant: Tenant, owner: Any) -> None:
        """Do the app's part; a refusal undoes the whole operation."""


class Counter(Protocol):
    """Counts what a tenant uses of something that a plan may limit."""

    def __call__(self, tenant: Tenant) -> int:
        """Return the count as of now."""


_steps: dict[Moment, list[Step]] = {moment: [] for moment in Moment}
_counters: dict[str, Counter] = {}


def on_lifecycle(moment: Moment, step: Step) -> None:
    """Add a step to a moment; steps run in the order they were added, each once."""
    if step not in _steps[moment]:
        _steps[moment].append(step)


def reach(moment: Moment, *, actor: Actor, tenant: Tenant, owner: Any = None) -> None:
    """Run the steps of a moment, in the transaction of the operation that reached it."""
    for step in _steps[moment]:
        step(actor=actor, tenant=tenant, owner=owner)


def register_usage(name: str, counter: Counter) -> None:
    """Say how a tenant's use of something is counted, by the name that plans limit it by.

    Raises:
        ValueError: the name is counted by another already.
    """
    if _counters.setdefault(name, counter) is not counter:
        raise ValueError(f"the usage {name} is counted twice")


def usage_of(tenant: Tenant) -> dict[str, int]:
    """Return what a tenant uses, by name."""
    return {name: counter(tenant) for name, counter in sorted(_counters.items())}
