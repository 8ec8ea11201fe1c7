"""Amounts as PayPal writes them: a decimal text and a currency, of those that PayPal takes."""

import re

from psp_sandbox.paypal.errors import Refusal
from psp_sandbox.paypal.records import Amount

WHOLE = frozenset({"HUF", "JPY", "TWD"})
"""Currencies without decimals at PayPal; two of them have decimals in ISO 4217."""
TWO_DECIMALS = frozenset(
    {"AUD", "BRL", "CAD", "CNY", "CZK", "DKK", "EUR", "HKD", "ILS", "MYR", "MXN", "NZD", "NOK", "PHP", "PLN"}
    | {"GBP", "SGD", "SEK", "CHF", "THB", "USD"}
)
MAX_WHOLE_DIGITS = 15
_VALUE = re.compile(r"(-?)(?:([0-9]*)\.([0-9]+)|([0-9]+))")


def decimals(currency: str) -> int:
    """Decimals that an amount of the currency may have."""
    return 0 if currency in WHOLE else 2


def read_amount(
    currency: str, value: str, *, field: str, whole_issue: str = "DECIMALS_NOT_SUPPORTED"
) -> Amount:
    """The amount that a text says; it may be zero or negative. `whole_issue` refuses decimals where there are none.

    Raises Refusal: not a number, a currency that PayPal does not take, or more decimals than the currency has.
    """
    found = _VALUE.fullmatch(value)
    if found is None:
        raise Refusal("INVALID_PARAMETER_SYNTAX", field=f"{field}/value", value=value)
    if currency not in WHOLE | TWO_DECIMALS:
        raise Refusal("INVALID_CURRENCY_CODE", field=f"{field}/currency_code", value=currency)
    sign, before, after, plain = found.groups()
    whole, fraction = (plain, "") if after is None else (before or "0", after)
    if fraction and currency in WHOLE:
        raise Refusal(whole_issue, field=f"{field}/value", value=value)
    if len(fraction) > decimals(currency):
        raise Refusal("DECIMAL_PRECISION", field=f"{field}/value", value=value)
    if len(whole.lstrip("0")) > MAX_WHOLE_DIGITS:
        raise Refusal("MAX_VALUE_EXCEEDED", field=f"{field}/value", value=value)
    minor = int(whole + fraction.ljust(decimals(currency), "0"))
    return Amount(currency, -minor if sign else minor)


def positive_amount(
    currency: str, value: str, *, field: str, whole_issue: str = "DECIMALS_NOT_SUPPORTED"
) -> Amount:
    """The same, above zero. Raises Refusal."""
    amount = read_amount(currency, value, field=field, whole_issue=whole_issue)
    if amount.minor <= 0:
        raise Refusal("CANNOT_BE_ZERO_OR_NEGATIVE", field=f"{field}/value", value=value)
    return amount


def shown(currency: str, minor: int) -> dict[str, object]:
    """An amount as PayPal writes it."""
    if currency in WHOLE:
        return {"currency_code": currency, "value": str(minor)}
    sign = "-" if minor < 0 else ""
    return {"currency_code": currency, "value": f"{sign}{abs(minor) // 100}.{abs(minor) % 100:02}"}
