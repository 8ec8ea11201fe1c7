"""Payment intents: create, confirm, capture, cancel, retrieve, list, search."""

from collections.abc import Iterable
from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from psp_sandbox.ids import new_id
from psp_sandbox.messages import Answer
from psp_sandbox.stripe import machine
from psp_sandbox.stripe.call import Call
from psp_sandbox.stripe.currencies import check_amount, currency_of
from psp_sandbox.stripe.errors import Refusal, card_refused, invalid_request, no_such, refused
from psp_sandbox.stripe.lists import ListParameters, page
from psp_sandbox.stripe.outcomes import ChallengeRequired, decide
from psp_sandbox.stripe.parameters import checked_metadata, read
from psp_sandbox.stripe.payment_methods import PaymentMethodParameters, find_or_clone, store_card
from psp_sandbox.stripe.search import SearchParameters, compile_query, search_page
from psp_sandbox.stripe.store import Challenge, StoredCard
from psp_sandbox.stripe.wire import (
    AutomaticPaymentMethods,
    CaptureMethod,
    ConfirmationMethod,
    Metadata,
    NextAction,
    PaymentIntent,
    RedirectToUrl,
    UseStripeSdk,
)

CancellationReason = Literal["duplicate", "fraudulent", "requested_by_customer", "abandoned"]
OPTIONS_SHOWN: dict[str, dict[str, Any]] = {
    asked: {
        "card": {
            "installments": None,
            "mandate_options": None,
            "network": None,
            "request_three_d_secure": asked,
        }
    }
    for asked in ("any", "automatic", "challenge")
}
"""`payment_method_options` as an intent shows them: one object for all intents that ask the same."""
EXPANDABLE = frozenset({"latest_charge", "payment_method"})


class CardOptions(msgspec.Struct, forbid_unknown_fields=True, frozen=True, gc=False, kw_only=True):
    """`payment_method_options[card]`, as far as the sandbox acts on it."""

    request_three_d_secure: Literal["any", "automatic", "challenge"] = "automatic"


class PaymentMethodOptions(msgspec.Struct, forbid_unknown_fields=True, frozen=True, gc=False, kw_only=True):
    """`payment_method_options`."""

    card: CardOptions = CardOptions()


class ConfirmParameters(msgspec.Struct, forbid_unknown_fields=True, frozen=True, gc=False, kw_only=True):
    """POST /v1/payment_intents/{id}/confirm."""

    payment_method: str | None = None
    payment_method_data: PaymentMethodParameters | None = None
    payment_method_options: PaymentMethodOptions = PaymentMethodOptions()
    payment_method_types: list[str] | None = None
    capture_method: CaptureMethod | None = None
    error_on_requires_action: bool = False
    off_session: bool | str = False
    receipt_email: str | None = None
    return_url: str | None = None
    setup_future_usage: Literal["off_session", "on_session"] | None = None
    shipping: dict[str, Any] | None = None
    use_stripe_sdk: bool = False
    client_secret: str | None = None
    expand: list[str] = []


class CreateParameters(ConfirmParameters, forbid_unknown_fields=True, frozen=True, gc=False, kw_only=True):
    """POST /v1/payment_intents. What belongs to a confirmation may only be given with `confirm=true`."""

    amount: int
    currency: str
    automatic_payment_methods: AutomaticPaymentMethods | None = None
    confirm: bool = False
    confirmation_method: ConfirmationMethod = "automatic"
    customer: str | None = None
    description: str | None = None
    metadata: Metadata | str = {}
    statement_descriptor: str | None = None
    statement_descriptor_suffix: str | None = None
    transfer_group: str | None = None


class CaptureParameters(msgspec.Struct, forbid_unknown_fields=True, frozen=True, gc=False, kw_only=True):
    """POST /v1/payment_intents/{id}/capture."""

    amount_to_capture: int | None = None
    metadata: Metadata | str | None = None
    statement_descriptor: str | None = None
    statement_descriptor_suffix: str | None = None
    expand: list[str] = []


class CancelParameters(msgspec.Struct, forbid_unknown_fields=True, frozen=True, gc=False, kw_only=True):
    """POST /v1/payment_intents/{id}/cancel."""

    cancellation_reason: CancellationReason | None = None
    expand: list[str] = []


class RetrieveParameters(msgspec.Struct, forbid_unknown_fields=True, frozen=True, gc=False, kw_only=True):
    """GET /v1/payment_intents/{id}."""

    client_secret: str | None = None
    expand: list[str] = []


class ListIntents(ListParameters, forbid_unknown_fields=True, frozen=True, kw_only=True, gc=False):
    """GET /v1/payment_intents."""

    customer: str | None = None


def create(call: Call) -> Answer:
    """POST /v1/payment_intents."""
    given = read(call.request, CreateParameters)
    _check_expand(given.expand)
    currency = currency_of(given.currency)
    check_amount(given.amount, currency)
    metadata = checked_metadata(given.metadata)
    automatic = _automatic_payment_methods(given)
    if given.confirm:
        _check_return_url(automatic, given.return_url)
    elif given.return_url or given.off_session or given.error_on_requires_action:
        late = next(n for n in ("return_url", "off_session", "error_on_requires_action") if getattr(given, n))
        raise invalid_request(f"You can only pass `{late}` together with `confirm=true`.", param=late)
    stored = _payment_method(call, given)
    intent_id = new_id("pi")
    intent = PaymentIntent(
        id=intent_id,
        amount=given.amount,
        automatic_payment_methods=automatic,
        capture_method=given.capture_method or "automatic_async",
        client_secret=f"{intent_id}_{new_id('secret')}",
        confirmation_method=given.confirmation_method,
        created=call.store.now(),
        currency=currency,
        customer=given.customer,
        description=given.description,
        livemode=call.caller.livemode,
        metadata=metadata,
        payment_method=stored.method.id if stored else None,
        payment_method_options=OPTIONS_SHOWN[given.payment_method_options.card.request_three_d_secure],
        receipt_email=given.receipt_email,
        setup_future_usage=given.setup_future_usage,
        shipping=given.shipping,
        statement_descriptor=given.statement_descriptor,
        statement_descriptor_suffix=given.statement_descriptor_suffix,
        status="requires_confirmation" if stored else "requires_payment_method",
        transfer_group=given.transfer_group,
    )
    call.store.add_intent(call.caller, intent)
    if given.confirm:
        intent = _confirm(call, intent, stored, given)
    return Answer(payload=expanded(call, intent, given.expand))


def confirm(call: Call) -> Answer:
    """POST /v1/payment_intents/{id}/confirm."""
    given = read(call.request, ConfirmParameters)
    _check_expand(given.expand)
    intent = _addressed(call)
    if intent.status not in machine.CONFIRMABLE:
        raise _unexpected_state(intent, _unconfirmable(intent))
    _check_return_url(intent.automatic_payment_methods, given.return_url)
    stored = _payment_method(call, given)
    if stored is None and isinstance(intent.payment_method, str):
        stored = call.store.payment_methods.get(call.account, intent.payment_method)
    changed = replace(
        intent,
        capture_method=given.capture_method or intent.capture_method,
        receipt_email=given.receipt_email or intent.receipt_email,
        setup_future_usage=given.setup_future_usage or intent.setup_future_usage,
        shipping=given.shipping or intent.shipping,
    )
    return Answer(payload=expanded(call, _confirm(call, changed, stored, given), given.expand))


def capture(call: Call) -> Answer:
    """POST /v1/payment_intents/{id}/capture."""
    given = read(call.request, CaptureParameters)
    _check_expand(given.expand)
    metadata = None if given.metadata is None else checked_metadata(given.metadata)
    intent = _addressed(call)
    if intent.status not in machine.CAPTURABLE:
        message = (
            f"This PaymentIntent could not be captured because it has a status of {intent.status}. "
            "Only a PaymentIntent with one of the following statuses may be captured: requires_capture."
        )
        raise _unexpected_state(intent, message)
    amount = intent.amount_capturable if given.amount_to_capture is None else given.amount_to_capture
    if amount < 1:
        raise invalid_request("Invalid positive integer", param="amount_to_capture")
    if amount > intent.amount_capturable:
        message = (
            "The requested capture amount is greater than the amount you can capture "
            f"for this PaymentIntent ({intent.amount_capturable})."
        )
        raise refused(message, param="amount_to_capture", code="amount_too_large")
    if metadata is not None:
        intent = replace(intent, metadata=intent.metadata | metadata)
    charge = call.store.charges_of(call.account, intent.id)[0]
    intent = call.store.apply(call.caller, machine.capture(intent, charge, amount))
    return Answer(payload=expanded(call, intent, given.expand))


def cancel(call: Call) -> Answer:
    """POST /v1/payment_intents/{id}/cancel."""
    given = read(call.request, CancelParameters)
    _check_expand(given.expand)
    intent = _addressed(call)
    if intent.status not in machine.CANCELABLE:
        message = (
            f"You cannot cancel this PaymentIntent because it has a status of {intent.status}. "
            "Only a PaymentIntent with one of the following statuses may be canceled: "
            f"{', '.join(machine.CANCELABLE)}, processing."
        )
        raise _unexpected_state(intent, message)
    attempts = call.store.charges_of(call.account, intent.id)
    call.store.close_challenge(intent.id)
    done = machine.cancel(
        intent,
        attempts[0] if attempts else None,
        reason=given.cancellation_reason,
        now=call.store.now(),
    )
    return Answer(payload=expanded(call, call.store.apply(call.caller, done), given.expand))


def retrieve(call: Call) -> Answer:
    """GET /v1/payment_intents/{id}."""
    given = read(call.request, RetrieveParameters)
    _check_expand(given.expand)
    return Answer(payload=expanded(call, _addressed(call), given.expand))


def list_intents(call: Call) -> Answer:
    """GET /v1/payment_intents."""
    given = read(call.request, ListIntents)
    paths = _data_paths(given.expand)
    intents = call.store.intents.newest_first(call.account)
    if given.customer is not None:
        intents = (intent for intent in intents if intent.customer == given.customer)
    found = page(intents, given, url="/v1/payment_intents", show=lambda one: expanded(call, one, paths))
    return Answer(payload=found)


def search(call: Call) -> Answer:
    """GET /v1/payment_intents/search. An intent is found only once it is as old as the index lags behind."""
    given = read(call.request, SearchParameters)
    paths = _data_paths(given.expand)
    query = compile_query(given.query)
    intents: Iterable[PaymentIntent] | None = None
    if query.metadata is not None:
        intents = call.store.by_metadata.find(call.account, *query.metadata)
    if intents is None:
        intents = call.store.intents.newest_first(call.account)
    if call.search_lag_seconds:
        newest_known = call.store.now() - call.search_lag_seconds
        intents = (intent for intent in intents if intent.created <= newest_known)
    return Answer(
        payload=search_page(filter(query.test, intents), given, show=lambda one: expanded(call, one, paths))
    )


def expanded(call: Call, intent: PaymentIntent, paths: list[str]) -> PaymentIntent:
    """The intent with the named references replaced by what they refer to."""
    if not paths:
        return intent
    if "latest_charge" in paths and isinstance(intent.latest_charge, str):
        charge = call.store.charges.get(call.account, intent.latest_charge)
        intent = replace(intent, latest_charge=charge or intent.latest_charge)
    if "payment_method" in paths and isinstance(intent.payment_method, str):
        stored = call.store.payment_methods.get(call.account, intent.payment_method)
        intent = replace(intent, payment_method=stored.method if stored else intent.payment_method)
    return intent


def _confirm(
    call: Call, intent: PaymentIntent, stored: StoredCard | None, given: ConfirmParameters
) -> PaymentIntent:
    """One attempt. Raises Refusal: no card, or the card was refused (after the failure was recorded)."""
    if stored is None:
        message = (
            "You cannot confirm this PaymentIntent because it's missing a payment method. "
            "You can either update the PaymentIntent with a payment method and then confirm it again, "
            "or confirm it again directly with a payment method or ConfirmationToken."
        )
        raise _unexpected_state(intent, message)
    store = call.store
    decision = decide(
        stored.card,
        authenticated=store.is_authenticated(intent.id) and stored.method.id == intent.payment_method,
        off_session=given.off_session in (True, "true", "one_off", "recurring"),
        challenge_requested=given.payment_method_options.card.request_three_d_secure != "automatic",
        challenge_possible=not given.error_on_requires_action,
    )
    next_action = None
    if isinstance(decision, ChallengeRequired):
        next_action = _challenge(call, intent, stored, given.return_url)
    else:
        store.close_challenge(intent.id)
    facts = machine.Attempt(
        method=stored.method,
        card=stored.card,
        now=store.now(),
        charge_id=new_id("ch"),
        next_action=next_action,
    )
    transition = machine.attempt(intent, decision, facts)
    intent = store.apply(call.caller, transition)
    if transition.error is not None:
        raise card_refused(transition.error)
    return intent


def _challenge(call: Call, intent: PaymentIntent, stored: StoredCard, return_url: str | None) -> NextAction:
    """Open a challenge; the way to its page is what the customer has to do next."""
    challenge = Challenge(
        id=new_id("3ds"), account=call.account, intent_id=intent.id, return_url=return_url, stored=stored
    )
    call.store.open_challenge(challenge)
    url = f"{call.public_url}/3ds/{challenge.id}"
    if return_url is None:
        return NextAction(type="use_stripe_sdk", use_stripe_sdk=UseStripeSdk(stripe_js=url))
    return NextAction(type="redirect_to_url", redirect_to_url=RedirectToUrl(return_url=return_url, url=url))


def _payment_method(call: Call, given: ConfirmParameters) -> StoredCard | None:
    types = given.payment_method_types
    if types is not None and "card" not in types:
        raise invalid_request(
            "The sandbox takes the payment method type `card`.", param="payment_method_types"
        )
    if given.payment_method_data is not None:
        return store_card(call, given.payment_method_data)
    return None if given.payment_method is None else find_or_clone(call, given.payment_method)


def _automatic_payment_methods(given: CreateParameters) -> AutomaticPaymentMethods | None:
    """Enabled unless the payment method types are named: Stripe's default since 2023-08-16."""
    if given.automatic_payment_methods is not None:
        if given.payment_method_types is not None:
            message = "You may only specify one of these parameters: automatic_payment_methods, payment_method_types."
            raise invalid_request(message)
        return given.automatic_payment_methods
    return None if given.payment_method_types is not None else AutomaticPaymentMethods(enabled=True)


def _check_return_url(automatic: AutomaticPaymentMethods | None, return_url: str | None) -> None:
    if return_url is not None and not return_url.startswith(("http://", "https://")):
        raise invalid_request("Not a valid URL", param="return_url", code="url_invalid")
    if automatic is None or not automatic.enabled or automatic.allow_redirects == "never" or return_url:
        return
    raise invalid_request(
        "This PaymentIntent is configured to accept payment methods enabled in your Dashboard. Because some of these "
        "payment methods might redirect your customer off of your page, you must provide a `return_url`. If you don't "
        "want to accept redirect-based payment methods, set `automatic_payment_methods[enabled]` to `true` and "
        "`automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents and Payment Intents."
    )


def _addressed(call: Call) -> PaymentIntent:
    intent = call.store.intents.get(call.account, call.named)
    if intent is None:
        raise no_such("payment_intent", call.named, param="intent")
    return intent


def _unconfirmable(intent: PaymentIntent) -> str:
    if intent.status == "succeeded":
        return (
            "You cannot confirm this PaymentIntent because it has already succeeded "
            "after being previously confirmed."
        )
    return f"You cannot confirm this PaymentIntent because it has a status of {intent.status}."


def _unexpected_state(intent: PaymentIntent, message: str) -> Refusal:
    refusal = refused(message, code="payment_intent_unexpected_state")
    return Refusal(refusal.status, replace(refusal.detail, payment_intent=intent), remembered=True)


def _check_expand(paths: list[str]) -> None:
    for path in paths:
        if path not in EXPANDABLE:
            raise invalid_request(f"This property cannot be expanded ({path[:60]}).", param="expand")


def _data_paths(paths: list[str]) -> list[str]:
    """The paths of a list, without the `data.` that they all begin with."""
    bare = [path.removeprefix("data.") for path in paths]
    _check_expand(bare)
    return bare
