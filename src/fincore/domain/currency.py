"""ISO 4217 currencies and how many decimal digits their minor unit has.

Codes are lower case throughout FinCore. PSPs disagree with ISO 4217 on some exponents (Stripe sends ISK with
two); those tables belong to the PSP's package, never here.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NewType

Currency = NewType("Currency", str)

_BY_EXPONENT: Final[Mapping[int, str]] = {
    0: "bif clp djf gnf isk jpy kmf krw pyg rwf ugx vnd vuv xaf xof xpf",
    2: (
        "aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bmd bnd bob brl bsd btn bwp byn bzd cad cdf "
        "chf cny cop crc cup cve czk dkk dop dzd egp ern etb eur fjd fkp gbp gel ghs gip gmd gtq gyd hkd hnl "
        "htg huf idr ils inr irr jmd kes kgs khr kpw kyd kzt lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop "
        "mru mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd pab pen pgk php pkr pln qar ron rsd rub sar sbd "
        "scr sdg sek sgd shp sle sos srd ssp stn svc syp szl thb tjs tmt top try ttd twd tzs uah usd uyu uzs "
        "ves wst xcd xcg yer zar zmw zwg"
    ),
    3: "bhd iqd jod kwd lyd omr tnd",
}

EXPONENTS: Final[Mapping[Currency, int]] = MappingProxyType(
    {Currency(code): exponent for exponent, codes in _BY_EXPONENT.items() for code in codes.split()}
)
"""Currency -> digits after the decimal point of its major unit (ISO 4217, active codes for payments)."""


def exponent_of(currency: Currency) -> int:
    """Digits of the minor unit: 2 for usd, 0 for jpy, 3 for kwd."""
    return EXPONENTS[currency]


def parse_currency(code: str) -> Currency | None:
    """The currency a code of any letter case names, or None where ISO 4217 has no such payment currency."""
    currency = Currency(code.lower())
    return currency if currency in EXPONENTS else None
