"""Stripe's minor units, which are not always ISO 4217's (docs.stripe.com/currencies).

Stripe counts ISK and UGX in hundredths that must be 00, MGA in whole units, and wants the last of three decimals to
be 0. HUF and TWD have two decimals in charges (only payouts have none).
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from fincore.domain.currency import Currency, exponent_of, parse_currency
from fincore.domain.money import AMOUNT_MINOR_MAX, Money

_BY_EXPONENT: Final[Mapping[int, str]] = {
    0: "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf",
    2: (
        "aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bmd bnd bob brl bsd bwp byn bzd cad cdf chf cny "
        "cop crc cve czk dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gtq gyd hkd hnl htg huf idr ils inr "
        "isk jmd kes kgs khr kyd kzt lak lbp lkr lrd lsl mad mdl mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn "
        "nio nok npr nzd pab pen pgk php pkr pln qar ron rsd rub sar sbd scr sek sgd shp sle sos srd szl thb tjs "
        "top try ttd twd tzs uah ugx usd uyu uzs wst xcd xcg yer zar zmw"
    ),
    3: "bhd jod kwd omr tnd",
}

STRIPE_EXPONENTS: Final[Mapping[Currency, int]] = MappingProxyType(
    {Currency(code): exponent for exponent, codes in _BY_EXPONENT.items() for code in codes.split()}
)
"""Currency -> decimals of the amounts Stripe takes, or took while the currency was in use (ANG, BGN). A currency that is
not here is not guessed at."""

THREE_DECIMALS: Final = 3
_LAST_DIGIT: Final = 10


class Inexpressible(msgspec.Struct, frozen=True):
    """Money that Stripe has no amount for, and the sentence that says why."""

    reason: str


def to_stripe(money: Money) -> int | Inexpressible:
    """The amount Stripe is to be told: `Money(5, "isk")` is 500, `Money(500, "mga")` is 5."""
    exponent = STRIPE_EXPONENTS.get(money.currency)
    if exponent is None:
        return Inexpressible(f"Stripe takes no payments in {money.currency.upper()}")
    amount, rest = _rescaled(money.amount_minor, exponent_of(money.currency), exponent)
    if rest:
        return Inexpressible(f"Stripe takes no fractions of {money.currency.upper()}, and this is {money}")
    if exponent == THREE_DECIMALS and amount % _LAST_DIGIT:
        return Inexpressible(
            f"Stripe takes {money.currency.upper()} only with 0 as the third decimal, and this is {money}"
        )
    return amount


def from_stripe(amount: int, currency_code: str) -> Money | Inexpressible:
    """The money Stripe reports: 500 isk is `Money(5, "isk")`."""
    currency = parse_currency(currency_code)
    exponent = None if currency is None else STRIPE_EXPONENTS.get(currency)
    if currency is None or exponent is None:
        return Inexpressible("Stripe reports a currency that FinCore does not know")
    minor, rest = _rescaled(amount, exponent, exponent_of(currency))
    if rest:
        return Inexpressible(
            f"Stripe reports {amount} {currency}, finer than the minor unit of {currency.upper()}"
        )
    if abs(minor) > AMOUNT_MINOR_MAX:
        return Inexpressible("Stripe reports an amount that is more than any payment")
    return Money(minor, currency)


def _rescaled(amount: int, have: int, want: int) -> tuple[int, int]:
    """An amount with `have` decimals as one with `want`, and what does not fit."""
    factor: int = 10 ** abs(want - have)
    return (amount * factor, 0) if want >= have else divmod(amount, factor)
