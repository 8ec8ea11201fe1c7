"""What lists hold: how a value is written in each kind of list, and which entries a value matches. Pure."""

import ipaddress
import re
import unicodedata
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, get_args

from fincore.domain.card_number import holds_card_number
from fincore.write.risk.store import ListKind

VALUE_CHARACTERS_MAX: Final = 500
LIST_KINDS: Final[tuple[ListKind, ...]] = get_args(ListKind)
BIN_DIGITS: Final = 6
"""How many first digits an entry has: of a card no more are told (`fincore.domain.raw_card`), so a longer one would match none."""

_DOMAIN: Final = re.compile(r"(?=.{1,253}\Z)[^\s@.,;:/\\\"'<>]{1,63}(?:\.[^\s@.,;:/\\\"'<>]{1,63})+")
_LIST_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_]{0,59}")


def list_name_flaw(name: str) -> str | None:
    """Why a text is no name of a list."""
    if _LIST_NAME.fullmatch(name):
        return None
    return "a list's name has 1 to 60 lower-case letters, digits and underscores"


def entry_value(kind: ListKind, text: str) -> str | ValueError:
    """A value as a list of its kind holds it; a `ValueError` that says what is wrong with one that none can hold."""
    if holds_card_number(text):
        return ValueError(
            "the value holds a card number, which must not be kept: list the card's fingerprint"
        )
    return _written(kind, text)


def looked_up_values(kind: ListKind, fact: str) -> tuple[str, ...]:
    """What entries may be written like to match a fact of a charge; none where the fact can be in no list.

    An address is matched by the networks that contain it, and is given as a network of one address.
    """
    if kind == "bin":
        fact = fact[:BIN_DIGITS]
    found = _written(kind, fact)
    return () if isinstance(found, ValueError) else (found,)


def _written(kind: ListKind, text: str) -> str | ValueError:
    value = text.strip()
    if kind in {"email", "email_domain"}:
        # The dot of the root (RFC 1034, 3.1): the same domain is meant with and without it.
        value = value.removesuffix(".")
    if not value or len(value) > VALUE_CHARACTERS_MAX:
        return ValueError(f"a value has 1 to {VALUE_CHARACTERS_MAX} characters")
    if not value.isprintable() and any(unicodedata.category(one) in {"Cc", "Cs"} for one in value):
        return ValueError("a value holds no control characters")
    return _ENTRY_OF[kind](value)


def _email(value: str) -> str | ValueError:
    local, at, domain = value.rpartition("@")
    if not at or not local or isinstance(_domain(domain), ValueError) or " " in local:
        return ValueError(f"{_shown(value)} is no e-mail address")
    return value.lower()


def _domain(value: str) -> str | ValueError:
    if not _DOMAIN.fullmatch(value):
        return ValueError(f"{_shown(value)} is no domain, such as example.com")
    return value.lower()


def _ip(value: str) -> str | ValueError:
    try:
        network = ipaddress.ip_network(value)
    except ValueError:
        return ValueError(
            f"{_shown(value)} is no IP address and no network such as 203.0.113.0/24, with no bits right of its mask"
        )
    if isinstance(network, ipaddress.IPv6Network):
        if network.network_address.scope_id is not None:
            return ValueError(f"{_shown(value)} names a zone of one machine")
        mapped = network.network_address.ipv4_mapped
        if mapped is not None and network.prefixlen >= _MAPPED_BITS:
            return f"{mapped}/{network.prefixlen - _MAPPED_BITS}"
    return str(network)


_MAPPED_BITS: Final = 96
"""The bits before the IPv4 address in an IPv6 address that stands for one (RFC 4291, 2.5.5.2)."""


def _bin(value: str) -> str | ValueError:
    if not (value.isascii() and value.isdigit() and len(value) == BIN_DIGITS):
        return ValueError(
            f"{_shown(value)} is no beginning of card numbers: give {BIN_DIGITS} digits, as no more are known of a card"
        )
    return value


def _country(value: str) -> str | ValueError:
    if not re.fullmatch(r"[A-Za-z]{2}", value):
        return ValueError(f"{_shown(value)} is no country: give two letters (ISO 3166-1), such as DE")
    return value.upper()


def _as_it_is(value: str) -> str | ValueError:
    return value


def _shown(value: str) -> str:
    return repr(value if len(value) <= _SHOWN_CHARACTERS_MAX else f"{value[:_SHOWN_CHARACTERS_MAX]}...")


_SHOWN_CHARACTERS_MAX: Final = 60

_ENTRY_OF: Final[Mapping[ListKind, Callable[[str], str | ValueError]]] = MappingProxyType(
    {
        "email": _email,
        "email_domain": _domain,
        "ip": _ip,
        "card_fingerprint": _as_it_is,
        "bin": _bin,
        "country": _country,
        "customer": _as_it_is,
        "device": _as_it_is,
    }
)
