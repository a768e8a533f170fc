"""Where a request comes from: the peer, or whom the proxies that are trusted say they speak for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

PROXIES_MAX = 32  # that a request passes; what is written beyond them is not read

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


def client_address(headers: Mapping[str, Any], trusted: Iterable[str]) -> Address | None:
    """Return the address that a request comes from; None where it cannot be told.

    ``headers`` are a WSGI environment's. ``X-Forwarded-For`` is read from the right, each place only while the one
    before is a proxy of ``trusted`` (CIDR): whoever is no such proxy may have written all that stands left of it.
    """
    proxies = _networks(tuple(trusted))
    address = parse_address(str(headers.get("REMOTE_ADDR", "")))
    for told in _told(str(headers.get("HTTP_X_FORWARDED_FOR", ""))):
        if address is None or not is_within(address, proxies):
            break
        address = parse_address(told)
    return address


def parse_address(text: str) -> Address | None:
    """Return an address, with or without a port; IPv4 also where it is written as IPv6; None for what is none."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def is_within(address: Address, networks: Iterable[Network]) -> bool:
    """Tell whether an address lies in any of the networks."""
    return any(address in network for network in networks)


def is_covered(inner: Network, networks: Iterable[Network]) -> bool:
    """Tell whether a network lies whole in one of the networks."""
    return any(
        inner.version == outer.version and inner.subnet_of(outer)  # type: ignore[arg-type]  # of one version
        for outer in networks
    )


def networks_of(texts: Iterable[str]) -> tuple[Network, ...]:
    """Return networks in CIDR form.

    Raises:
        ValueError: one is none.
    """
    return _networks(tuple(texts))


@lru_cache(maxsize=1024)
def _networks(texts: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ip_network(text) for text in texts)


def _told(forwarded: str) -> Iterator[str]:
    """Yield the places of ``X-Forwarded-For``, the last first, and no more than there are proxies in a row."""
    return reversed(forwarded.rsplit(",", PROXIES_MAX)[-PROXIES_MAX:]) if forwarded.strip() else iter(())
