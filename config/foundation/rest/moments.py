"""Moments as callers write them (RFC 3339), in UTC: of the years that have one there."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.dateparse import parse_datetime

MOMENT_REFUSED = "Write a moment as RFC 3339 has it: 2026-03-01T12:00:00Z."


def moment_of(text: str) -> datetime | None:
    """Return the moment in UTC, or None for no moment, one without an offset, or one before year 1 or after 9999."""
    try:
        moment = parse_datetime(text)
        return moment.astimezone(UTC) if moment is not None and moment.tzinfo is not None else None
    except (ValueError, OverflowError):  # the 30th of February; the first hours of year 1 east of Greenwich
        return None


class MomentField(forms.DateTimeField):
    """A moment in a query, with its offset or in UTC."""

    def to_python(self, value: Any) -> datetime | None:
        """Return the moment.

        Raises:
            ValidationError: ``invalid``.
        """
        moment = super().to_python(value)
        try:
            return moment.astimezone(UTC) if moment is not None else None
        except OverflowError:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from None
