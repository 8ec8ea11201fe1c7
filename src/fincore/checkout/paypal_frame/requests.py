"""What a page says of the frame that it wants: its key, its origin, the account, and how PayPal's script is to be loaded. Pure."""

import re
from typing import Final

import msgspec

from fincore.checkout.page_query import currency_named, named_parameters
from fincore.domain.currency import Currency
from fincore.domain.outcome import PspAccount
from fincore.http.problems import Problem

_LOCALE: Final = re.compile(r"([a-z]{2})(?:-([A-Z]{2}))?")
INTENTS: Final = ("capture", "authorize")


class FrameRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A frame that a page wants. `intent` and `locale` are in PayPal's words."""

    key: str
    origin: str
    account: PspAccount
    currency: Currency
    intent: str
    locale: str | None


_NAMES: Final = tuple(FrameRequest.__struct_fields__)
_REQUIRED: Final = ("key", "origin", "account", "currency")


def read_frame_request(query: bytes) -> FrameRequest:
    """The frame that a query asks for; a locale without a region is left to PayPal.

    Raises `parameter_invalid`, `parameter_unknown` and `currency_unknown`.
    """
    given = named_parameters(query, _NAMES, required=_REQUIRED)
    currency = currency_named(given["currency"])
    intent = given.get("intent", INTENTS[0])
    if intent not in INTENTS:
        raise Problem("parameter_invalid", f"intent must be one of {', '.join(INTENTS)}.", param="intent")
    return FrameRequest(
        key=given["key"],
        origin=given["origin"],
        account=PspAccount(given["account"]),
        currency=currency,
        intent=intent,
        locale=_locale(given.get("locale")),
    )


def _locale(given: str | None) -> str | None:
    if given is None:
        return None
    found = _LOCALE.fullmatch(given)
    if found is None:
        raise Problem("parameter_invalid", 'locale must be as "de" or "en-GB".', param="locale")
    language, region = found.groups()
    return f"{language}_{region}" if region else None
