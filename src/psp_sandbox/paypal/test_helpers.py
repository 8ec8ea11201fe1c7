"""Test helpers: PayPal's part of the sandbox's own API under /sandbox/paypal/, which shows objects and moves them."""

from collections.abc import Callable
from itertools import islice
from typing import Literal
from urllib.parse import parse_qs

import msgspec

from psp_sandbox.ids import new_paypal_id
from psp_sandbox.messages import Request, Response
from psp_sandbox.misdirected import Misdirected
from psp_sandbox.paypal import (
    dispute_machine,
    order_machine,
    payment_machine,
    refund_machine,
    settlement_helpers,
    snapshot,
)
from psp_sandbox.paypal.api import PayPalApi
from psp_sandbox.paypal.change import Change
from psp_sandbox.paypal.dispute_machine import ImpossibleStep
from psp_sandbox.paypal.errors import Refusal
from psp_sandbox.paypal.records import DisputeReason
from psp_sandbox.paypal.refund_machine import RefundOrder
from psp_sandbox.paypal.store import Store

Operation = Callable[[PayPalApi, Request, str], Response]


class Denial(msgspec.Struct, forbid_unknown_fields=True):
    """POST /sandbox/paypal/{captures|authorizations|refunds}/{id}/decide: what is pending is over."""

    denied: bool = False


class DisputeOrder(msgspec.Struct, forbid_unknown_fields=True):
    """POST /sandbox/paypal/captures/{id}/dispute: of all that is left of the captures, unless an amount is given.

    `others` are further captures that the same dispute is about. `holds`: whether an inquiry puts the money aside.
    """

    reason: DisputeReason = "MERCHANDISE_OR_SERVICE_NOT_RECEIVED"
    stage: Literal["INQUIRY", "CHARGEBACK"] = "INQUIRY"
    amount_minor: int | None = None
    others: tuple[str, ...] = ()
    holds: bool = True


def dispute_capture(api: PayPalApi, request: Request, object_id: str) -> Response:
    """A buyer objects to a capture, or to several."""
    order = msgspec.json.decode(request.body or b"{}", type=DisputeOrder)
    store, account = api.store, _account(api, object_id)
    named = (object_id, *order.others)
    captures = tuple(one for one in (store.captures.get(account, name) for name in named) if one is not None)
    left = sum(capture.amount.minor - capture.refunded_minor for capture in captures)
    minor = left if order.amount_minor is None else order.amount_minor
    if len(captures) != len(set(named)):
        raise Misdirected(
            404, f"the account of {object_id} has not all of these captures: {', '.join(named)}"
        )
    if any(one.status not in refund_machine.REFUNDABLE or store.disputes_of(one) for one in captures):
        raise Misdirected(
            409, f"{object_id} has nothing to dispute: not captured, refunded, or disputed already"
        )
    if len({capture.amount.currency for capture in captures}) > 1 or not 1 <= minor <= left:
        raise Misdirected(400, f"amount_minor must be between 1 and {left}, in one currency")
    dispute_id = new_paypal_id()
    objection = dispute_machine.Objection(
        dispute_id=f"PP-R-{dispute_id[:3]}-{dispute_id[3:]}",
        captures=captures,
        minor=minor,
        reason=order.reason,
        stage=order.stage,
        holds=order.holds,
    )
    opened = dispute_machine.opened(objection, now=store.now(), new_id=new_paypal_id)
    return _moved(api, objection.dispute_id, opened)


def move_dispute(step: str) -> Operation:
    """The operation that moves a dispute one step, now."""

    def moved(api: PayPalApi, _request: Request, object_id: str) -> Response:
        store = api.store
        dispute = store.disputes.get(_account(api, object_id), object_id)
        if dispute is None:
            raise Misdirected(404, f"no dispute {object_id}")
        captures = store.captures_of(dispute)
        try:
            change = dispute_machine.take(step, dispute, captures, now=store.now(), new_id=new_paypal_id)
        except ImpossibleStep as error:
            raise Misdirected(409, str(error)) from error
        return _moved(api, object_id, change)

    return moved


def decide(api: PayPalApi, request: Request, object_id: str) -> Response:
    """What waits for an eCheck, a review or the payer's bank is decided, now."""
    denied = msgspec.json.decode(request.body or b"{}", type=Denial).denied
    store, account = api.store, _account(api, object_id)
    now = store.now()
    if (hold := store.authorizations.get(account, object_id)) is not None and hold.status == "PENDING":
        return _moved(api, object_id, payment_machine.decide_authorization(hold, denied=denied, now=now))
    if (capture := store.captures.get(account, object_id)) is not None and capture.status == "PENDING":
        return _moved(api, object_id, payment_machine.decide_capture(capture, denied=denied, now=now))
    refund = store.refunds.get(account, object_id)
    refunded = None if refund is None else store.captures.get(account, refund.capture_id)
    if refund is not None and refunded is not None and refund.status == "PENDING":
        return _moved(api, object_id, refund_machine.decide_refund(refund, refunded, failed=denied, now=now))
    raise Misdirected(409, f"{object_id} is not pending")


def fail_refund(api: PayPalApi, _request: Request, object_id: str) -> Response:
    """A refund comes back, now, even if it had been completed."""
    store, account = api.store, _account(api, object_id)
    refund = store.refunds.get(account, object_id)
    capture = None if refund is None else store.captures.get(account, refund.capture_id)
    if refund is None or capture is None or refund.status == "FAILED":
        raise Misdirected(409, f"{object_id} is no refund that can fail")
    failed = refund_machine.decide_refund(refund, capture, failed=True, now=store.now())
    return _moved(api, object_id, failed)


def reverse_capture(api: PayPalApi, _request: Request, object_id: str) -> Response:
    """The payer's bank takes back what is left of a capture."""
    store, account = api.store, _account(api, object_id)
    capture = store.captures.get(account, object_id)
    if capture is None:
        raise Misdirected(404, f"no capture {object_id}")
    asked = RefundOrder(refund_id=new_paypal_id(), amount=None)
    try:
        reversed_capture = refund_machine.reverse(capture, asked, now=store.now())
    except Refusal as refusal:
        raise Misdirected(409, f"{object_id} has nothing to reverse: {refusal.issue}") from refusal
    return _moved(api, object_id, reversed_capture)


def expire(api: PayPalApi, _request: Request, object_id: str) -> Response:
    """An order's three hours, or an authorization's 29 days, are over now."""
    store, account = api.store, _account(api, object_id)
    order, hold = store.orders.get(account, object_id), store.authorizations.get(account, object_id)
    if order is not None and order.status != "COMPLETED":
        return _moved(api, object_id, order_machine.expired(order, now=store.now()))
    if hold is not None and hold.status in payment_machine.OPEN and hold.parent_id is None:
        family = store.family_of(hold)
        return _moved(api, object_id, payment_machine.void(hold, family, now=store.now(), expired=True))
    raise Misdirected(409, f"{object_id} cannot expire")


def expire_tokens(api: PayPalApi, _request: Request, _named: str) -> Response:
    """Every access token is over: the next call of each client is told `invalid_token`."""
    return Response(payload={"expired": api.tokens.expire()})


def certificate_authority(api: PayPalApi, _request: Request, _named: str) -> Response:
    """The root certificate, as PEM text: what a verifier of webhooks has to trust."""
    return Response(payload=api.webhooks.authority.root_pem, content_type="application/x-pem-file")


def list_rows(rows: Callable[[Store], snapshot.Rows]) -> Operation:
    """The operation that shows all objects of one kind, or those with `?custom_id=`."""

    def listed(api: PayPalApi, request: Request, _named: str) -> Response:
        wanted = parse_qs(request.query.decode("latin-1")).get("custom_id")
        found = (row for row in rows(api.store) if wanted is None or row["custom_id"] in wanted)
        return Response(payload={"data": list(islice(found, snapshot.MAX_ROWS))})

    return listed


def _account(api: PayPalApi, object_id: str) -> str:
    try:
        return api.store.account_of(object_id)
    except KeyError as error:
        raise Misdirected(404, f"PayPal has no {object_id}") from error


def _moved(api: PayPalApi, object_id: str, change: Change) -> Response:
    """The object after a change."""
    api.store.apply(change)
    return Response(payload=api.store.body(_account(api, object_id), object_id))


OPERATIONS: dict[tuple[str, str], Operation] = {
    ("GET", "authorizations"): list_rows(snapshot.authorizations),
    ("GET", "certificate_authority"): certificate_authority,
    ("GET", "captures"): list_rows(snapshot.captures),
    ("GET", "disputes"): list_rows(snapshot.disputes),
    ("GET", "orders"): list_rows(snapshot.orders),
    ("GET", "refunds"): list_rows(snapshot.refunds),
    ("POST", "authorizations/decide"): decide,
    ("POST", "authorizations/expire"): expire,
    ("POST", "captures/decide"): decide,
    ("POST", "captures/dispute"): dispute_capture,
    ("POST", "captures/reverse"): reverse_capture,
    ("POST", "orders/expire"): expire,
    ("POST", "refunds/decide"): decide,
    ("POST", "refunds/fail"): fail_refund,
    ("DELETE", "tokens"): expire_tokens,
    **{("POST", f"disputes/{step}"): move_dispute(step) for step in dispute_machine.STEPS},
    **settlement_helpers.OPERATIONS,
}
"""Method and path below /sandbox/paypal/, without the id in the middle."""
