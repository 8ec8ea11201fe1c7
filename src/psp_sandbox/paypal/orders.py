"""Orders: create, show, capture, authorize."""

from collections.abc import Mapping
from typing import Any

import msgspec

from psp_sandbox.ids import new_paypal_id
from psp_sandbox.paypal import order_machine
from psp_sandbox.paypal.call import Call
from psp_sandbox.paypal.errors import Refusal
from psp_sandbox.paypal.new_order import new_order
from psp_sandbox.paypal.records import Order, PaymentToken
from psp_sandbox.paypal.requests import CardSource, CreateOrder, PaymentSource, read
from psp_sandbox.paypal.wire import approval_url


def create(call: Call) -> str:
    """POST /v2/checkout/orders. An order with a card, or with a kept payment source, is paid in the same step."""
    given = read(call.request, CreateOrder)
    single_step = _pays_at_once(given.payment_source)
    if single_step and call.request_id is None:
        raise Refusal("PAYPAL_REQUEST_ID_REQUIRED", field="PayPal-Request-Id")
    raw: Mapping[str, Any] = msgspec.json.decode(call.request.body)
    now = call.store.now()
    order = new_order(
        given,
        raw["purchase_units"],
        _kept_source(call, given.payment_source),
        order_id=new_paypal_id(),
        account=call.account,
        now=now,
        new_id=new_paypal_id,
    )
    if not single_step:
        call.store.apply(order_machine.created(order))
        return order.id
    _check_invoices(call, order)
    take = order_machine.captured if order.intent == "CAPTURE" else order_machine.authorized
    call.store.apply(take(order, new_id=new_paypal_id, now=now))
    return order.id


def show(call: Call) -> str:
    """GET /v2/checkout/orders/{id}."""
    return _order(call).id


def capture(call: Call) -> str:
    """POST /v2/checkout/orders/{id}/capture."""
    order = _order(call)
    order_machine.check_capturable(order)
    _check_invoices(call, order)
    _ask_payer_again(call, order, "INSTRUMENT_DECLINED")
    call.store.apply(order_machine.captured(order, new_id=new_paypal_id, now=call.store.now()))
    return order.id


def authorize(call: Call) -> str:
    """POST /v2/checkout/orders/{id}/authorize."""
    order = call.store.orders.get(call.account, call.named)
    if order is not None and order.expired and order.payer is not None:
        raise Refusal("ORDER_EXPIRED")
    order = _order(call)
    order_machine.check_authorizable(order)
    _check_invoices(call, order)
    _ask_payer_again(call, order, "PAYER_ACTION_REQUIRED")
    call.store.apply(order_machine.authorized(order, new_id=new_paypal_id, now=call.store.now()))
    return order.id


def _pays_at_once(source: PaymentSource | None) -> bool:
    if source is None:
        return False
    return source.card is not None or (source.paypal is not None and source.paypal.vault_id is not None)


def _kept_source(call: Call, source: PaymentSource | None) -> PaymentToken | None:
    """The kept payment source that is to pay. Raises Refusal: there is none of this id, or it is of another kind."""
    given = None if source is None else source.paypal or source.card
    if given is None or given.vault_id is None:
        return None
    token = call.store.payment_tokens.get(call.account, given.vault_id)
    kind = "card" if isinstance(given, CardSource) else "paypal"
    field = f"/payment_source/{kind}/vault_id"
    if token is None or token.deleted:
        raise Refusal("TOKEN_ID_NOT_FOUND", field=field, value=given.vault_id)
    if (token.card is not None) != (kind == "card"):
        raise Refusal("MISMATCHED_VAULT_ID_TO_PAYMENT_SOURCE", field=field, value=given.vault_id)
    return token


def _order(call: Call) -> Order:
    order = call.store.orders.get(call.account, call.named)
    if order is None or order.expired:
        raise Refusal("INVALID_RESOURCE_ID")
    return order


def _ask_payer_again(call: Call, order: Order, issue: str) -> None:
    """Raises Refusal: the payer's instrument was declined, and the payer has to choose another one."""
    if order.instrument.declined_once:
        call.store.apply(order_machine.instrument_declined(order, now=call.store.now()))
        raise Refusal(issue, payer_action_url=approval_url(call.store.public_url, order.id))


def _check_invoices(call: Call, order: Order) -> None:
    for unit in order.units:
        if call.store.invoice_taken(call.account, "payment", unit.invoice_id, by=order.id):
            field = f"/purchase_units/@reference_id=='{unit.reference_id}'/invoice_id"
            raise Refusal("DUPLICATE_INVOICE_ID", field=field, value=unit.invoice_id)
