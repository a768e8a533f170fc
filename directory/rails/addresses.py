"""Checks of endpoint addresses: each returns what is wrong, or an empty text, and never the address."""

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*\.?")
_QUEUE = re.compile(r"[A-Za-z0-9._%-]{1,64}(?:/[A-Za-z0-9._%-]{1,64})?")
_URL_CHARACTERS = re.compile(r"[!#-;=?-\[\]_a-z~%]+")


def check_host(host: str) -> str:
    """Check a host name, IPv4 address or IPv6 address."""
    if _is_ip(host):
        return ""
    if not _HOST.fullmatch(host) or re.fullmatch(r"[\d.]+", host):
        return "has no valid host; give a DNS name or an IP address"
    return ""


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def check_host_port(address: str) -> str:
    """Check ``host:port``; an IPv6 host stands in brackets."""
    host, colon, port = address.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or not 1 <= int(port[:6]) <= 65535:
        return "is no host:port; give a port from 1 to 65535 after a colon"
    if host.startswith("[") and host.endswith("]"):
        return "" if _is_ip(host[1:-1]) else "has no valid IPv6 address in its brackets"
    if ":" in host:
        return "writes an IPv6 address without brackets; put it into [ ]"
    return check_host(host)


def check_url(address: str) -> str:
    """Check an absolute http or https URL that carries no credentials and no fragment."""
    if not _URL_CHARACTERS.fullmatch(address):
        return "has characters that a URL may not contain; percent-encode them"
    try:
        parts = urlsplit(address)
        has_port = parts.port is None or parts.port > 0
    except ValueError:
        return "is no URL; check its brackets and its port"
    if parts.scheme not in {"http", "https"} or not parts.hostname or not has_port:
        return "is no URL; give http:// or https://, a host, a port from 1 to 65535 if any, and a path"
    return _check_extras(parts) or check_host(parts.hostname)


def _check_extras(parts: SplitResult) -> str:
    if parts.username is not None or parts.password is not None:
        return "carries a user or password; remove it, credentials are stored as vault references"
    if parts.fragment:
        return "carries a fragment; remove everything from #"
    return ""


def check_https_url(address: str) -> str:
    """Check an https URL."""
    if address[:7].lower() == "http://":
        return "is not encrypted; give https://"
    return check_url(address)


def check_queue(address: str) -> str:
    """Check a queue name, with the name of its queue manager before a slash if it has one."""
    if _QUEUE.fullmatch(address):
        return ""
    return "is no queue; give QUEUE or MANAGER/QUEUE of letters, digits and . _ % -"
