"""Authorizations: show, capture, void, reauthorize."""

from psp_sandbox.ids import new_paypal_id
from psp_sandbox.paypal import payment_machine
from psp_sandbox.paypal.call import Call
from psp_sandbox.paypal.errors import Refusal
from psp_sandbox.paypal.money import positive_amount
from psp_sandbox.paypal.records import Amount, Authorization
from psp_sandbox.paypal.requests import CaptureAuthorization, Money, Reauthorize, read


def show(call: Call) -> str:
    """GET /v2/payments/authorizations/{id}."""
    return _hold(call).id


def capture(call: Call) -> str:
    """POST /v2/payments/authorizations/{id}/capture: the capture it makes."""
    given = read(call.request, CaptureAuthorization)
    hold = _hold(call)
    asked = payment_machine.CaptureOrder(
        capture_id=new_paypal_id(),
        amount=amount_of(given.amount),
        invoice_id=given.invoice_id,
        final=given.final_capture,
    )
    if call.store.invoice_taken(call.account, "payment", given.invoice_id, by=hold.order_id):
        raise Refusal("DUPLICATE_INVOICE_ID", field="/invoice_id", value=given.invoice_id)
    family = call.store.family_of(hold)
    call.store.apply(payment_machine.capture(hold, family, asked, now=call.store.now()))
    return asked.capture_id


def void(call: Call) -> str:
    """POST /v2/payments/authorizations/{id}/void."""
    hold = _hold(call)
    call.store.apply(payment_machine.void(hold, call.store.family_of(hold), now=call.store.now()))
    return hold.id


def reauthorize(call: Call) -> str:
    """POST /v2/payments/authorizations/{id}/reauthorize: the authorization it makes."""
    given = read(call.request, Reauthorize)
    hold = _hold(call)
    authorization_id = new_paypal_id()
    renewed = payment_machine.reauthorize(
        hold,
        call.store.family_of(hold),
        amount=amount_of(given.amount),
        authorization_id=authorization_id,
        now=call.store.now(),
    )
    call.store.apply(renewed)
    return authorization_id


def amount_of(given: Money | None) -> Amount | None:
    """The amount that a request names, if it names one. Raises Refusal."""
    return None if given is None else positive_amount(given.currency_code, given.value, field="/amount")


def _hold(call: Call) -> Authorization:
    hold = call.store.authorizations.get(call.account, call.named)
    if hold is None:
        raise Refusal("INVALID_RESOURCE_ID")
    return hold
