"""Checks of a whole installation."""

from django.core.checks import run_checks
from django.db import connections


def found():
    ids = [str(each.id) for each in run_checks(include_deployment_checks=True)]
    return [each for each in ids if each.startswith("switchboard.")]


def test_an_application_that_works_as_the_owner_is_warned_of(db, monkeypatch):
    assert found() == []
    for alias in ("default", "owner"):
        monkeypatch.setitem(connections[alias].settings_dict, "OPTIONS", {})
    assert found() == ["switchboard.W001"]


def test_a_trusted_proxy_that_is_no_network_is_named(db, settings):
    settings.TRUSTED_PROXIES = ["10.0.0.0/8", "10.0.0.1/8"]
    (error,) = [each for each in run_checks() if each.id == "switchboard.E002"]
    assert "10.0.0.1/8" in error.msg
