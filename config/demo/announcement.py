"""What the demonstration prints at its end: how to sign in, and two requests to paste."""

import json

from config.demo import acme, globex
from config.demo.logins import Login, Logins


def announce(logins: Logins) -> str:
    """Return the text, ending without a line break."""
    lines = [
        "",
        f"Switchboard demo at {logins['url']}",
        "",
        _person("operator", logins["operator"], logins["url"]),
    ]
    for slug, tenant in logins["tenants"].items():
        lines += [
            "",
            f"  {slug}: {tenant['url']}admin/",
            _person("admin", tenant["admin"]),
            _person("member", tenant["member"]),
            f"    token    {tenant['token']}",
        ]
    lines += [
        "",
        "Resolve a real bank, as acme:",
        _curl(logins, "acme", {"type": "bic", "value": acme.KNOWN_BIC}),
        "",
        "Resolve a phone number, as globex:",
        _curl(logins, "globex", {"type": "e164", "value": globex.PHONE_NUMBER}),
        "",
    ]
    return "\n".join(lines)


def _person(role: str, login: Login, url: str = "") -> str:
    where = f"  {url}/admin/" if url else ""
    return f"    {role:8} {login['email']}  {login['password']}{where}"


def _curl(logins: Logins, slug: str, identifier: dict[str, str]) -> str:
    tenant = logins["tenants"][slug]
    body = json.dumps({"identifiers": [identifier]})
    return (
        f"  curl -s {tenant['url']}api/v1/resolve -H 'Authorization: Bearer {tenant['token']}' "
        f"-H 'Content-Type: application/json' -d '{body}'"
    )
