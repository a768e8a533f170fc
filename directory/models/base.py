"""The base of every table that people and programs write: what no row of the directory ever holds."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django.core.exceptions import ValidationError

from config.foundation.rows import TenantRow
from directory.validators.secrets import refuse_secrets, shortened, too_long


class DirectoryRow(TenantRow):
    """A row that refuses card numbers, private keys and sealed values in each of its texts, lists and JSON."""

    class Meta:
        abstract = True

    def full_clean(self, exclude: Iterable[str] | None = None, *args: Any, **kwargs: Any) -> None:
        """Validate the row; where it holds a secret, nothing else is asked that might repeat it.

        Raises:
            ValidationError: ``possible_card_number``, ``private_key_refused``, or what the row breaks otherwise.
        """
        excluded = set(exclude or ())
        refused = refuse_secrets(self, excluded)
        if refused:
            raise ValidationError(refused | self._faults_of_columns({*excluded, *refused}))
        super().full_clean(excluded, *args, **kwargs)

    def clean_fields(self, exclude: Collection[str] | None = None) -> None:
        """Validate each column, secrets first.

        Raises:
            ValidationError: by field; a value longer than 64 characters is not repeated.
        """
        refused = refuse_secrets(self, exclude or ())
        faults = refused | self._faults_of_columns({*(exclude or ()), *refused})
        if faults:
            raise ValidationError(faults)

    def clean_secrets(self) -> None:
        """Search the row for secrets alone, for imports that check its other columns by their own rules.

        Raises:
            ValidationError: ``possible_card_number``, ``private_key_refused`` or ``invalid``, by field.
        """
        refused = refuse_secrets(self)
        if refused:
            raise ValidationError(refused)

    def _faults_of_columns(self, excluded: set[str]) -> dict[str, Any]:
        faults: dict[str, Any] = dict(too_long(self, excluded))
        try:
            super().clean_fields(excluded)
        except ValidationError as error:
            faults |= shortened(error).error_dict
        return faults
