"""``manage.py check_tenancy``: whether all that belongs to tenants fits together."""

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from config.consistency import Finding, find_faults
from config.foundation.errors import first_line
from config.foundation.rows import public_schema
from customers.tenants.models import Tenant


class Command(BaseCommand):
    """Name what does not fit; exit code 1 when anything of it is an error. Changes nothing."""

    help = "Check owners, hosts, the tree, names, schemas, roles and makers of rows; name each fault and its remedy."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--tenant", metavar="SLUG", default="", help="one tenant instead of all")
        parser.add_argument("--json", action="store_true", help="one JSON document instead of lines")

    def handle(self, *, tenant: str, json: bool, **options: Any) -> None:  # noqa: ARG002 -- Django's signature
        """Check and say what was found."""
        try:
            with public_schema():
                if tenant and not Tenant.objects.tenants().filter(slug=tenant).exists():
                    raise CommandError(f"there is no tenant {tenant!r}")
                findings = list(find_faults(tenant))
        except DatabaseError as error:
            raise CommandError(f"the database refused: {first_line(error)}") from None
        self.stdout.write(_as_json(findings) if json else _as_lines(findings))
        if any(finding.is_error for finding in findings):
            sys.exit(1)


def _as_json(findings: list[Finding]) -> str:
    return json.dumps({"findings": [finding.as_dict() for finding in findings]}, indent=2)


def _as_lines(findings: list[Finding]) -> str:
    lines = [
        f"{'error' if each.is_error else 'warning'} {each.code} {each.subject}: {each.detail}; {each.remedy}"
        for each in findings
    ]
    errors = sum(finding.is_error for finding in findings)
    return "\n".join([*lines, f"{errors} errors, {len(findings) - errors} warnings"])
