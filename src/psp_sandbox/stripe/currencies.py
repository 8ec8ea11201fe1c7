# ruff: noqa: SIM905 - a hundred codes read better as words
"""What Stripe accepts as a currency and an amount. Its exponents are its own; docs.stripe.com/currencies."""

from psp_sandbox.stripe.errors import Refusal, invalid_request

MAX_AMOUNT = 99_999_999
"""Eight digits of minor units, in every currency that `MAX_AMOUNTS` does not name."""
MAX_AMOUNTS = {"idr": 999_999_999_999}
"""Twelve digits of minor units."""

ZERO_DECIMAL = frozenset("bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split())
THREE_DECIMAL = frozenset("bhd jod kwd omr tnd".split())
WHOLE_UNITS_IN_TWO_DECIMALS = frozenset({"isk", "ugx"})
"""No minor unit in use, yet sent with two decimals that must be 00."""

TWO_DECIMAL = frozenset(
    "usd aed afn all amd aoa ars aud awg azn bam bbd bdt bmd bnd bob brl bsd bwp byn bzd cad cdf chf cny cop "
    "crc cve czk dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gtq gyd hkd hnl htg huf idr ils inr jmd kes kgs khr "
    "kyd kzt lak lbp lkr lrd lsl mad mdl mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd pab pen pgk "
    "php pkr pln qar ron rsd rub sar sbd scr sek sgd shp sle sos srd szl thb tjs top try ttd twd tzs uah uyu uzs "
    "wst xcd xcg yer zar zmw".split()
)
SUPPORTED = TWO_DECIMAL | ZERO_DECIMAL | THREE_DECIMAL | WHOLE_UNITS_IN_TWO_DECIMALS

MINIMUM_AMOUNT = {
    **dict.fromkeys("usd aud brl cad chf eur inr jpy nzd sgd".split(), 50),
    **dict.fromkeys("aed myr pln ron".split(), 200),
    **dict.fromkeys("mxn thb".split(), 1_000),
    "czk": 1_500,
    "dkk": 250,
    "gbp": 30,
    "hkd": 400,
    "huf": 17_500,
    "nok": 300,
    "sek": 300,
}
"""Least amount of a charge in minor units; other currencies start at 1."""


SYMBOLS = {"eur": "€", "gbp": "£", "usd": "$"}


def money(amount: int, currency: str) -> str:
    """Stripe's amounts as people read them: `$10.99`, `500 JPY`, `5.120 KWD`."""
    decimals = 0 if currency in ZERO_DECIMAL else 3 if currency in THREE_DECIMAL else 2
    figure = f"{amount / 10**decimals:,.{decimals}f}"
    symbol = SYMBOLS.get(currency)
    return f"{symbol}{figure}" if symbol else f"{figure} {currency.upper()}"


def currency_of(text: str) -> str:
    """The lower-case code. Raises Refusal: not a currency Stripe takes."""
    code = text.lower()
    if code in SUPPORTED:
        return code
    raise invalid_request(f"Invalid currency: {text[:8]}.", param="currency")


def check_amount(amount: int, currency: str) -> None:
    """Raises Refusal: below the currency's minimum, above its digits, or finer than the currency allows."""
    if amount < 1:
        raise invalid_request("Invalid positive integer", param="amount", code="parameter_invalid_integer")
    most = MAX_AMOUNTS.get(currency, MAX_AMOUNT)
    if amount > most:
        message = f"Amount must be no more than {money(most, currency)}"
        raise invalid_request(message, param="amount", code="amount_too_large")
    least = MINIMUM_AMOUNT.get(currency, 1)
    if amount < least:
        message = f"Amount must be at least {money(least, currency)}"
        raise invalid_request(message, param="amount", code="amount_too_small")
    if currency in THREE_DECIMAL and amount % 10:
        raise _too_fine(currency, "end in 0")
    if currency in WHOLE_UNITS_IN_TWO_DECIMALS and amount % 100:
        raise _too_fine(currency, "end in 00")


def _too_fine(currency: str, rule: str) -> Refusal:
    return invalid_request(f"Invalid amount: amounts in {currency} must {rule}.", param="amount")
