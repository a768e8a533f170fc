"""A token's life on the pages of a tenant: made, copied by keyboard, used, rotated, revoked."""

import re
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.test_pages import CHANGE_PAGE, OVERFLOW, SCHEMES, SIZES, keep, watch

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]


def test_a_token_is_made_copied_rotated_and_revoked_on_every_screen(
    demo: dict[str, Any], browser: Browser
) -> None:
    problems: list[str] = []
    for size, viewport in SIZES.items():
        for scheme in SCHEMES:
            context = browser.new_context(viewport=viewport, color_scheme=scheme)
            context.grant_permissions(["clipboard-read", "clipboard-write"])
            page = context.new_page()
            watched = watch(page, demo["url"])
            for name in walk(page, demo, f"{size} {scheme}"):
                if (overflow := page.evaluate(OVERFLOW)) > 0:
                    watched.append(f"is {overflow} px too wide")
                keep(page, f"{name}-{size}-{scheme}")
                problems += [f"{name}, {size}, {scheme}: {problem}" for problem in watched]
                watched.clear()
            context.close()
    assert problems == []


def walk(page: Page, demo: dict[str, Any], title: str) -> Iterator[str]:
    """Go through the life of a token of that name, and tell the name of each page as it stands there."""
    tenant = demo["tenants"]["acme"]
    home, person = f"{tenant['url']}admin/", tenant["admin"]
    page.goto(f"{home}identity/apitoken/")
    page.get_by_label("E-mail address").fill(person["email"])
    page.get_by_label("Password").fill(person["password"])
    page.keyboard.press("Enter")
    page.wait_for_url(f"{home}identity/apitoken/")
    yield "tokens"
    page.goto(f"{home}identity/apitoken/add/")
    yield "token-add"
    page.get_by_label("Name").fill(title)
    page.get_by_label(re.compile(r"directory\.read\s*—")).check()
    page.keyboard.press("Enter")
    text = _copied(page)
    yield "token-secret"
    request = urllib.request.Request(
        f"{tenant['url']}api/v1/directory/participants", headers={"Authorization": f"Bearer {text}"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 200
    page.get_by_role("link", name="I have it").click()
    page.wait_for_url(CHANGE_PAGE)
    page.get_by_text("Never used.").or_(page.get_by_text("Last used")).wait_for()
    page.get_by_text("By day").click()
    yield "token"
    page.get_by_role("link", name="Rotate…").click()
    page.wait_for_url(re.compile("/rotate/"))
    yield "token-rotate"
    page.get_by_role("button", name="Rotate").click()
    assert _copied(page) != text
    yield "token-rotated"
    page.get_by_role("link", name="I have it").click()
    page.get_by_role("link", name="Revoke…").click()
    page.get_by_role("button", name="Revoke").click()
    page.get_by_text("Tick this to revoke.").wait_for()
    yield "token-revoke"
    page.get_by_label("I know that programs").check()
    page.get_by_role("button", name="Revoke").click()
    page.get_by_text("It was revoked, for good.").wait_for()
    yield "token-revoked"


def _copied(page: Page) -> str:
    """Return the token that the page shows, copied without a mouse."""
    shown: str = page.locator("#id_secret").inner_text()
    page.get_by_role("button", name="Copy the token").focus()
    page.keyboard.press("Enter")
    page.get_by_text("Copy the token: copied").wait_for()
    copied: str = page.evaluate("navigator.clipboard.readText()")
    assert copied == shown
    return copied
