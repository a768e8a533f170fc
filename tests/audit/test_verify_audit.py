"""The command; what verification finds is tested with the chain."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.core.management.base import OutputWrapper


def run(*arguments: str) -> tuple[int, str, str]:
    out, err = StringIO(), StringIO()
    try:
        call_command("verify_audit", *arguments, stdout=OutputWrapper(out), stderr=OutputWrapper(err))
    except SystemExit as end:
        return int(end.code or 0), out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


def test_the_platforms_chain_is_verified_unless_another_is_asked_for(acme):
    code, out, err = run()
    assert (code, err) == (0, "")
    assert "events in 1 chain verified: all as written" in out


def test_one_tenants_chain_is_verified_by_its_slug(things, acme):
    things.create()
    count = things.events()[-1].id
    noun = "event" if count == 1 else "events"
    assert run("--tenant", acme.slug) == (0, f"{count} {noun} in 1 chain verified: all as written\n", "")


def test_all_chains_are_verified_and_a_bad_one_named_in_one_line(things, acme, globex, tamper):
    things.create()
    last = things.events()[-1].id
    tamper("UPDATE audit_event SET reason = 'forged' WHERE id = %s", last)
    code, out, err = run("--all")
    assert code == 1
    assert err == f"acme: event {last}: reason altered, the record says otherwise (columns)\n"
    assert "in 3 chains verified: 1 not as written" in out


def test_verification_starts_where_it_is_told(things, acme):
    for _ in range(3):
        things.create()
    last = things.events()[-1].id
    assert run("--tenant", acme.slug, "--from", str(last))[1].startswith("1 event in 1 chain verified")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--tenant", "nobody"], "there is no tenant 'nobody'"),
        (["--tenant", "acme", "--from", "0"], "starts at event 1"),
        (["--tenant", "acme", "--from", "1000000000"], "ends at event"),
        (["--all", "--from", "2"], "not for --all"),
        (["--all", "--tenant", "acme"], "not allowed with"),
    ],
)
def test_a_wrong_request_is_answered_in_one_line(acme, arguments, message):
    with pytest.raises(CommandError, match=message) as refusal:
        run(*arguments)
    assert "\n" not in str(refusal.value)
