"""ISO 4217 currencies and how many decimal digits their minor unit has.

Codes are lower case throughout FinCore. PSPs disagree with ISO 4217 on some exponents (Stripe sends ISK with
two); those tables belong to the PSP's package, never here. ISO 4217 also lists funds, metals and codes for tests: customers never
pay with them, so they are not here.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NewType

Currency = NewType("Currency", str)

_BY_EXPONENT: Final[Mapping[int, str]] = {
    0: "bif clp djf gnf isk jpy kmf krw pyg rwf ugx vnd vuv xaf xof xpf",
    2: (
        "aed afn all amd aoa ars aud awg azn bam bbd bdt bmd bnd bob brl bsd btn bwp byn bzd cad cdf "
        "chf cny cop crc cup cve czk dkk dop dzd egp ern etb eur fjd fkp gbp gel ghs gip gmd gtq gyd hkd hnl "
        "htg huf idr ils inr irr jmd kes kgs khr kpw kyd kzt lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop "
        "mru mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd pab pen pgk php pkr pln qar ron rsd rub sar sbd "
        "scr sdg sek sgd shp sle sos srd ssp stn svc syp szl thb tjs tmt top try ttd twd tzs uah usd uyu uzs "
        "ved ves wst xcd xcg yer zar zmw zwg"
    ),
    3: "bhd iqd jod kwd lyd omr tnd",
}

_HISTORIC_BY_EXPONENT: Final[Mapping[int, str]] = {
    2: "ang bgn",
}
# ANG ended on 2025-03-31 (XCG follows it), BGN on 2025-12-31 (EUR).


def _exponents(codes_by_exponent: Mapping[int, str]) -> dict[Currency, int]:
    return {
        Currency(code): exponent for exponent, codes in codes_by_exponent.items() for code in codes.split()
    }


EXPONENTS: Final[Mapping[Currency, int]] = MappingProxyType(
    _exponents(_BY_EXPONENT) | _exponents(_HISTORIC_BY_EXPONENT)
)
"""Currency -> digits after the decimal point of its major unit (ISO 4217), the historic ones included: charges of the
past are read, refunded and booked in the currency they had."""

ACTIVE_CURRENCIES: Final = frozenset(_exponents(_BY_EXPONENT))
"""The currencies in which a new charge may be made."""


def exponent_of(currency: Currency) -> int:
    """Digits of the minor unit: 2 for usd, 0 for jpy, 3 for kwd."""
    return EXPONENTS[currency]


def parse_currency(code: str) -> Currency | None:
    """The currency, active or historic, that a code of any letter case names; None where there is no such currency."""
    currency = Currency(code.lower())
    return currency if currency in EXPONENTS else None
