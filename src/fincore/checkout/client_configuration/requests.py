"""What a page says of the charge to come: the currency and the amount. Pure."""

from typing import Final

from fincore.checkout.page_query import currency_named, named_parameters
from fincore.domain.money import AMOUNT_MINOR_MAX, Money
from fincore.http.problems import Problem

AMOUNT_DIGITS_MAX: Final = len(str(AMOUNT_MINOR_MAX))
_NAMES: Final = ("currency", "amount_minor")


def read_money(query: bytes) -> Money:
    """The money of a query such as `currency=usd&amount_minor=1000`.

    Raises `parameter_invalid`, `parameter_unknown` and `currency_unknown`.
    """
    given = named_parameters(query, _NAMES, required=_NAMES)
    currency = currency_named(given["currency"])
    amount = given["amount_minor"]
    if not (amount.isascii() and amount.isdecimal() and len(amount) <= AMOUNT_DIGITS_MAX and int(amount) > 0):
        raise Problem(
            "parameter_invalid",
            f"amount_minor must be a whole number above 0 of at most {AMOUNT_DIGITS_MAX} digits.",
            param="amount_minor",
        )
    return Money(int(amount), currency)
