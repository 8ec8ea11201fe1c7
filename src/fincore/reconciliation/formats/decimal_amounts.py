"""Amounts as decimal numbers in major units, such as `-0.5` or `25`, made into minor units exactly or not at all. Pure."""

import re
from typing import Final

from fincore.domain.money import AMOUNT_MINOR_MAX

_DECIMAL: Final = re.compile(r"(-?)([0-9]{1,15})(?:\.([0-9]{1,12}))?", re.ASCII)
_ZEROS: Final = "0" * 12
_DIGITS_MAX: Final = len(str(AMOUNT_MINOR_MAX))


def minor_of(text: str, exponent: int) -> int | None:
    """The signed minor units of a decimal number; None for any other text, a finer fraction, or more than an amount may be."""
    whole, _, fraction = text.partition(".")
    digits = f"{whole}{fraction}{_ZEROS[len(fraction) : exponent]}"
    # Nearly all amounts are positive and without zeros that say nothing: these take half the time.
    if (
        digits.isdigit()
        and digits.isascii()
        and whole
        and len(fraction) <= exponent
        and (fraction or len(whole) == len(text))
        and len(digits) <= _DIGITS_MAX
    ):
        return int(digits)
    return _any_minor_of(text, exponent)


def _any_minor_of(text: str, exponent: int) -> int | None:
    match = _DECIMAL.fullmatch(text)
    if match is None:
        return None
    sign, whole, fraction = match[1], match[2], match[3] or ""
    if fraction[exponent:].strip("0"):
        return None
    minor = int(whole + fraction[:exponent].ljust(exponent, "0"))
    if minor > AMOUNT_MINOR_MAX:
        return None
    return -minor if sign else minor
