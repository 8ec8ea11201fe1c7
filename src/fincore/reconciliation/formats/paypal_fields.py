"""How PayPal's settlement report writes moments, amounts, directions and counts. Pure.

Amounts have no sign and count hundredths of every currency, of the yen too: 100 yen are `10000`. Other reports of PayPal's
count otherwise and are not read by this.
"""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from fincore.domain.currency import Currency, exponent_of
from fincore.reconciliation.parsed_file import FileRefused, quoted

HUNDREDTHS: Final = 2
AMOUNT_DIGITS_MAX: Final = 15
TOTAL_DIGITS_MAX: Final = 18
COUNT_DIGITS_MAX: Final = 9
YEARS: Final = range(1998, 2200)
"""PayPal began in the first one; the last one is beyond all files and within what every store holds."""
REMEMBERED_MAX: Final = 4_096
_LENGTH: Final = len("2026/01/06 00:00:30 -0800")


@lru_cache(maxsize=REMEMBERED_MAX)
def moment_of(text: str) -> datetime | None:
    """The moment that `2026/01/06 00:00:30 -0800` names, with its offset; None for any other text."""
    if len(text) != _LENGTH or (text[4], text[7], text[10], text[19]) != ("/", "/", " ", " "):
        return None
    try:
        moment = datetime.fromisoformat(f"{text[:4]}-{text[5:7]}-{text[8:10]}T{text[11:19]}{text[20:]}")
    except ValueError:
        return None
    return moment if moment.tzinfo is not None and moment.year in YEARS else None


@lru_cache(maxsize=REMEMBERED_MAX)
def utc_of(text: str) -> datetime | None:
    """The same moment by UTC."""
    moment = moment_of(text)
    return None if moment is None else moment.astimezone(UTC)


def minor_of(hundredths: int, currency: Currency) -> int | None:
    """The minor units of an amount in hundredths; None where the currency has no such fraction."""
    digits = exponent_of(currency)
    if digits >= HUNDREDTHS:
        return hundredths * int(10 ** (digits - HUNDREDTHS))
    minor, rest = divmod(hundredths, int(10 ** (HUNDREDTHS - digits)))
    return None if rest else minor


def digits_of(text: str, digits_max: int) -> int | None:
    """The number that a text of ASCII digits is; None for any other text, and for a longer one."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= digits_max else None


def total_of(number: int, text: str, currency: Currency, name: str) -> int:
    """An unsigned total of a footer in minor units. Raises `FileRefused`."""
    hundredths = digits_of(text, TOTAL_DIGITS_MAX)
    minor = None if hundredths is None else minor_of(hundredths, currency)
    if minor is None:
        raise FileRefused(
            number, f"the {name} {quoted(text)} is no amount of {currency.upper()} in hundredths"
        )
    return minor


def balance_of(number: int, direction: str, text: str, currency: Currency, name: str) -> int:
    """A balance of a footer in minor units: positive for CR. Raises `FileRefused`."""
    minor = total_of(number, text, currency, name)
    if direction not in ("CR", "DR") and (direction or minor):
        raise FileRefused(number, f"the {name} has {quoted(direction)} in place of CR or DR")
    return -minor if direction == "DR" else minor


def count_of(number: int, text: str, name: str) -> int:
    """A count of rows. Raises `FileRefused`."""
    count = digits_of(text, COUNT_DIGITS_MAX)
    if count is None:
        raise FileRefused(number, f"the {name} {quoted(text)} is no number")
    return count
