"""What was decided of each page of the two admin sites: which privileges open it, and how strangers are refused.

A page without an entry fails the journey, and so does an entry without a page.
"""

from collections.abc import Mapping
from dataclasses import dataclass

# How each who may not is answered at acme's site and on the platform's; pages that are open answer everybody alike.
AT_ACME: Mapping[str, int] = {"anonymous": 302, "outsider": 404, "globex_owner": 404, "clerk": 404}
ON_PLATFORM: Mapping[str, int] = {"anonymous": 302, "outsider": 403, "globex_owner": 403, "acme_owner": 403}
LACKING = 403

ENTRY = "tenant.admin"
Needs = tuple[str, ...]  # any one of them is enough; none are needed beyond being let in where it is empty
NOBODY: Needs = ("nobody",)  # a privilege that there is not: refused to whoever was let in


@dataclass(frozen=True)
class PageDecision:
    """What looking at a page needs, and what submitting it; ``is_open`` without being signed in."""

    get: Needs = ()
    post: Needs = ()
    is_open: bool = False


OPEN = PageDecision(is_open=True)
LET_IN = PageDecision()
READ: Needs = ("directory.read",)
MANAGE: Needs = ("directory.manage",)
READ_OR_MANAGE: Needs = ("directory.read", "directory.manage")
AUDIT: Needs = ("view_audit",)
TOKENS: Needs = ("tokens.manage",)
PERMISSION: Needs = ("permission",)  # Django's, which the platform's staff hold of each table

# A history leads on to the chain's page and the bare address to the row's; these two ask.
WRITTEN = {
    "changelist": PageDecision(READ_OR_MANAGE, READ_OR_MANAGE),
    "add": PageDecision(MANAGE, MANAGE),
    "change": PageDecision(READ_OR_MANAGE, MANAGE),
    "delete": PageDecision(MANAGE, MANAGE),
    "history": LET_IN,
    "bare": LET_IN,
}
BY_API = "as_api"
SHOWN_BY_API = WRITTEN | {BY_API: PageDecision(READ_OR_MANAGE, READ_OR_MANAGE)}


def _looked_at(needs: Needs) -> dict[str, PageDecision]:
    never = PageDecision(NOBODY, NOBODY)
    shown = {
        "changelist": PageDecision(needs, needs),
        "change": PageDecision(needs, NOBODY),
        BY_API: PageDecision(needs, needs),
    }
    return {**WRITTEN, **shown, "add": never, "delete": never}


def _with_tokens(needs: Needs) -> dict[str, PageDecision]:
    asked = PageDecision(needs, needs)
    return {view: asked if decision.get else decision for view, decision in WRITTEN.items()} | {
        "rotate": asked
    }


def _administered() -> dict[str, PageDecision]:
    asked = PageDecision(PERMISSION, PERMISSION)
    return {view: asked if decision.get else decision for view, decision in WRITTEN.items()}


TABLES: Mapping[str, dict[str, PageDecision]] = {
    "directory_participant": SHOWN_BY_API,
    "directory_identifier": SHOWN_BY_API,
    "directory_endpoint": SHOWN_BY_API,
    "directory_capability": SHOWN_BY_API,
    "directory_credential": SHOWN_BY_API,
    "directory_routingartifact": {**SHOWN_BY_API, "activate_one": PageDecision(MANAGE, MANAGE)},
    "directory_prefixrule": SHOWN_BY_API,
    "directory_policy": SHOWN_BY_API,
    "directory_edge": SHOWN_BY_API,
    "directory_source": SHOWN_BY_API,
    "directory_sourcerun": _looked_at(READ),
    "directory_probe": SHOWN_BY_API,
    "audit_auditevent": _looked_at(AUDIT),
    "audit_consent": _looked_at(AUDIT),
    "requests_job": {
        **_looked_at(AUDIT),
        "start": PageDecision(AUDIT, AUDIT),
        "cancel": PageDecision(AUDIT, AUDIT),
    },
}
TENANT_TABLES: Mapping[str, dict[str, PageDecision]] = {
    "identity_apitoken": _with_tokens(TOKENS) | {BY_API: PageDecision(TOKENS, TOKENS)}
}
PLATFORM_TABLES: Mapping[str, dict[str, PageDecision]] = {
    "audit_consent": {view: one for view, one in _looked_at(AUDIT).items() if view != BY_API},
    "tenants_tenant": {
        **_administered(),
        "restore": PageDecision(PERMISSION, PERMISSION),
        "provision": PageDecision(PERMISSION, PERMISSION),
    },
    "tenants_domain": _administered(),
    "tenants_placement": _administered(),
    "identity_user": _administered(),
    "identity_membership": _administered(),
    "identity_role": _administered(),
    "identity_privilege": _administered(),
    "identity_apitoken": _with_tokens(PERMISSION),
    "requests_ratebucket": _administered(),
}
SITE_PAGES: Mapping[str, PageDecision] = {
    "index": LET_IN,
    "app_list": LET_IN,
    "search": LET_IN,
    "login": OPEN,
    "logout": LET_IN,
    "password_change": LET_IN,
    "password_change_done": LET_IN,
    "autocomplete": PageDecision(get=READ),  # what it finds are rows of the directory
    "jsi18n": LET_IN,
    "view_on_site": LET_IN,
    "catch_all": LET_IN,
}


def _of_site(site: str, tables: Mapping[str, dict[str, PageDecision]]) -> dict[str, PageDecision]:
    of_tables = {
        f"{site}:{table}_{view}": decision
        for table, views in tables.items()
        for view, decision in views.items()
    }
    return of_tables | {f"{site}:{name}": decision for name, decision in SITE_PAGES.items()}


PAGE_DECISIONS: dict[str, PageDecision] = {
    **_of_site("tenant", {**TABLES, **TENANT_TABLES, "requests_savedfilter": SHOWN_BY_API}),
    **_of_site("platform", {**TABLES, **PLATFORM_TABLES}),
}
