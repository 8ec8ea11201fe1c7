"""Raw cards of PayPal's card testing: a word in the name on the card decides what its bank says. Pure."""

from datetime import date

from psp_sandbox.paypal.errors import Refusal
from psp_sandbox.paypal.records import Card, Instrument, ProcessorResponse
from psp_sandbox.paypal.requests import CardSource

REJECTIONS = {
    "CCREJECT-REFUSED": "0500",
    "CCREJECT-SF": "9500",
    "CCREJECT-EC": "5400",
    "CCREJECT-IRC": "5180",
    "CCREJECT-IF": "5120",
    "CCREJECT-LS": "9520",
    "CCREJECT-IA": "1330",
    "CCREJECT-BANK_ERROR": "5100",
    "CCREJECT-CVV_F": "00N7",
}
"""The name on the card, case-sensitive -> the processor's response code."""
NEVER_AGAIN = frozenset({"5180", "9500", "9520"})
BRANDS = {"3": "AMEX", "4": "VISA", "5": "MASTERCARD", "2": "MASTERCARD", "6": "MAESTRO"}
"""By the first digit, close enough for test cards."""


def kept_card(given: CardSource, *, today: date) -> Card:
    """What is kept of a card. Raises Refusal: it has no number or no expiry, no card's number, or it has expired."""
    if given.number is None or given.expiry is None:
        missing = "number" if given.number is None else "expiry"
        raise Refusal("MISSING_REQUIRED_PARAMETER", field=f"/payment_source/card/{missing}")
    if not _has_check_digit(given.number):
        raise Refusal("INVALID_PARAMETER_VALUE", field="/payment_source/card/number")
    if given.expiry < today.strftime("%Y-%m"):
        raise Refusal("CARD_EXPIRED", field="/payment_source/card/expiry")
    brand = BRANDS.get(given.number[0], "VISA")
    return Card(last_digits=given.number[-4:], brand=brand, expiry=given.expiry, name=given.name)


def instrument_of(given: CardSource) -> Instrument:
    """What the card's bank will say."""
    code = REJECTIONS.get(given.name or "")
    cvv = None if given.security_code is None else "M"
    if code is None:
        approval = ProcessorResponse(response_code="0000", avs_code="Y", cvv_code=cvv)
        return Instrument(processor_response=approval)
    refusal = ProcessorResponse(
        response_code=code,
        avs_code="Y",
        cvv_code="N" if code == "00N7" else cvv,
        payment_advice_code="03" if code in NEVER_AGAIN else None,
    )
    return Instrument(funding="declined", processor_response=refusal)


def _has_check_digit(number: str) -> bool:
    """The check digit of ISO/IEC 7812."""
    digits = [int(digit) for digit in reversed(number)]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0
