"""Kinds of long work: each app enters its own, and whoever keeps and runs jobs lies above the foundation."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypedDict
from uuid import UUID

from config.foundation.actor import Actor


class JobError(TypedDict, total=False):
    """One thing that went wrong: ``pointer`` into the input, or ``row`` of what was read, where it has a place."""

    code: str
    detail: str
    pointer: str
    row: int


class Running(Protocol):
    """A job while it runs, as the code that does its work sees it."""

    job_id: UUID
    actor: Actor
    schema: str
    given: Mapping[str, Any]

    def tick(self, done: int, total: int | None = None, message: str = "") -> None:
        """Say how far the work is; often is fine.

        Raises:
            JobStopped: somebody asked for an end, or the worker stops. Let it through: it rolls the work back.
        """

    def finish(self, result: Mapping[str, Any], errors: Sequence[JobError] = ()) -> None:
        """Note the success, in the transaction of the work: neither is there without the other."""


class JobStopped(BaseException):
    """A job ends before its work is done: at somebody's request, or because the worker stops."""


@dataclass(frozen=True, slots=True)
class JobKind:
    """A kind of long work.

    ``perform`` does it in one transaction, with the job's schema selected and its actor acting, and returns the result.
    One that ``commits_itself`` is called outside of a transaction and calls ``finish`` in its own. ``privilege`` is
    what starting it needs; who holds it may also stop it. On the platform's pages that is Django's ``permission``.
    """

    name: str
    title: str
    privilege: str
    perform: Callable[[Running], Mapping[str, Any] | None]
    permission: str
    commits_itself: bool = False
    is_of_platform: bool = False  # it works on the global directory, and is started there alone


class JobKinds:
    """Every kind of job of the product, fed by each app's ``ready()``."""

    def __init__(self) -> None:
        self._kinds: dict[str, JobKind] = {}

    def register(self, *kinds: JobKind) -> None:
        """Add kinds.

        Raises:
            ValueError: the name is taken by another kind.
        """
        for kind in kinds:
            if self._kinds.setdefault(kind.name, kind) != kind:
                raise ValueError(f"job kind {kind.name} is registered twice")

    def get(self, name: str) -> JobKind | None:
        """Return a kind; None for one that this program does not know."""
        return self._kinds.get(name)

    def all(self) -> list[JobKind]:
        """Return every kind, by name."""
        return sorted(self._kinds.values(), key=lambda kind: kind.name)


job_kinds = JobKinds()
