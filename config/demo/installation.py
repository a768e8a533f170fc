"""Installs the demonstration: each step is whole or absent, and the next run leaves alone what was done."""

from copy import deepcopy
from datetime import datetime
from pathlib import Path

from django.core.management import call_command
from django.core.management.base import OutputWrapper

from audit.operations.verifications import VERIFICATION
from audit.requests.models import Job
from audit.requests.operations import start_job
from config.demo import acme, globex
from config.demo.consents import Part, write_consents
from config.demo.filters import write_filters
from config.demo.logins import Logins, TenantLogins, new_login, read_logins, write_logins
from config.demo.parties import Book
from config.demo.people import (
    FIRMS,
    OPERATOR,
    Firm,
    ensure_membership,
    ensure_tenant,
    ensure_token,
    ensure_user,
)
from config.demo.programs import ensure_programs
from config.demo.writing import Writer
from config.foundation.actor import Actor, request_context
from config.foundation.rows import public_schema
from customers.identity.models import User
from customers.tenants.models import Tenant
from customers.tenants.operations import bootstrap_platform
from directory.enums import RunState
from directory.models import SourceRun

ACTOR = Actor.system("demo")
BOOKS: dict[str, Book] = {"acme": acme.BOOK, "globex": globex.BOOK}
IMPORTS = {"bic": "import_bic", "numbering": "import_numbering"}  # source: command


def install(*, url: str, file: Path, now: datetime, output: OutputWrapper) -> Logins:
    """Install what is missing and return how to sign in, which ``file`` keeps.

    Args:
        url: where the platform is served, without a slash at its end.
        file: the log-ins of an earlier run; without it, passwords and tokens are made anew, the old are void.
        now: what the example data's days are counted from.
        output: takes progress lines.

    Raises:
        DemoFileError: the file is there, but cannot be read.
        CommandError: an import was refused.
    """
    now = now.replace(microsecond=0)  # forms show none, and would tell of a change
    earlier = read_logins(file)
    logins = _completed(earlier, url)
    _keep(file, logins, earlier)  # before people are made with them: a run cut off here goes on with the same
    with public_schema(), request_context(request_id=f"demo {now:%Y-%m-%dT%H:%M:%SZ}"):
        output.write("demo: platform and operator")
        bootstrap_platform(actor=ACTOR)
        ensure_user(actor=ACTOR, login=logins["operator"], person=OPERATOR, is_operator=True)
        admins = {}
        for firm in FIRMS:
            output.write(f"demo: {firm.name}")
            people = _admit(firm, logins, file, now)
            with Tenant.objects.get(slug=firm.slug):
                write_consents(slug=firm.slug, people=people, now=now)
                write_filters(slug=firm.slug, people=people)
            admins[firm.slug] = people["admin"]
        _import_public_data(output)
        for firm in FIRMS:
            output.write(f"demo: directory of {firm.name}")
            with Tenant.objects.get(slug=firm.slug):
                Writer(actor=ACTOR, now=now).write(BOOKS[firm.slug])
                _ask_for_verification(admins[firm.slug])
        _ask_for_verification(User.objects.get(email=logins["operator"]["email"]))
    return logins


def _admit(firm: Firm, logins: Logins, file: Path, now: datetime) -> dict[Part, User]:
    """Let the firm's people in, and return them by their part."""
    kept = logins["tenants"][firm.slug]
    admin = ensure_user(actor=ACTOR, login=kept["admin"], person=firm.admin)
    member = ensure_user(actor=ACTOR, login=kept["member"], person=firm.member)
    tenant = ensure_tenant(actor=ACTOR, firm=firm, owner=admin)
    ensure_membership(actor=ACTOR, user=admin, tenant=tenant, role=firm.admin.role)
    ensure_membership(actor=ACTOR, user=member, tenant=tenant, role=firm.member.role)
    earlier = deepcopy(logins)
    kept["token"] = ensure_token(actor=ACTOR, user=admin, tenant=tenant, kept=kept["token"], now=now)
    _keep(file, logins, earlier)
    ensure_programs(actor=ACTOR, user=admin, tenant=tenant, now=now)
    return {"admin": admin, "member": member}


def _import_public_data(output: OutputWrapper) -> None:
    """Run the imports that never succeeded; to renew the data, their commands are run by themselves."""
    for source, command in IMPORTS.items():
        runs = SourceRun.objects.filter(source__name=source, state=RunState.SUCCEEDED)
        if not runs.exists():
            call_command(command, stdout=output)


def _ask_for_verification(person: User) -> None:
    """Have the chain of the selected schema verified once, by whoever works there first."""
    if not Job.objects.filter(kind=VERIFICATION.name).exists():
        start_job(actor=Actor.user(person.pk), kind=VERIFICATION)


def _completed(earlier: Logins | None, url: str) -> Logins:
    """Return the earlier log-ins at this address, with new ones for whoever lacks them."""
    kept = earlier["tenants"] if earlier else {}
    operator = earlier["operator"] if earlier else new_login("operator@switchboard.example")
    tenants = {firm.slug: deepcopy(kept.get(firm.slug)) or _new_tenant(firm) for firm in FIRMS}
    for slug, tenant in tenants.items():
        tenant["url"] = f"{url}/t/{slug}/"
    return {"url": url, "operator": operator, "tenants": tenants}


def _new_tenant(firm: Firm) -> TenantLogins:
    admin, member = (new_login(f"{role}@{firm.slug}.example") for role in ("admin", "member"))
    return {"url": "", "admin": admin, "member": member, "token": ""}


def _keep(file: Path, logins: Logins, earlier: Logins | None) -> None:
    if logins != earlier:
        write_logins(file, logins)
