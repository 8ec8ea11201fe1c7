"""Checkout sessions: create, retrieve, list, expire. Their page is `checkout_page`."""

from psp_sandbox.ids import new_id
from psp_sandbox.messages import Response
from psp_sandbox.stripe import checkout_machine, machine
from psp_sandbox.stripe.call import Call
from psp_sandbox.stripe.checkout_parameters import (
    CreateSession,
    LineItem,
    ListSessions,
    PaymentIntentData,
)
from psp_sandbox.stripe.checkout_store import Item, PaymentPlan, StoredSession
from psp_sandbox.stripe.currencies import check_amount, currency_of
from psp_sandbox.stripe.effect import Effect
from psp_sandbox.stripe.errors import invalid_request, no_such, refused
from psp_sandbox.stripe.expansion import check_expand, data_paths, expanded
from psp_sandbox.stripe.lists import page
from psp_sandbox.stripe.parameters import Expandable, checked_metadata, read
from psp_sandbox.stripe.payment_intent_parameters import PaymentMethodOptions
from psp_sandbox.stripe.payment_intents import check_receipt_email
from psp_sandbox.stripe.store import Caller, Store
from psp_sandbox.stripe.wire_checkout import CheckoutSession

KIND = "checkout.session"
PAGE = "/c/pay/"
"""The path of a session's page, before its id."""
URL_CHARS_MAX = 5_000
ITEMS_MAX = 100


def create(call: Call) -> Response:
    """POST /v1/checkout/sessions."""
    given = read(call.request, CreateSession)
    check_expand(KIND, given.expand)
    _check_urls(given)
    if given.payment_method_types not in (None, ["card"]):
        raise invalid_request(
            "The sandbox takes the payment method type `card`.", param="payment_method_types"
        )
    currency = _currency_of(given.line_items)
    items = tuple(_item(line) for line in given.line_items)
    total = sum(item.amount for item in items)
    check_amount(total, currency)
    check_receipt_email(given.customer_email, "customer_email")
    now = call.store.now()
    session_id = new_id("cs_live" if call.caller.livemode else "cs_test")
    session = CheckoutSession(
        id=session_id,
        amount_subtotal=total,
        amount_total=total,
        cancel_url=given.cancel_url,
        client_reference_id=given.client_reference_id,
        created=now,
        currency=currency,
        customer_email=given.customer_email,
        expires_at=_expires_at(given.expires_at, now),
        livemode=call.caller.livemode,
        locale=given.locale,
        metadata=checked_metadata(given.metadata),
        success_url=given.success_url,
        url=f"{call.public_url}{PAGE}{session_id}",
    )
    stored = StoredSession(
        session=session, items=items, plan=_plan(given.payment_intent_data, given.payment_method_options)
    )
    call.store.add_session(call.caller, stored, _expiry_of(session))
    return Response(payload=expanded(call.store, call.account, session, given.expand))


def retrieve(call: Call) -> Response:
    """GET /v1/checkout/sessions/{id}."""
    given = read(call.request, Expandable)
    check_expand(KIND, given.expand)
    return Response(payload=expanded(call.store, call.account, _addressed(call), given.expand))


def list_sessions(call: Call) -> Response:
    """GET /v1/checkout/sessions, of one payment intent, status, customer or e-mail address, or all."""
    given = read(call.request, ListSessions)
    paths = data_paths(KIND, given.expand)
    sessions = call.store.checkout.newest_first(call.account)
    if given.payment_intent is not None:
        of_intent = call.store.checkout.of_intent(call.account, given.payment_intent)
        sessions = iter(() if of_intent is None else (of_intent,))
    email = None if given.customer_details is None else given.customer_details.email.lower()
    wanted = (
        one
        for one in sessions
        if given.status in (None, one.status)
        and given.customer in (None, one.customer)
        and email in (None, _email_of(one))
    )
    found = page(
        wanted,
        given,
        url="/v1/checkout/sessions",
        show=lambda one: expanded(call.store, call.account, one, paths),
    )
    return Response(payload=found)


def expire(call: Call) -> Response:
    """POST /v1/checkout/sessions/{id}/expire. Only an open session can be."""
    given = read(call.request, Expandable)
    check_expand(KIND, given.expand)
    session = _addressed(call)
    if session.status != "open":
        message = (
            'Only Checkout Sessions with a status in ["open"] can be expired. '
            f"This Checkout Session has a status of `{session.status}`."
        )
        raise refused(message)
    expired = expire_session(call.store, call.caller, session)
    return Response(payload=expanded(call.store, call.account, expired, given.expand))


def expire_session(store: Store, caller: Caller, session: CheckoutSession) -> CheckoutSession:
    """An open session takes no payment any more; a payment intent that it made already is canceled."""
    transition = checkout_machine.expire(session)
    store.apply_to_session(caller, transition)
    intent_id = session.payment_intent
    intent = store.intents.get(caller.account, intent_id) if isinstance(intent_id, str) else None
    if intent is not None and intent.status in machine.CANCELABLE:
        store.challenges.close(intent.id)
        store.apply(caller, machine.cancel(intent, None, reason="expired", now=store.now()))
    return transition.session


def _addressed(call: Call) -> CheckoutSession:
    stored = call.store.checkout.get(call.account, call.named)
    if stored is None:
        raise no_such("checkout.session", call.named, param="session")
    return stored.session


def _email_of(session: CheckoutSession) -> str | None:
    details = session.customer_details
    return None if details is None or details.email is None else details.email.lower()


def _check_urls(given: CreateSession) -> None:
    for param, url in (("success_url", given.success_url), ("cancel_url", given.cancel_url)):
        if url is not None and not (
            url.startswith(("http://", "https://")) and len(url) <= URL_CHARS_MAX and url.isprintable()
        ):
            raise invalid_request("Not a valid URL", param=param, code="url_invalid")


def _currency_of(lines: list[LineItem]) -> str:
    """The one currency of all items. Raises Refusal: no item, too many, or several currencies."""
    if not 0 < len(lines) <= ITEMS_MAX:
        raise invalid_request(f"You can specify 1 to {ITEMS_MAX} line items.", param="line_items")
    currencies = {currency_of(line.price_data.currency) for line in lines}
    if len(currencies) > 1:
        raise invalid_request("The price specified supports currencies of one kind only.", param="line_items")
    return currencies.pop()


def _item(line: LineItem) -> Item:
    price = line.price_data
    if line.quantity < 1 or price.unit_amount < 0:
        raise invalid_request(
            "Invalid positive integer", param="line_items", code="parameter_invalid_integer"
        )
    return Item(
        name=price.product_data.name,
        description=price.product_data.description,
        quantity=line.quantity,
        amount=line.quantity * price.unit_amount,
    )


def _expires_at(given: int | None, now: int) -> int:
    if given is None:
        return now + checkout_machine.LIFE_SECONDS_MAX
    if not checkout_machine.LIFE_SECONDS_MIN <= given - now <= checkout_machine.LIFE_SECONDS_MAX:
        message = (
            "The `expires_at` timestamp must be at least 30 minutes and at most 24 hours from "
            "Checkout Session creation."
        )
        raise invalid_request(message, param="expires_at")
    return given


def _plan(given: PaymentIntentData, options: PaymentMethodOptions) -> PaymentPlan:
    check_receipt_email(given.receipt_email, "payment_intent_data[receipt_email]")
    return PaymentPlan(
        capture_method=given.capture_method or "automatic_async",
        description=given.description,
        metadata=checked_metadata(given.metadata),
        receipt_email=given.receipt_email,
        statement_descriptor=given.statement_descriptor,
        statement_descriptor_suffix=given.statement_descriptor_suffix,
        request_three_d_secure=options.card.request_three_d_secure,
    )


def _expiry_of(session: CheckoutSession) -> Effect:
    return Effect(kind="expire_session", object_id=session.id, at=session.expires_at)
