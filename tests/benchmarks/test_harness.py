import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.benchmarks import reports
from tests.benchmarks.harness import Comparison, Outcome, Report, Sense, Spread, Variant, compare, time_run

TIMES = st.lists(st.floats(1e-9, 1e6), min_size=1, max_size=20)


class Watch:
    """A clock that moves only when a run says so."""

    def __init__(self):
        self.now_s = 0.0
        self.ran = []

    def variant(self, name, seconds, count=1):
        def run():
            self.ran.append(name)
            self.now_s += seconds

        return Variant(name, run, count=count)


def outcome(subject, reference, sense=Sense.COST, target=None):
    return Outcome("x", sense, target, "a", "b", Spread(tuple(subject)), Spread(tuple(reference)))


def test_variants_run_in_turn_and_the_order_is_turned_each_round():
    watch = Watch()
    comparison = Comparison("x", watch.variant("a", 1), watch.variant("b", 1), rounds=3, warm_ups=1)
    compare(comparison, clock=lambda: watch.now_s)
    assert watch.ran == ["a", "b", "a", "b", "b", "a", "a", "b"]


def test_a_run_is_reported_as_the_time_of_one_operation():
    watch = Watch()
    assert time_run(watch.variant("a", 6.0, count=3), lambda: watch.now_s) == 2.0


def test_what_prepares_a_run_is_not_timed_and_cleans_up_after_an_error():
    watch, done = Watch(), []

    def fail():
        raise ValueError

    def prepare():
        watch.now_s += 100

    quick = Variant("a", watch.variant("a", 1).run, before=prepare)
    assert time_run(quick, lambda: watch.now_s) == 1
    with pytest.raises(ValueError):  # noqa: PT011 -- our own, above
        time_run(Variant("b", fail, after=lambda: done.append(1)))
    assert done == [1]


@pytest.mark.parametrize(
    ("sense", "target", "ratio", "is_met"),
    [
        (Sense.COST, 1.6, 1.5, True),
        (Sense.COST, 1.4, 1.5, False),
        (Sense.RATE, 0.6, 2 / 3, True),
        (Sense.RATE, 0.7, 2 / 3, False),
        (Sense.COST, None, 1.5, None),
    ],
)
def test_a_cost_stays_below_its_target_and_a_rate_above(sense, target, ratio, is_met):
    found = outcome([3.0, 30.0, 0.3], [2.0, 2.0, 2.0], sense, target)
    assert found.ratio == pytest.approx(ratio)
    assert found.is_met is is_met


@given(subject=TIMES, reference=TIMES)
def test_a_rate_is_the_reciprocal_of_a_cost_round_by_round(subject, reference):
    size = min(len(subject), len(reference))
    cost, rate = (outcome(subject[:size], reference[:size], sense) for sense in (Sense.COST, Sense.RATE))
    for one, other in zip(cost.ratios.values, rate.ratios.values, strict=True):
        assert one * other == pytest.approx(1)
    assert cost.ratios.least <= cost.ratios.median <= cost.ratios.most


def test_a_comparison_without_rounds_is_refused():
    watch = Watch()
    with pytest.raises(ValueError, match="at least one round"):
        compare(Comparison("x", watch.variant("a", 1), watch.variant("b", 1), rounds=0))


def test_a_report_is_written_for_machines_and_for_people(tmp_path):
    report = Report("P0", "nothing", (outcome([0.002, 0.004], [0.001, 0.001], target=1.6),), ("a note",))
    text = reports.write(report, {"cores": 2}, tmp_path)
    assert "| x | a: 3 ms (2 ms to 4 ms) | b: 1 ms (1 ms to 1 ms) | **3** (2 to 4) | ≤ 1.6: missed |" in text
    assert "* a note" in text
    stored = json.loads((tmp_path / "P0.json").read_text())
    assert stored["environment"] == {"cores": 2}
    assert stored["outcomes"][0]["is_met"] is False
    assert stored["outcomes"][0]["subject"]["seconds"]["rounds"] == [0.002, 0.004]


@pytest.mark.parametrize(
    ("seconds", "text"), [(2.5, "2.5 s"), (0.0123, "12.3 ms"), (4.2e-6, "4.2 µs"), (1e-9, "0.001 µs")]
)
def test_durations_are_written_in_the_unit_that_reads_best(seconds, text):
    assert reports.duration(seconds) == text
