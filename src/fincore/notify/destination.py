"""Where a webhook may go: only to servers on the public internet. Pure: names are resolved elsewhere.

A merchant chooses the URL and we send to it from inside our network, so every address is checked against the table
below: when an endpoint is made, as far as its URL names an address, and before each connection, after the look-up.
"""

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

import msgspec
from yarl import URL

URL_CHARACTERS_MAX: Final = 2_048
HTTPS_PORT: Final = 443
UNPRIVILEGED_PORT_MIN: Final = 1_024

FORBIDDEN: Final[Sequence[tuple[str, str]]] = (
    ("0.0.0.0/8", "this network"),
    ("10.0.0.0/8", "private"),
    ("100.64.0.0/10", "carrier-grade NAT"),
    ("127.0.0.0/8", "loopback"),
    ("168.63.129.16/32", "Azure's host"),
    ("169.254.0.0/16", "link-local, cloud metadata"),
    ("172.16.0.0/12", "private"),
    ("192.0.0.0/24", "IETF protocols, Oracle's metadata"),
    ("192.0.2.0/24", "documentation"),
    ("192.88.99.0/24", "6to4 relays"),
    ("192.168.0.0/16", "private"),
    ("198.18.0.0/15", "benchmarks"),
    ("198.51.100.0/24", "documentation"),
    ("203.0.113.0/24", "documentation"),
    ("224.0.0.0/4", "multicast"),
    ("240.0.0.0/4", "reserved, broadcast"),
    ("::/3", "unspecified, loopback, IPv4 inside IPv6 (mapped, NAT64), discard"),
    ("2001::/23", "IETF protocols, IPv4 inside IPv6 (Teredo)"),
    ("2001:db8::/32", "documentation"),
    ("2002::/16", "IPv4 inside IPv6 (6to4)"),
    ("3fff::/20", "documentation"),
    ("4000::/2", "reserved"),
    ("8000::/1", "reserved, unique local, link-local, site-local, multicast"),
)
"""Networks and what they are for (IANA's special-purpose registries); of IPv6 nothing outside 2000::/3 is public."""

_FORBIDDEN: Final = tuple(ip_network(network) for network, _ in FORBIDDEN)
_LOOPBACK: Final = (ip_network("127.0.0.0/8"), ip_network("::1/128"))

_CHARACTERS: Final = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")
_NAME: Final = re.compile(r"(?:[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9\-]{0,61}[a-z0-9])?")
_NAME_CHARACTERS_MAX: Final = 253

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


class Forbidden(msgspec.Struct, frozen=True):
    """Why a webhook may not go to a URL, as a sentence for the merchant that never repeats the URL."""

    reason: str


def check_url(url: str, *, allow_loopback: bool) -> URL | Forbidden:
    """The URL as it will be called, or why it may not be. A name in it still has to be resolved and checked.

    `allow_loopback` is for development: it lets through this machine, and plain http.
    """
    if len(url) > URL_CHARACTERS_MAX or not _CHARACTERS.fullmatch(url):
        return Forbidden(
            f"The URL must have at most {URL_CHARACTERS_MAX} characters, all of them ASCII: "
            "write international names as xn--... and other characters percent-encoded."
        )
    try:
        # The very object that is called later: two parsers never disagree about where it leads.
        parsed = URL(url, encoded=True)
        host, port = (parsed.raw_host or "").lower(), parsed.port or 0
    except ValueError:
        return Forbidden("The URL cannot be read.")
    if parsed.scheme != "https" and not (allow_loopback and parsed.scheme == "http"):
        return Forbidden("The URL must begin with https://.")
    if "@" in parsed.raw_authority:
        return Forbidden("The URL must not hold a user name or password.")
    if "#" in url:
        return Forbidden("The URL must not hold a fragment (#).")
    if not (port >= UNPRIVILEGED_PORT_MIN or port == HTTPS_PORT or parsed.scheme == "http"):
        return Forbidden(f"The port must be {HTTPS_PORT}, or {UNPRIVILEGED_PORT_MIN} or higher.")
    forbidden = _forbidden_host(host, allow_loopback=allow_loopback)
    return parsed if forbidden is None else forbidden


def is_allowed(address: str, *, allow_loopback: bool) -> bool:
    """Whether a webhook may be sent to an IP address."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    if allow_loopback and _lies_in(parsed, _LOOPBACK):
        return True
    return not _lies_in(parsed, _FORBIDDEN)


def _forbidden_host(host: str, *, allow_loopback: bool) -> Forbidden | None:
    if allow_loopback and host == "localhost":
        return None
    try:
        address = ip_address(host)
    except ValueError:
        # The last label begins with a letter: 127.1 or 0x7f.1 are spellings of addresses, not names.
        if len(host) <= _NAME_CHARACTERS_MAX and _NAME.fullmatch(host):
            return None
        return Forbidden("The URL must name a server by its full domain name.")
    if is_allowed(str(address), allow_loopback=allow_loopback):
        return None
    return Forbidden("The URL must lead to the public internet.")


def _lies_in(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)
