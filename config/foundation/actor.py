"""Who acts, told to the database in the transaction that acts, where the audit triggers read it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any, ParamSpec, TypeVar
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections, transaction
from psycopg import sql

from config.foundation.constraints import translated

P = ParamSpec("P")
R = TypeVar("R")

LOCK_TIMEOUT_MS = 10_000
REASON_MAX_LENGTH = 500


@dataclass(frozen=True, slots=True)
class Actor:
    """One who acts, as the audit chain writes it: ``user:<uuid>``, ``token:<key id>``, ``system:<command>`` and so on.

    ``user_id`` is the person on whose behalf a token acts, or the person; it fills ``created_by`` and ``updated_by``.
    """

    kind: str
    reference: str
    user_id: UUID | None = None

    def __str__(self) -> str:
        return f"{self.kind}:{self.reference}"

    @classmethod
    def user(cls, user_id: UUID) -> "Actor":
        """Return the actor of a person who is signed in."""
        return cls("user", str(user_id), user_id)

    @classmethod
    def token(cls, key_id: str, user_id: UUID) -> "Actor":
        """Return the actor of an API token, acting for its user."""
        return cls("token", key_id, user_id)

    @classmethod
    def caller(cls, user: Any, token: Any) -> "Actor":
        """Return the actor of an API call: the token's, or without one the person's."""
        key_id = getattr(token, "key_id", "")
        return cls.token(key_id, user.pk) if key_id else cls.user(user.pk)

    @classmethod
    def system(cls, command: str) -> "Actor":
        """Return the actor of a management command or a timer."""
        return cls("system", command)


@dataclass(frozen=True, slots=True)
class Act:
    """What the database is told about the current act; empty strings mean "not said"."""

    actor: Actor | None = None
    verb: str = ""
    reason: str = ""
    request_id: str = ""


_NOTHING_SAID = Act()
_current: ContextVar[Act] = ContextVar("switchboard_act", default=_NOTHING_SAID)


def current_act() -> Act:
    """Return the act this code runs in."""
    return _current.get()


@contextmanager
def request_context(*, request_id: str, reason: str = "") -> Iterator[None]:
    """Name the request (or command run) that everything inside belongs to; no statement is sent for it."""
    mark = _current.set(replace(_current.get(), request_id=request_id, reason=reason[:REASON_MAX_LENGTH]))
    try:
        yield
    finally:
        _current.reset(mark)


@contextmanager
def acting(
    actor: Actor, *, verb: str = "", reason: str = "", using: str = DEFAULT_DB_ALIAS
) -> Iterator[None]:
    """Run the block in one transaction whose audit events carry this actor, verb and reason.

    Nested acts keep the outer reason where they give none, and restore what the outer act had said when they end.
    """
    outer = _current.get()
    act = replace(outer, actor=actor, verb=verb, reason=(reason or outer.reason)[:REASON_MAX_LENGTH])
    mark = _current.set(act)
    try:
        with transaction.atomic(using=using):
            announce(act, using=using)
            yield
        if connections[using].in_atomic_block:  # the outer transaction goes on: it is the outer act's again
            announce(outer, using=using)
    finally:
        _current.reset(mark)


def announce(act: Act, *, using: str = DEFAULT_DB_ALIAS) -> None:
    """Tell the running transaction who acts.

    Quoted ``SET LOCAL`` and not ``set_config()``: only the former reaches the workers of a distributed server.
    """
    user_id = act.actor.user_id if act.actor else None
    settings = {
        "switchboard.actor": str(act.actor or ""),
        "switchboard.user_id": str(user_id or ""),
        "switchboard.verb": act.verb,
        "switchboard.reason": act.reason,
        "switchboard.request_id": act.request_id,
        "lock_timeout": f"{LOCK_TIMEOUT_MS}ms",
    }
    statement = sql.SQL("; ").join(
        sql.SQL("SET LOCAL {} = {}").format(sql.SQL(name), sql.Literal(value.replace("\x00", "")))
        for name, value in settings.items()
    )
    with connections[using].cursor() as cursor:
        cursor.execute(statement.as_string(cursor.connection))


def operation(*, verb: str = "") -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a function an operation: one transaction, acted by its keyword ``actor``, named ``verb`` in the chain.

    A keyword ``reason`` of the call, where the function takes one, is written to the chain as well. What only the
    database could refuse, because another transaction came first, is refused in the words of the models.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @wraps(function)
        def perform(*args: P.args, **kwargs: P.kwargs) -> R:
            actor, reason = kwargs["actor"], kwargs.get("reason") or ""
            if not isinstance(actor, Actor) or not isinstance(reason, str):
                raise TypeError(
                    f"{function.__qualname__} needs actor=Actor(...) and, if any, a text as reason"
                )
            with translated(), acting(actor, verb=verb, reason=reason):
                return function(*args, **kwargs)

        return perform

    return decorate
