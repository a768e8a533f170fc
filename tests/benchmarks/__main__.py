"""Run all benchmarks, or those named: by number (P7) or by what they measure (create_tenant)."""

import argparse
import importlib
import os
import sys
from types import ModuleType

import django

BENCHMARKS = {
    "P7": "create_tenant",
    "P11": "audited_write",
    "P12": "verify_audit",
    "P15": "find_words",
    "P16": "metered_resolve",
}


def main(arguments: list[str]) -> int:
    """Run what is named, print and write the reports; return 0 where every target is met, else 1."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(_known())}; none runs all")
    named = parser.parse_args(arguments).names or list(BENCHMARKS)
    if unknown := [name for name in named if name not in _known()]:
        parser.error(f"no benchmark is called {unknown[0]}; there are {', '.join(_known())}")
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.benchmarks.settings"
    django.setup()
    return 0 if _run([_module(name) for name in named]) else 1


def _run(modules: list[ModuleType]) -> bool:
    from django.conf import settings  # noqa: PLC0415 -- Django is set up by now

    from tests.benchmarks import reports, world  # noqa: PLC0415

    are_met = True
    with world.cluster():
        for module in modules:
            with world.made():  # each its own: none measures what another left behind
                report = module.measure()
                text = reports.write(report, reports.environment(), settings.DATA_DIR / "benchmarks")
            print(text)
            are_met = are_met and all(outcome.is_met is not False for outcome in report.outcomes)
    return are_met


def _known() -> list[str]:
    return [*BENCHMARKS, *BENCHMARKS.values()]


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"tests.benchmarks.{BENCHMARKS.get(name, name)}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
