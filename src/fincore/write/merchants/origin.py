"""A registered origin: a scheme, a host and a port that a merchant's pages are served from, as browsers write it. Pure."""

import re
from ipaddress import IPv6Address, ip_address
from typing import Final, NewType

from yarl import URL

from fincore.domain.card_number import holds_card_number
from fincore.domain.errors import FinCoreError

Origin = NewType("Origin", str)
"""`https://shop.example`, exactly as a browser sends it in the header `Origin` (RFC 6454, 6.2)."""

ORIGIN_CHARACTERS_MAX: Final = 280
LOCAL_HOSTS: Final = ("localhost", "127.0.0.1")
"""Where pages under development are served from, in test mode and over plain http, too."""

_HOST: Final = re.compile(r"(?!.*\.\.)[a-z0-9_](?:[a-z0-9_.-]{0,251}[a-z0-9_])?", re.ASCII)
_DEFAULT_PORTS: Final = {"https": 443, "http": 80}


class OriginNotUsable(FinCoreError):
    """A text is no origin that may be registered; the message says why, and what to write instead."""


def read_origin(text: str, *, livemode: bool) -> Origin:
    """The origin that an operator means, in the spelling of browsers. Raises `OriginNotUsable`.

    Letters become small, a host in another script becomes punycode, and the default port of the scheme is left out. What may
    mean more than one origin is refused: a pattern, a path, a login.
    """
    if len(text) > ORIGIN_CHARACTERS_MAX or not text.isprintable():
        raise OriginNotUsable(
            f"an origin has at most {ORIGIN_CHARACTERS_MAX} characters, all printable, such as https://shop.example"
        )
    if holds_card_number(text):
        raise OriginNotUsable("the origin holds a card number: it would be kept, so leave it out")
    if "*" in text:
        raise OriginNotUsable(
            f"{text!r} is a pattern: register each origin by itself, such as https://shop.example"
        )
    scheme, separator, rest = text.partition("://")
    scheme = scheme.lower()
    if not separator or scheme not in _DEFAULT_PORTS:
        raise OriginNotUsable(
            f"{text!r} has no scheme of a page: write https:// and the host, such as https://shop.example"
        )
    if any(mark in rest for mark in "/?#\\"):
        end = min(rest.index(mark) for mark in "/?#\\" if mark in rest)
        raise OriginNotUsable(
            f"{text!r} is more than an origin: leave out what follows the host, {scheme}://{rest[:end]}"
        )
    if "@" in rest or " " in rest or "%" in rest:
        raise OriginNotUsable(f"{text!r} is no origin: write the scheme, the host and the port alone")
    try:
        url = URL(f"{scheme}://{rest}")
        host, port = url.raw_host, url.explicit_port
    except ValueError:
        host, port = None, None
    shown = None if host is None else _host(host)
    if shown is None or port == 0 or rest.endswith(":"):
        raise OriginNotUsable(
            f"{text!r} names no host: write it as https://shop.example or https://shop.example:8443"
        )
    if scheme == "http" and (livemode or shown not in LOCAL_HOSTS):
        where = " in live mode" if livemode else f" unless it is on {' or '.join(LOCAL_HOSTS)}"
        raise OriginNotUsable(f"{text!r} is served without TLS: an origin{where} must begin with https://")
    has_port = port is not None and port != _DEFAULT_PORTS[scheme]
    return Origin(f"{scheme}://{shown}{f':{port}' if has_port else ''}")


def _host(host: str) -> str | None:
    """A host as browsers write it; None for one that they would read as another."""
    try:
        address = ip_address(host)
    except ValueError:
        name = host.lower()
        # A last part of digits makes a browser read the name as an address of IPv4.
        last = name.rpartition(".")[2]
        is_number = last.isdecimal() or re.fullmatch(r"0x[0-9a-f]*", last) is not None
        return name if _HOST.fullmatch(name) and not is_number else None
    return f"[{address.compressed}]" if isinstance(address, IPv6Address) else str(address)
