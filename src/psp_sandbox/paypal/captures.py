"""Captures and their refunds: show, refund."""

from psp_sandbox.ids import new_paypal_id
from psp_sandbox.paypal import refund_machine
from psp_sandbox.paypal.authorizations import amount_of
from psp_sandbox.paypal.call import Call
from psp_sandbox.paypal.errors import Refusal
from psp_sandbox.paypal.records import Capture
from psp_sandbox.paypal.requests import RefundCapture, read


def show(call: Call) -> str:
    """GET /v2/payments/captures/{id}."""
    return _capture(call).id


def refund(call: Call) -> str:
    """POST /v2/payments/captures/{id}/refund: the refund it makes."""
    given = read(call.request, RefundCapture)
    capture = _capture(call)
    _check_undisputed(call, capture)
    asked = refund_machine.RefundOrder(
        refund_id=new_paypal_id(),
        amount=amount_of(given.amount),
        custom_id=given.custom_id,
        invoice_id=given.invoice_id,
        note=given.note_to_payer,
    )
    if call.store.invoice_taken(call.account, "refund", given.invoice_id, by=asked.refund_id):
        raise Refusal("DUPLICATE_INVOICE_ID", field="/invoice_id", value=given.invoice_id)
    call.store.apply(refund_machine.refund(capture, asked, now=call.store.now()))
    return asked.refund_id


def show_refund(call: Call) -> str:
    """GET /v2/payments/refunds/{id}."""
    if call.store.refunds.get(call.account, call.named) is None:
        raise Refusal("INVALID_RESOURCE_ID")
    return call.named


def _check_undisputed(call: Call, capture: Capture) -> None:
    """Raises Refusal: a dispute about the capture is open, or has taken its money."""
    for dispute in call.store.disputes_of(capture):
        if dispute.taken_minor:
            raise Refusal("REFUND_NOT_PERMITTED_DUE_TO_CHARGEBACK")
        if dispute.status != "RESOLVED":
            raise Refusal("TRANSACTION_DISPUTED")


def _capture(call: Call) -> Capture:
    capture = call.store.captures.get(call.account, call.named)
    if capture is None:
        raise Refusal("INVALID_RESOURCE_ID")
    return capture
