"""Payment methods: cards by number, by token, or by the published `pm_card_*` names."""

import time
from collections.abc import Iterable

import msgspec

from psp_sandbox.ids import new_id
from psp_sandbox.messages import Response
from psp_sandbox.stripe.call import Call
from psp_sandbox.stripe.cards import Card, card_of_number, card_of_token, on_file, passes_luhn
from psp_sandbox.stripe.errors import DOC_URL, Refusal, card_refused, invalid_request, no_such
from psp_sandbox.stripe.lists import ListParameters, page
from psp_sandbox.stripe.parameters import checked_metadata, read
from psp_sandbox.stripe.stored_card import StoredCard
from psp_sandbox.stripe.wire import BillingDetails, CardOnFile, ErrorDetail, Metadata, PaymentMethod
from psp_sandbox.stripe.wire_address import Address

TOKEN_EXP_MONTH = 8
MIN_NUMBER_DIGITS, MAX_NUMBER_DIGITS = 12, 19
MONTHS = 12
CENTURY = 100
NEXT_CENTURY_BELOW = 70
MAX_EXPIRY_YEARS = 50


class CardParameters(msgspec.Struct, forbid_unknown_fields=True, frozen=True, gc=False, kw_only=True):
    """A card by number or by token."""

    number: str | None = None
    exp_month: int | None = None
    exp_year: int | None = None
    cvc: str | None = None
    token: str | None = None


class BillingParameters(msgspec.Struct, forbid_unknown_fields=True, frozen=True, gc=False, kw_only=True):
    """The cardholder, as a request names them."""

    address: Address = Address()
    email: str | None = None
    name: str | None = None
    phone: str | None = None


class PaymentMethodParameters(
    msgspec.Struct, forbid_unknown_fields=True, frozen=True, gc=False, kw_only=True
):
    """POST /v1/payment_methods, and `payment_method_data` of a payment intent."""

    type: str
    card: CardParameters | None = None
    billing_details: BillingParameters = BillingParameters()
    allow_redisplay: str = "unspecified"
    metadata: Metadata | str = {}
    expand: list[str] = []


class ListMethods(ListParameters, forbid_unknown_fields=True, frozen=True, kw_only=True, gc=False):
    """GET /v1/payment_methods."""

    customer: str | None = None
    type: str | None = None


class NoParameters(msgspec.Struct, forbid_unknown_fields=True, frozen=True, gc=False):
    """Only `expand`, of which these resources have nothing to expand."""

    expand: list[str] = []


def create(call: Call) -> Response:
    """POST /v1/payment_methods."""
    parameters = read(call.request, PaymentMethodParameters)
    return Response(payload=store_card(call, parameters).method)


def retrieve(call: Call) -> Response:
    """GET /v1/payment_methods/{id}."""
    read(call.request, NoParameters)
    return Response(payload=addressed(call).method)


def list_methods(call: Call) -> Response:
    """GET /v1/payment_methods, of one customer or of all."""
    given = read(call.request, ListMethods)
    stored: Iterable[StoredCard]
    if given.customer is None:
        stored = call.store.payment_methods.newest_first(call.account)
    else:
        stored = call.store.customers.kept(call.account, given.customer)
    methods = (one.method for one in stored if given.type in (None, one.method.type))
    return Response(payload=page(methods, given, url="/v1/payment_methods", show=lambda method: method))


def addressed(call: Call) -> StoredCard:
    """The payment method that the URL names. Raises Refusal: there is none."""
    stored = call.store.payment_methods.get(call.account, call.named)
    if stored is None:
        raise no_such("PaymentMethod", call.named, param="payment_method")
    return stored


def store_card(call: Call, parameters: PaymentMethodParameters) -> StoredCard:
    """A new payment method out of the parameters. The number is looked up and forgotten. Raises Refusal."""
    if parameters.type != "card":
        raise invalid_request(f"Unsupported payment method type: {parameters.type[:20]}.", param="type")
    given = parameters.card
    if given is None:
        raise invalid_request("Missing required param: card.", param="card", code="parameter_missing")
    billing = BillingDetails(**msgspec.structs.asdict(parameters.billing_details))
    metadata = checked_metadata(parameters.metadata)
    if given.token is None:
        card, shown = read_card(call, given)
        return _stored(call, card, shown, billing=billing, metadata=metadata)
    kept = call.store.tokens.get(call.account, given.token)
    if kept is not None:
        call.store.tokens.discard(given.token)
        return _stored(call, kept.card, kept.method.card, billing=billing, metadata=metadata)
    card_or_none = card_of_token(given.token)
    if card_or_none is None:
        raise no_such("token", given.token[:100], param="card[token]")
    return _stored(call, card_or_none, _token_shown(call, card_or_none), billing=billing, metadata=metadata)


def read_card(call: Call, given: CardParameters) -> tuple[Card, CardOnFile]:
    """The test card of the number, and what is kept of it. Raises Refusal: a flaw of number, expiry or CVC."""
    card = _card_by_number(given)
    month, year = _expiry(given, call.store.now())
    return card, on_file(card, exp_month=month, exp_year=year, cvc_given=given.cvc is not None)


def find_or_clone(call: Call, name: str) -> StoredCard:
    """The account's payment method of this id; a published `pm_card_*` name makes a new one, as Stripe does."""
    stored = call.store.payment_methods.get(call.account, name)
    if stored is not None:
        return stored
    card = card_of_token(name) if name.startswith(("pm_card_", "tok_")) else None
    if card is None:
        raise no_such("PaymentMethod", name[:100], param="payment_method")
    return _stored(call, card, _token_shown(call, card), billing=BillingDetails(), metadata={})


def _token_shown(call: Call, card: Card) -> CardOnFile:
    next_year = time.gmtime(call.store.now()).tm_year + 1
    return on_file(card, exp_month=TOKEN_EXP_MONTH, exp_year=next_year, cvc_given=True)


def _stored(
    call: Call, card: Card, shown: CardOnFile, *, billing: BillingDetails, metadata: Metadata
) -> StoredCard:
    method = PaymentMethod(
        id=new_id("pm"),
        billing_details=billing,
        card=shown,
        created=call.store.now(),
        livemode=call.caller.livemode,
        metadata=metadata,
    )
    stored = StoredCard(method, card)
    call.store.payment_methods.add(call.account, method.id, stored)
    return stored


def _card_by_number(given: CardParameters) -> Card:
    if given.number is None:
        raise _missing("number")
    number = given.number.replace(" ", "").replace("-", "")
    plausible = number.isdecimal() and number.isascii()
    if not plausible or not MIN_NUMBER_DIGITS <= len(number) <= MAX_NUMBER_DIGITS or not passes_luhn(number):
        raise _card_error("incorrect_number", "Your card number is incorrect.", "number")
    digits = 4 if number[:2] in ("34", "37") else 3
    if given.cvc is not None and not (given.cvc.isdecimal() and len(given.cvc) in (digits, 4)):
        raise _card_error("invalid_cvc", "Your card's security code is invalid.", "cvc")
    card = card_of_number(number)
    if card is None:
        message = (
            "Your card was declined. Your request was in test mode, but used a non test card. "
            "For a list of valid test cards, visit: https://stripe.com/docs/testing."
        )
        raise _card_error("card_declined", message, None, decline_code="test_mode_live_card")
    return card


def _expiry(given: CardParameters, now: int) -> tuple[int, int]:
    """Month and four-digit year. Raises Refusal: missing, impossible, or past."""
    if given.exp_month is None:
        raise _missing("exp_month")
    if given.exp_year is None:
        raise _missing("exp_year")
    month, year = given.exp_month, given.exp_year
    if not 1 <= month <= MONTHS:
        raise _card_error("invalid_expiry_month", "Your card's expiration month is invalid.", "exp_month")
    if 0 <= year < CENTURY:
        year += 2_000 if year < NEXT_CENTURY_BELOW else 1_900
    today = time.gmtime(now)
    if not today.tm_year <= year <= today.tm_year + MAX_EXPIRY_YEARS:
        raise _card_error("invalid_expiry_year", "Your card's expiration year is invalid.", "exp_year")
    if (year, month) < (today.tm_year, today.tm_mon):
        raise _card_error("invalid_expiry_month", "Your card's expiration month is invalid.", "exp_month")
    return month, year


def _missing(field: str) -> Refusal:
    param = f"card[{field}]"
    return invalid_request(f"Missing required param: {param}.", param=param, code="parameter_missing")


def _card_error(code: str, message: str, field: str | None, decline_code: str | None = None) -> Refusal:
    return card_refused(
        ErrorDetail(
            type="card_error",
            code=code,
            decline_code=decline_code or msgspec.UNSET,
            doc_url=DOC_URL + code.replace("_", "-"),
            message=message,
            param=field or msgspec.UNSET,
        )
    )
