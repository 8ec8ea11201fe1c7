"""How much money one person may move alone, at once and in a day. Pure."""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from fincore.domain.currency import EXPONENTS, Currency
from fincore.domain.money import Money


class OnePersonLimit(NamedTuple):
    """In minor units of a currency: what one act may come to, and all of one person on one day, by UTC."""

    currency: Currency
    act_minor: int
    day_minor: int


OnePersonLimits = tuple[OnePersonLimit, ...]
"""One for each currency. In a currency that is not here one person moves nothing alone."""


class OverLimit(NamedTuple):
    """Why an act needs a second person. `limit` is None where the currency has none; `is_of_day` tells which of its amounts it is."""

    wanted: Money
    today_minor: int
    limit: OnePersonLimit | None
    is_of_day: bool


_DECLARED: Final = re.compile(r"(?P<currency>[a-z]{3}):(?P<act>[0-9]{1,15}):(?P<day>[0-9]{1,15})", re.ASCII)


def limits_of(texts: Sequence[str]) -> OnePersonLimits:
    """The limits that `usd:10000:50000` and its like declare. Raise `ValueError`, the rest of a sentence, for any other text."""
    limits: list[OnePersonLimit] = []
    for text in texts:
        given = _DECLARED.fullmatch(text)
        if given is None or given["currency"] not in EXPONENTS:
            raise ValueError(
                "must hold a currency and two amounts in minor units, such as usd:10000:50000, separated by commas"
            )
        currency = Currency(given["currency"])
        limit = OnePersonLimit(currency, int(given["act"]), int(given["day"]))
        if any(one.currency == currency for one in limits):
            raise ValueError(f"has two limits of {currency}")
        if limit.act_minor > limit.day_minor:
            raise ValueError(f"lets a person move more of {currency} at once than in a day")
        limits.append(limit)
    return tuple(limits)


def over_limit(limits: OnePersonLimits, of: Money, *, today_minor: int) -> OverLimit | None:
    """Why a person may not move this amount alone; None where it is within the limits.

    `today_minor` is what the person moved alone on this day already, each amount without its sign.
    """
    wanted = Money(abs(of.amount_minor), of.currency)
    limit = next((one for one in limits if one.currency == of.currency), None)
    if limit is None or wanted.amount_minor > limit.act_minor:
        return OverLimit(wanted, today_minor, limit, is_of_day=False)
    if today_minor + wanted.amount_minor > limit.day_minor:
        return OverLimit(wanted, today_minor, limit, is_of_day=True)
    return None


def over_limit_sentence(over: OverLimit, verb: str) -> str:
    """What is over, as the beginning of a sentence; `verb` is what the person wants to do, such as `refund`."""
    if over.limit is None:
        return f"no limit is set for {over.wanted.currency.upper()}"
    if over.is_of_day:
        return (
            f"with {over.wanted} it would be {Money(over.today_minor + over.wanted.amount_minor, over.wanted.currency)} today, and one "
            f"person may {verb} {Money(over.limit.day_minor, over.limit.currency)} in a day"
        )
    act = Money(over.limit.act_minor, over.limit.currency)
    return f"{over.wanted} is more than the {act} that one person may {verb} at once"
