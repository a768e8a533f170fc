"""Answers that are kept for repetitions of a call; whoever keeps them lies above the foundation."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Call:
    """A call that its caller may repeat: the same one has the same ``principal``, ``method``, ``path`` and ``key``.

    ``principal`` is the actor as the chain writes it, ``path`` that within the tenant, ``body`` the body as canonical
    JSON, by which a repetition is told from another call under the same key.
    """

    principal: str
    method: str
    path: str
    key: str
    body: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call was answered; ``revealed`` are the ids of the rows whose confidential values the body shows."""

    status: int
    headers: Mapping[str, str]
    body: str = field(repr=False)
    revealed: tuple[str, ...] = ()


class AnswerStore(Protocol):
    """Keeps answers in the selected schema, in the transaction of what they answer."""

    def find(self, call: Call) -> Answer | None:
        """Return the answer that a call was given; None reserves the call for the rest of the transaction.

        Raises:
            Refused: ``idempotency_in_progress``, ``idempotency_mismatch``.
        """

    def keep(self, call: Call, answer: Answer) -> None:
        """Keep the answer of a call that is reserved.

        Raises:
            Refused: ``idempotency_in_progress``, somebody answered it meanwhile.
        """


_stores: list[AnswerStore] = []


def keep_answers_in(store: AnswerStore) -> None:
    """Enter the store of answers, in place of an earlier one."""
    _stores[:] = [store]


def answer_store() -> AnswerStore:
    """Return the store of answers.

    Raises:
        LookupError: none was entered.
    """
    if not _stores:
        raise LookupError("no store of answers was entered")
    return _stores[0]
