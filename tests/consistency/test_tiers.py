"""Every column of every domain table declares how sensitive it is, once."""

from collections import Counter

import pytest
from django.apps import apps
from django.apps.registry import Apps
from django.db import models

from config.foundation.rows import STAMPS, Row
from config.foundation.tiers import Tiers

UNDECLARED = {"id", *STAMPS}
ROWS = sorted(
    (model for model in apps.get_models() if issubclass(model, Row)), key=lambda model: model._meta.label
)


def faults(model: type[Row]) -> list[str]:
    """Return a sentence for each column without exactly one tier, and each tier of no column."""
    declared = Counter(model.tiers)
    columns = {field.name for field in model._meta.concrete_fields} - UNDECLARED
    return [
        *(f"{name} has {declared[name]} tiers" for name in sorted(columns) if declared[name] != 1),
        *(f"{name} is no column" for name in sorted(set(declared) - columns)),
    ]


@pytest.mark.parametrize("model", ROWS, ids=lambda model: model._meta.label)
def test_every_column_has_exactly_one_tier(model):
    assert faults(model) == []


def test_a_missing_a_doubled_and_a_stray_tier_are_found():
    class Careless(Row):
        tiers = Tiers(plain=("twice", "stray"), personal=("twice",))
        twice = models.TextField()
        missing = models.TextField()

        class Meta:
            app_label = "directory"
            apps = Apps()

        def __str__(self) -> str:
            return self.twice

    assert faults(Careless) == ["missing has 0 tiers", "twice has 2 tiers", "stray is no column"]
