"""Every list of both administrations is searched, filtered, sorted, paged and taken away."""

import csv
import io
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl

import pytest
from django.contrib.admin.views.main import PAGE_VAR
from django.test import Client
from django.utils import timezone

from audit.models import Consent
from audit.operations.verifications import VERIFICATION
from audit.requests.models import RateBucket
from audit.requests.operations import start_job
from config.foundation.rows import public_schema
from config.foundation.tiers import Tiers
from config.sites import platform_site, tenant_site
from tests.cast import ACTOR
from tests.config.test_api_pages import fill_acme, signed_in
from tests.directory.rest.conftest import fill

TERMS = ("a", "0a0a0a0a-0a0a-0a0a-0a0a-0a0a0a0a0a0a", "'\"%_\\é", "\x00")
SITES = {"tenant": ("/t/acme/admin/", tenant_site), "platform": ("/admin/", platform_site)}
LISTS = [
    pytest.param(site, model, id=f"{site}-{model._meta.label}")
    for site, (_root, pages) in SITES.items()
    for model in pages._registry
    if model._meta.app_label != "auth"
]
EMPTY = {("platform", Consent)}
GARBAGE = ("nonsense", "\x00")


@pytest.fixture
def browse(acme: Any, operator: Any, acme_admin: Any) -> Any:
    """Return a function that opens a list of a site that is filled."""
    fill_acme()
    now = timezone.now()
    with public_schema():
        fill(1)
        start_job(actor=ACTOR, kind=VERIFICATION)
        RateBucket.objects.create(
            policy="address", subject="192.0.2.7", quota=600, used=12, granted=12, starts_at=now,
            ends_at=now + timedelta(minutes=1),
        )  # fmt: skip
    clients = {"tenant": signed_in(acme_admin), "platform": signed_in(operator)}

    def open_list(site: str, model: Any, query: Any = None) -> Any:
        client: Client = clients[site]
        meta = model._meta
        return client.get(f"{SITES[site][0]}{meta.app_label}/{meta.model_name}/", query or {})

    return open_list


@pytest.mark.parametrize(("site", "model"), LISTS)
def test_a_list_is_searched_by_whatever_is_typed(site: str, model: Any, browse: Any) -> None:
    assert SITES[site][1]._registry[model].search_fields
    for term in TERMS:
        assert browse(site, model, {"q": term}).status_code == 200, repr(term)


@pytest.mark.parametrize(("site", "model"), LISTS)
def test_a_list_is_filtered_by_each_choice_that_it_offers(site: str, model: Any, browse: Any) -> None:
    offered = browse(site, model).context["cl"]
    assert SITES[site][1]._registry[model].list_filter
    for one in offered.filter_specs:
        for choice in one.choices(offered):
            query = dict(parse_qsl(choice.get("query_string", "").removeprefix("?")))
            assert browse(site, model, query).status_code == 200, choice
        for name in one.expected_parameters():
            for value in GARBAGE:
                assert browse(site, model, {name: value}).status_code in (200, 302), (name, value)


@pytest.mark.parametrize(("site", "model"), LISTS)
def test_a_list_is_sorted_by_its_columns(site: str, model: Any, browse: Any) -> None:
    changelist = browse(site, model).context["cl"]
    sortable = [
        index
        for index, name in enumerate(changelist.list_display)
        if changelist.get_ordering_field(name) and index
    ]
    assert sortable
    for index in sortable:
        for order in (index, -index):
            assert browse(site, model, {"o": order}).status_code == 200, changelist.list_display[index]


@pytest.mark.parametrize(("site", "model"), LISTS)
def test_a_list_is_paged(site: str, model: Any, browse: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    page = SITES[site][1]._registry[model]
    monkeypatch.setattr(page, "list_per_page", 1)
    seen = []
    first = browse(site, model).context["cl"]
    for number in range(1, min(first.paginator.num_pages, 5) + 1):
        seen += [row.pk for row in browse(site, model, {PAGE_VAR: number}).context["cl"].result_list]
    assert len(seen) == len(set(seen))
    for place in (0, -1, 10**9, "last"):
        assert browse(site, model, {PAGE_VAR: place}).status_code in (200, 302), place


@pytest.mark.parametrize(("site", "model"), LISTS)
def test_a_list_is_taken_away_as_a_file(
    site: str, model: Any, browse: Any, operator: Any, acme_admin: Any
) -> None:
    shown = browse(site, model).context
    keys = [str(row.pk) for row in shown["cl"].result_list]
    if (site, model) in EMPTY:
        assert keys == []
        return
    assert "export_csv" in dict(shown["action_form"].fields["action"].choices)
    client = signed_in(operator if site == "platform" else acme_admin)
    there = f"{SITES[site][0]}{model._meta.app_label}/{model._meta.model_name}/"
    answer = client.post(there, {"action": "export_csv", "_selected_action": keys})
    assert answer["Content-Type"].startswith("text/csv")
    lines = list(csv.DictReader(io.StringIO(answer.getvalue().decode())))
    if model is RateBucket:  # those of other tests end meanwhile
        assert 0 < len(lines) <= len(keys)
    else:
        assert len(lines) == len(keys)
    secret = {model._meta.get_field(name).attname for name in getattr(model, "tiers", Tiers()).secret}
    assert secret.isdisjoint(lines[0])
