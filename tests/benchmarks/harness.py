"""Comparisons: two ways to do a thing, run in turn, so that what the machine does meanwhile falls on both alike.

A *variant* is one way; a *run* performs it ``count`` times and is timed as a whole; a *round* runs each variant once,
and the next round in the opposite order. What is reported is the cost of one operation: median, least and most over the
rounds. The ratio is that of the medians; beside it stands the spread of the ratios within a round.
"""

import enum
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median

Clock = Callable[[], float]


def _nothing() -> None:
    pass


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to do a thing: ``run`` does it ``count`` times; ``before`` and ``after`` are not timed."""

    name: str
    run: Callable[[], object]
    count: int = 1
    before: Callable[[], object] = _nothing
    after: Callable[[], object] = _nothing


class Sense(enum.Enum):
    """What the ratio divides, and which side of its target is good."""

    COST = "cost"  # the subject's time ÷ the reference's, at most the target
    RATE = "rate"  # the subject's operations a second ÷ the reference's, at least the target


@dataclass(frozen=True, slots=True)
class Spread:
    """Median, least and most of what was measured, in the order of the rounds."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """Return the middle value."""
        return median(self.values)

    @property
    def least(self) -> float:
        """Return the smallest value."""
        return min(self.values)

    @property
    def most(self) -> float:
        """Return the greatest value."""
        return max(self.values)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is compared: a subject with a reference, and the target of their ratio where there is one."""

    title: str
    subject: Variant
    reference: Variant
    sense: Sense = Sense.COST
    target: float | None = None
    rounds: int = 7
    warm_ups: int = 1


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a comparison came to; times are seconds an operation."""

    title: str
    sense: Sense
    target: float | None
    subject: str
    reference: str
    subject_s: Spread
    reference_s: Spread
    notes: tuple[str, ...] = field(default=())

    @property
    def ratio(self) -> float:
        """Return the ratio of the medians."""
        return _ratio(self.sense, self.subject_s.median, self.reference_s.median)

    @property
    def ratios(self) -> Spread:
        """Return the ratios within the rounds."""
        pairs = zip(self.subject_s.values, self.reference_s.values, strict=True)
        return Spread(tuple(_ratio(self.sense, subject, reference) for subject, reference in pairs))

    @property
    def is_met(self) -> bool | None:
        """Tell whether the ratio of the medians keeps to the target; None where there is none."""
        if self.target is None:
            return None
        return self.ratio <= self.target if self.sense is Sense.COST else self.ratio >= self.target


@dataclass(frozen=True, slots=True)
class Report:
    """All that a benchmark found."""

    key: str
    title: str
    outcomes: tuple[Outcome, ...]
    notes: tuple[str, ...] = field(default=())


def compare(
    comparison: Comparison, *, clock: Clock = time.perf_counter, notes: Sequence[str] = ()
) -> Outcome:
    """Run both variants of a comparison in turn and return what they cost.

    Raises:
        ValueError: no rounds.
    """
    if comparison.rounds < 1:
        raise ValueError("a comparison needs at least one round")
    variants = (comparison.subject, comparison.reference)
    for _ in range(comparison.warm_ups):
        for variant in variants:
            time_run(variant, clock)
    costs: dict[int, list[float]] = {0: [], 1: []}
    for turn in range(comparison.rounds):
        for side in (0, 1) if turn % 2 == 0 else (1, 0):
            costs[side].append(time_run(variants[side], clock))
    return Outcome(
        title=comparison.title,
        sense=comparison.sense,
        target=comparison.target,
        subject=comparison.subject.name,
        reference=comparison.reference.name,
        subject_s=Spread(tuple(costs[0])),
        reference_s=Spread(tuple(costs[1])),
        notes=tuple(notes),
    )


def time_run(variant: Variant, clock: Clock = time.perf_counter) -> float:
    """Run a variant once and return the seconds that one operation took."""
    variant.before()
    try:
        start = clock()
        variant.run()
        return (clock() - start) / variant.count
    finally:
        variant.after()


def _ratio(sense: Sense, subject_s: float, reference_s: float) -> float:
    return subject_s / reference_s if sense is Sense.COST else reference_s / subject_s
