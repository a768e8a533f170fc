"""From which address a request comes: the peer's, or what a proxy that is trusted says of the peer behind it."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


def client_address(request: HttpRequest) -> str:
    """Return the client's address in its canonical form; "" where the server does not know the peer's.

    ``X-Forwarded-For`` is read from its end, and only as far as each address that was passed on belongs to one of
    ``TRUSTED_PROXIES``: what stands before, anybody may have written. A mapped IPv4 address is given as IPv4.
    """
    address = parse_address(request.META.get("REMOTE_ADDR", ""))
    if address is None:
        return ""
    trusted = networks_of(tuple(settings.TRUSTED_PROXIES))
    passed_on = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if trusted else []
    while passed_on and _is_of(address, trusted):
        told = parse_address(passed_on.pop())
        if told is None:
            break
        address = told
    return str(address)


def parse_address(text: str) -> Address | None:
    """Return the address that a text names, with or without a port; None for a text that names none."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])  # a zone is of this machine alone
    except ValueError:
        return None
    # A socket that serves both versions shows IPv4 as ::ffff:a.b.c.d.
    return getattr(address, "ipv4_mapped", None) or address


@lru_cache
def networks_of(texts: tuple[str, ...]) -> tuple[Network, ...]:
    """Return the networks, in CIDR notation or single addresses.

    Raises:
        ValueError: naming the text that is neither.
    """
    return tuple(ip_network(text) for text in texts)


def _is_of(address: Address, networks: tuple[Network, ...]) -> bool:
    return any(address in network for network in networks)
