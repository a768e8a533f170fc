"""Reports of benchmarks: JSON for machines, Markdown for people."""

import json
import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.db import connections

from config.foundation.schemas import OWNER_ALIAS
from tests.benchmarks.harness import Outcome, Report, Sense, Spread

ROOT = Path(__file__).resolve().parents[2]


def environment() -> dict[str, Any]:
    """Return where the numbers come from: {"date", "commit", "cores", "python", "postgresql", "fsync"}."""
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    with connections[OWNER_ALIAS].cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version'), current_setting('fsync')")
        version, fsync = cursor.fetchone()
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit.stdout.strip() or "unknown",
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "python": platform.python_version(),
        "postgresql": version,
        "fsync": fsync,
    }


def write(report: Report, found_in: dict[str, Any], directory: Path) -> str:
    """Write ``<key>.json`` and ``<key>.md`` into the directory and return the Markdown."""
    directory.mkdir(parents=True, exist_ok=True)
    text = markdown(report, found_in)
    (directory / f"{report.key}.md").write_text(text, encoding="utf-8")
    content = json.dumps(as_json(report, found_in), indent=2, ensure_ascii=False)
    (directory / f"{report.key}.json").write_text(content + "\n", encoding="utf-8")
    return text


def as_json(report: Report, found_in: dict[str, Any]) -> dict[str, Any]:
    """Return a report as JSON can hold it, every single measurement included."""
    return {
        "benchmark": report.key,
        "title": report.title,
        "environment": found_in,
        "notes": list(report.notes),
        "outcomes": [_outcome(outcome) for outcome in report.outcomes],
    }


def markdown(report: Report, found_in: dict[str, Any]) -> str:
    """Return a report as a table for people."""
    lines = [
        f"## {report.key}: {report.title}",
        "",
        ", ".join(f"{name} {value}" for name, value in found_in.items()),
        "",
        "| What | subject, median (min to max) | reference, median (min to max) | ratio (per round) | target |",
        "|---|---|---|---|---|",
        *(_line(outcome) for outcome in report.outcomes),
    ]
    notes = [
        *report.notes,
        *(f"{outcome.title}: {note}" for outcome in report.outcomes for note in outcome.notes),
    ]
    if notes:
        lines += ["", *(f"* {note}" for note in notes)]
    return "\n".join(lines) + "\n"


def duration(seconds: float) -> str:
    """Return a duration in the unit that reads best, with three digits."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-6:.3g} µs"


def _line(outcome: Outcome) -> str:
    ratios = outcome.ratios
    cells = (
        outcome.title,
        f"{outcome.subject}: {_times(outcome.subject_s)}",
        f"{outcome.reference}: {_times(outcome.reference_s)}",
        f"**{outcome.ratio:.3g}** ({ratios.least:.3g} to {ratios.most:.3g})",
        _target(outcome),
    )
    return f"| {' | '.join(cells)} |"


def _times(spread: Spread) -> str:
    return f"{duration(spread.median)} ({duration(spread.least)} to {duration(spread.most)})"


def _target(outcome: Outcome) -> str:
    if outcome.target is None:
        return "none"
    sign = "≤" if outcome.sense is Sense.COST else "≥"
    return f"{sign} {outcome.target:g}: {'met' if outcome.is_met else 'missed'}"


def _outcome(outcome: Outcome) -> dict[str, Any]:
    return {
        "title": outcome.title,
        "sense": outcome.sense.value,
        "target": outcome.target,
        "is_met": outcome.is_met,
        "ratio": outcome.ratio,
        "ratios": _spread(outcome.ratios),
        "subject": {"name": outcome.subject, "seconds": _spread(outcome.subject_s)},
        "reference": {"name": outcome.reference, "seconds": _spread(outcome.reference_s)},
        "notes": list(outcome.notes),
    }


def _spread(spread: Spread) -> dict[str, Any]:
    return {"median": spread.median, "min": spread.least, "max": spread.most, "rounds": list(spread.values)}
