"""Orders, authorizations, captures and refunds as PayPal shows them."""

from collections.abc import Iterable
from datetime import UTC, datetime

import msgspec

from psp_sandbox.paypal import fees
from psp_sandbox.paypal.money import shown
from psp_sandbox.paypal.records import Authorization, Capture, Card, Order, Payer, Refund, Unit

Body = dict[str, object]

MERCHANT_ID = "SANDBQXMERCH7"
MERCHANT_EMAIL = "merchant@example.com"
PAYEE: Body = {"email_address": MERCHANT_EMAIL, "merchant_id": MERCHANT_ID}
RECEIVABLE = frozenset({"COMPLETED", "PARTIALLY_REFUNDED", "REFUNDED"})


class Payments(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What was made of an order, oldest first."""

    authorizations: tuple[Authorization, ...]
    captures: tuple[Capture, ...]
    refunds: tuple[Refund, ...]


def approval_url(public_url: str, order_id: str) -> str:
    """The page on which the payer approves."""
    return f"{public_url}/checkoutnow?token={order_id}"


def order_body(order: Order, payments: Payments, public_url: str) -> Body:
    """An order with all its payments."""
    body: Body = {
        "id": order.id,
        "intent": order.intent,
        "status": order.status,
        "purchase_units": [_unit_body(order, unit, payments, public_url) for unit in order.units],
        "create_time": time_text(order.created_at),
        "links": _order_links(order, public_url),
    }
    if order.updated_at != order.created_at:
        body["update_time"] = time_text(order.updated_at)
    kept = _kept_body(order, public_url)
    if order.card is not None:
        body["payment_source"] = {"card": {**card_body(order.card), "type": "CREDIT", **kept}}
    elif order.wallet:
        body["payment_source"] = {
            "paypal": {} if order.payer is None else {**wallet_body(order.payer), **kept}
        }
    if order.payer is not None:
        body["payer"] = _payer_body(order.payer)
    return body


def authorization_body(hold: Authorization, public_url: str) -> Body:
    """An authorization as it is shown in its order; by itself it also names its order and payee."""
    path = f"/v2/payments/authorizations/{hold.id}"
    verbs = {"CREATED": ("capture", "void", "reauthorize"), "PARTIALLY_CAPTURED": ("capture", "void")}
    body: Body = {
        "id": hold.id,
        "status": hold.status,
        "amount": shown(hold.amount.currency, hold.amount.minor),
        "seller_protection": _protection(),
        "expiration_time": time_text(hold.expires_at),
        "create_time": time_text(hold.created_at),
        "update_time": time_text(hold.updated_at),
        "links": path_links(
            public_url,
            (path, "self", "GET"),
            *((f"{path}/{verb}", verb, "POST") for verb in verbs.get(hold.status, ())),
            (f"/v2/checkout/orders/{hold.order_id}", "up", "GET"),
        ),
        **_references(hold),
    }
    if hold.reason is not None:
        body["status_details"] = {"reason": hold.reason}
    if hold.instrument.processor_response is not None:
        body["processor_response"] = hold.instrument.processor_response
    return body


def capture_body(capture: Capture, public_url: str) -> Body:
    """A capture. What the merchant receives of it is shown once the money is there."""
    path = f"/v2/payments/captures/{capture.id}"
    currency, minor = capture.amount.currency, capture.amount.minor
    up = f"/v2/checkout/orders/{capture.order_id}"
    if capture.authorization_id is not None:
        up = f"/v2/payments/authorizations/{capture.authorization_id}"
    body: Body = {
        "id": capture.id,
        "status": capture.status,
        "amount": shown(currency, minor),
        "final_capture": capture.final,
        "seller_protection": _protection(),
        "create_time": time_text(capture.created_at),
        "update_time": time_text(capture.updated_at),
        "links": path_links(
            public_url, (path, "self", "GET"), (f"{path}/refund", "refund", "POST"), (up, "up", "GET")
        ),
        **_references(capture),
    }
    if capture.reason is not None:
        body["status_details"] = {"reason": capture.reason}
    if capture.status in RECEIVABLE:
        fee = fees.fee_minor(minor)
        body["seller_receivable_breakdown"] = {
            "gross_amount": shown(currency, minor),
            "paypal_fee": shown(currency, fee),
            "net_amount": shown(currency, minor - fee),
        }
    if capture.instrument.processor_response is not None:
        body["processor_response"] = capture.instrument.processor_response
    return body


def refund_body(refund: Refund, public_url: str) -> Body:
    """A refund, with the part of the fee that comes back with it."""
    currency, minor = refund.amount.currency, refund.amount.minor
    body: Body = {
        "id": refund.id,
        "status": refund.status,
        "amount": shown(currency, minor),
        "seller_payable_breakdown": {
            "gross_amount": shown(currency, minor),
            "paypal_fee": shown(currency, refund.fee_minor),
            "net_amount": shown(currency, minor - refund.fee_minor),
            "total_refunded_amount": shown(currency, refund.total_refunded_minor),
        },
        "create_time": time_text(refund.created_at),
        "update_time": time_text(refund.updated_at),
        "links": path_links(
            public_url,
            (f"/v2/payments/refunds/{refund.id}", "self", "GET"),
            (f"/v2/payments/captures/{refund.capture_id}", "up", "GET"),
        ),
        **_references(refund),
    }
    if refund.reason is not None:
        body["status_details"] = {"reason": refund.reason}
    if refund.note is not None:
        body["note_to_payer"] = refund.note
    return body


def with_relations(body: Body, payment: Authorization | Capture) -> Body:
    """The same by itself, outside its order."""
    related: dict[str, str] = {"order_id": payment.order_id}
    if isinstance(payment, Capture) and payment.authorization_id is not None:
        related["authorization_id"] = payment.authorization_id
    if isinstance(payment, Authorization) and payment.parent_id is not None:
        related["authorization_id"] = payment.parent_id
    return {**body, "payee": PAYEE, "supplementary_data": {"related_ids": related}}


def time_text(unix_seconds: int) -> str:
    """A time as PayPal writes it."""
    return datetime.fromtimestamp(unix_seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def link(url: str, rel: str, method: str) -> Body:
    """A link to what can be done next."""
    return {"href": url, "rel": rel, "method": method}


def path_links(public_url: str, *given: tuple[str, str, str]) -> list[Body]:
    """Links to what can be done next: path, relation, method."""
    return [link(public_url + path, rel, method) for path, rel, method in given]


def _order_links(order: Order, public_url: str) -> list[Body]:
    path = f"/v2/checkout/orders/{order.id}"
    links = path_links(public_url, (path, "self", "GET"))
    if order.status in {"CREATED", "PAYER_ACTION_REQUIRED"} and order.approval_rel is not None:
        links.append(link(approval_url(public_url, order.id), order.approval_rel, "GET"))
    if order.status in {"CREATED", "APPROVED"}:
        verb = "capture" if order.intent == "CAPTURE" else "authorize"
        links += path_links(public_url, (f"{path}/{verb}", verb, "POST"))
    return links


def _unit_body(order: Order, unit: Unit, payments: Payments, public_url: str) -> Body:
    groups: dict[str, Iterable[Body]] = {
        "authorizations": [
            authorization_body(hold, public_url)
            for hold in payments.authorizations
            if hold.reference_id == unit.reference_id
        ],
        "captures": [
            capture_body(capture, public_url)
            for capture in payments.captures
            if capture.reference_id == unit.reference_id
        ],
        "refunds": [
            refund_body(refund, public_url)
            for refund in payments.refunds
            if refund.reference_id == unit.reference_id
        ],
    }
    body: Body = {"reference_id": unit.reference_id, **unit.given, "payee": PAYEE}
    made = {name: bodies for name, bodies in groups.items() if bodies}
    return {**body, "payments": made} if order.status == "COMPLETED" else body


def _references(record: Authorization | Capture | Refund) -> Body:
    named = {"custom_id": record.custom_id, "invoice_id": record.invoice_id}
    return {name: value for name, value in named.items() if value is not None}


def _protection() -> Body:
    return {"status": "ELIGIBLE", "dispute_categories": ["ITEM_NOT_RECEIVED", "UNAUTHORIZED_TRANSACTION"]}


def wallet_body(payer: Payer) -> Body:
    """A PayPal account, as a payment source shows it."""
    return {
        "email_address": payer.email,
        "account_id": payer.id,
        "account_status": "VERIFIED",
        "name": {"given_name": payer.given_name, "surname": payer.surname},
        "address": {"country_code": payer.country},
    }


def _payer_body(payer: Payer) -> Body:
    return {
        "payer_id": payer.id,
        "email_address": payer.email,
        "name": {"given_name": payer.given_name, "surname": payer.surname},
        "address": {"country_code": payer.country},
    }


def card_body(card: Card) -> Body:
    """A card, as a payment source shows it."""
    body: Body = {"last_digits": card.last_digits, "brand": card.brand, "expiry": card.expiry}
    return body if card.name is None else {**body, "name": card.name}


def _kept_body(order: Order, public_url: str) -> Body:
    """Where the payment source of an order is kept."""
    if order.saving is None or not order.saved:
        return {}
    path = f"/v3/vault/payment-tokens/{order.saving.token_id}"
    vault: Body = {
        "id": order.saving.token_id,
        "status": "VAULTED",
        "customer": {"id": order.saving.customer_id},
        "links": path_links(public_url, (path, "self", "GET"), (path, "delete", "DELETE")),
    }
    return {"attributes": {"vault": vault}}
