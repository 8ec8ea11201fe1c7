"""Payment intents: create, confirm, capture, cancel, retrieve, list, search."""

import re
from operator import attrgetter
from typing import Any

from msgspec.structs import replace

from psp_sandbox.ids import new_id
from psp_sandbox.messages import Response
from psp_sandbox.stripe import machine
from psp_sandbox.stripe.call import Call
from psp_sandbox.stripe.confirmation import confirm_with, unexpected_state
from psp_sandbox.stripe.currencies import check_amount, currency_of
from psp_sandbox.stripe.customers import check_customer, check_payer
from psp_sandbox.stripe.errors import invalid_request, no_such, refused
from psp_sandbox.stripe.expansion import check_expand, data_paths, expanded
from psp_sandbox.stripe.lists import page
from psp_sandbox.stripe.parameters import checked_metadata, read
from psp_sandbox.stripe.payment_intent_parameters import (
    CancelParameters,
    CaptureParameters,
    ConfirmParameters,
    CreateParameters,
    ListIntents,
    RetrieveParameters,
    UpdateParameters,
)
from psp_sandbox.stripe.payment_methods import find_or_clone, store_card
from psp_sandbox.stripe.search import Searchable, SearchParameters, compile_query, search_page
from psp_sandbox.stripe.stored_card import StoredCard
from psp_sandbox.stripe.wire import AutomaticPaymentMethods, Metadata, PaymentIntent

EMAIL_CHARS_MAX = 254
EMAIL = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
)
"""RFC 5322's dot-atom at a host name of the DNS; stricter than what most shops let through."""

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

SEARCHABLE = Searchable[PaymentIntent](
    numbers={"amount": attrgetter("amount"), "created": attrgetter("created")},
    texts={name: attrgetter(name) for name in ("currency", "customer", "status")},
)


def create(call: Call) -> Response:
    """POST /v1/payment_intents."""
    given = read(call.request, CreateParameters)
    check_expand("payment_intent", given.expand)
    check_amount(given.amount, currency_of(given.currency))
    check_receipt_email(given.receipt_email)
    check_customer(call, given.customer)
    metadata = checked_metadata(given.metadata)
    automatic = _automatic_payment_methods(given)
    if given.confirm:
        _check_return_url(automatic, given.return_url)
    elif given.return_url or given.off_session or given.error_on_requires_action:
        late = next(n for n in ("return_url", "off_session", "error_on_requires_action") if getattr(given, n))
        raise invalid_request(f"You can only pass `{late}` together with `confirm=true`.", param=late)
    stored = payment_method_of(call, given, given.customer)
    intent = _new_intent(call, given, stored, automatic, metadata)
    call.store.add_intent(call.caller, intent)
    if given.confirm:
        intent = confirm_with(call, intent, stored, given)
    return Response(payload=expanded(call.store, call.account, intent, given.expand))


def confirm(call: Call) -> Response:
    """POST /v1/payment_intents/{id}/confirm."""
    given = read(call.request, ConfirmParameters)
    check_expand("payment_intent", given.expand)
    intent = addressed(call)
    if intent.status not in machine.CONFIRMABLE:
        raise unexpected_state(intent, _unconfirmable(intent))
    _check_return_url(intent.automatic_payment_methods, given.return_url)
    check_receipt_email(given.receipt_email)
    stored = payment_method_of(call, given, intent.customer)
    if stored is None and isinstance(intent.payment_method, str):
        stored = call.store.payment_methods.get(call.account, intent.payment_method)
        check_payer(stored, intent.customer)
    changed = replace(
        intent,
        capture_method=given.capture_method or intent.capture_method,
        receipt_email=given.receipt_email or intent.receipt_email,
        setup_future_usage=given.setup_future_usage or intent.setup_future_usage,
        shipping=given.shipping or intent.shipping,
    )
    return Response(
        payload=expanded(call.store, call.account, confirm_with(call, changed, stored, given), given.expand)
    )


def capture(call: Call) -> Response:
    """POST /v1/payment_intents/{id}/capture."""
    given = read(call.request, CaptureParameters)
    check_expand("payment_intent", given.expand)
    metadata = None if given.metadata is None else checked_metadata(given.metadata)
    intent = addressed(call)
    if intent.status not in machine.CAPTURABLE:
        message = (
            f"This PaymentIntent could not be captured because it has a status of {intent.status}. "
            "Only a PaymentIntent with one of the following statuses may be captured: requires_capture."
        )
        raise unexpected_state(intent, message)
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
    captured = machine.capture(
        intent,
        charge,
        amount,
        card=call.store.card_of(call.account, charge),
        movement_id=new_id("txn"),
        now=call.store.now(),
    )
    intent = call.store.apply(call.caller, captured)
    return Response(payload=expanded(call.store, call.account, intent, given.expand))


def cancel(call: Call) -> Response:
    """POST /v1/payment_intents/{id}/cancel."""
    given = read(call.request, CancelParameters)
    check_expand("payment_intent", given.expand)
    intent = addressed(call)
    if intent.status not in machine.CANCELABLE:
        message = (
            f"You cannot cancel this PaymentIntent because it has a status of {intent.status}. "
            "Only a PaymentIntent with one of the following statuses may be canceled: "
            f"{', '.join(machine.CANCELABLE)}, processing."
        )
        raise unexpected_state(intent, message)
    attempts = call.store.charges_of(call.account, intent.id)
    call.store.challenges.close(intent.id)
    done = machine.cancel(
        intent,
        attempts[0] if attempts else None,
        reason=given.cancellation_reason,
        now=call.store.now(),
    )
    return Response(
        payload=expanded(call.store, call.account, call.store.apply(call.caller, done), given.expand)
    )


def retrieve(call: Call) -> Response:
    """GET /v1/payment_intents/{id}."""
    given = read(call.request, RetrieveParameters)
    check_expand("payment_intent", given.expand)
    return Response(payload=expanded(call.store, call.account, addressed(call), given.expand))


def list_intents(call: Call) -> Response:
    """GET /v1/payment_intents."""
    given = read(call.request, ListIntents)
    paths = data_paths("payment_intent", given.expand)
    intents = call.store.intents.newest_first(call.account)
    if given.customer is not None:
        intents = (intent for intent in intents if intent.customer == given.customer)
    found = page(
        intents,
        given,
        url="/v1/payment_intents",
        show=lambda one: expanded(call.store, call.account, one, paths),
    )
    return Response(payload=found)


def search(call: Call) -> Response:
    """GET /v1/payment_intents/search. An intent is found only once it is as old as the index lags behind."""
    given = read(call.request, SearchParameters)
    paths = data_paths("payment_intent", given.expand)
    found = compile_query(given.query, SEARCHABLE).matches(
        call.account, call.store.by_metadata, call.store.intents.newest_first(call.account)
    )
    return Response(
        payload=search_page(
            call.indexed(found),
            given,
            url="/v1/payment_intents/search",
            show=lambda one: expanded(call.store, call.account, one, paths),
        )
    )


def _new_intent(
    call: Call,
    given: CreateParameters,
    stored: StoredCard | None,
    automatic: AutomaticPaymentMethods | None,
    metadata: Metadata,
) -> PaymentIntent:
    intent_id = new_id("pi")
    return PaymentIntent(
        id=intent_id,
        amount=given.amount,
        automatic_payment_methods=automatic,
        capture_method=given.capture_method or "automatic_async",
        client_secret=f"{intent_id}_{new_id('secret')}",
        confirmation_method=given.confirmation_method,
        created=call.store.now(),
        currency=currency_of(given.currency),
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


def payment_method_of(
    call: Call, given: ConfirmParameters | UpdateParameters, customer: str | None
) -> StoredCard | None:
    """The payment method that a request names or brings along, for a payment of the customer. Raises Refusal."""
    types = given.payment_method_types
    if types is not None and "card" not in types:
        raise invalid_request(
            "The sandbox takes the payment method type `card`.", param="payment_method_types"
        )
    if given.payment_method_data is not None:
        return store_card(call, given.payment_method_data)
    stored = None if given.payment_method is None else find_or_clone(call, given.payment_method)
    check_payer(stored, customer)
    return stored


def _automatic_payment_methods(given: CreateParameters) -> AutomaticPaymentMethods | None:
    """Enabled unless the payment method types are named: Stripe's default since 2023-08-16."""
    if given.automatic_payment_methods is not None:
        if given.payment_method_types is not None:
            message = "You may only specify one of these parameters: automatic_payment_methods, payment_method_types."
            raise invalid_request(message)
        return given.automatic_payment_methods
    return None if given.payment_method_types is not None else AutomaticPaymentMethods(enabled=True)


def check_receipt_email(address: str | None, param: str = "receipt_email") -> None:
    """Raises Refusal, which Stripe remembers under the idempotency key: not an address that Stripe would write to."""
    if address and not (len(address) <= EMAIL_CHARS_MAX and EMAIL.fullmatch(address)):
        raise refused(f"Invalid email address: {address[:100]}", param=param, code="email_invalid")


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


def addressed(call: Call) -> PaymentIntent:
    """The payment intent that the URL names. Raises Refusal: there is none."""
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
