"""How much one person may adjust alone. Pure."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Final, NamedTuple

from fincore.domain.currency import EXPONENTS, Currency
from fincore.domain.money import Money


class AdjustmentLimit(NamedTuple):
    """In minor units of a currency: what one adjustment may come to, and all of one person on one day, by UTC."""

    currency: Currency
    act_minor: int
    day_minor: int


_DECLARED: Final = re.compile(r"(?P<currency>[a-z]{3}):(?P<act>[0-9]{1,15}):(?P<day>[0-9]{1,15})", re.ASCII)

AdjustmentLimits = tuple[AdjustmentLimit, ...]
"""One for each currency. What is not here may not be adjusted."""


def limits_of(texts: Sequence[str]) -> AdjustmentLimits:
    """The limits that `usd:10000:50000` and its like declare. Raise `ValueError`, the rest of a sentence, for any other text."""
    limits: list[AdjustmentLimit] = []
    for text in texts:
        given = _DECLARED.fullmatch(text)
        if given is None or given["currency"] not in EXPONENTS:
            raise ValueError(
                "must hold a currency and two amounts in minor units, such as usd:10000:50000, separated by commas"
            )
        currency = Currency(given["currency"])
        limit = AdjustmentLimit(currency, int(given["act"]), int(given["day"]))
        if any(one.currency == currency for one in limits):
            raise ValueError(f"has two limits of {currency}")
        if limit.act_minor > limit.day_minor:
            raise ValueError(f"lets a person adjust more of {currency} at once than in a day")
        limits.append(limit)
    return tuple(limits)


def counted_for(by: str) -> str:
    """The person as limits count: without regard to case, spaces, how letters are composed, and characters that do not show.

    UAX #15 (NFKC) and the Unicode Standard, 3.13 (case folding), so that no collation of a database decides who is one person.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", by).casefold())
    return " ".join("".join(one for one in folded if unicodedata.category(one) != "Cf").split())


def limit_flaw(limits: AdjustmentLimits, of: Money, *, today_minor: int) -> str | None:
    """Why a person may not adjust this amount alone, and what to do; None where it is within the limits.

    `of` is gross and fee, each without its sign. `today_minor`: what the person adjusted and reversed on this day already, likewise.
    """
    minor = abs(of.amount_minor)
    limit = next((one for one in limits if one.currency == of.currency), None)
    if limit is None:
        return (
            f"no limit is set for {of.currency.upper()}: set FINCORE_ADJUSTMENT_LIMITS_MINOR to what one person may adjust at once and "
            f"in a day, such as {of.currency}:10000:50000"
        )
    if minor > limit.act_minor:
        over = f"{Money(minor, of.currency)} is more than the {Money(limit.act_minor, of.currency)} that one person may adjust at once"
    elif today_minor + minor > limit.day_minor:
        over = (
            f"with {Money(minor, of.currency)} it would be {Money(today_minor + minor, of.currency)} today, and one person may adjust "
            f"{Money(limit.day_minor, of.currency)} in a day"
        )
    else:
        return None
    return (
        f"{over}: a second person has to agree, and FinCore cannot tell people apart yet. Claim or explain the break, or set "
        "FINCORE_ADJUSTMENT_LIMITS_MINOR to more"
    )
