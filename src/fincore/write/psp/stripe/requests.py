"""What Stripe is sent: one form a call. Pure; the amounts are in Stripe's minor units already."""

from typing import Final

from fincore.domain.payment_method import CardToken
from fincore.write.psp.port import AuthorizeRequest, CancelRequest, RefundRequest
from fincore.write.psp.return_url import naming
from fincore.write.psp.stripe.form import Form
from fincore.write.psp.stripe.wire import CHARGE_ID_KEY, REFUND_ID_KEY

UNNAMED_ITEM: Final = "Payment"
"""What the page shows as bought where the merchant described nothing."""
WITH_FEE: Final = "latest_charge.balance_transaction"
"""`expand`: the charge and the movement it made, which tells Stripe's fee. There is none before a capture."""


def authorization_form(request: AuthorizeRequest, card: CardToken, amount: int) -> Form:
    """POST /v1/payment_intents: a payment intent, created and confirmed at once."""
    is_off_session = request.initiator == "merchant"
    return {
        "amount": amount,
        "currency": request.money.currency,
        "capture_method": request.capture_method,
        "payment_method": card.token,
        # Cards by name, not `automatic_payment_methods`: what an account's Dashboard enables must not change what a
        # charge may become (a bank debit is `processing` for days), and cards need no return_url without 3-D Secure.
        "payment_method_types": ["card"],
        "payment_method_options": _challenge(request),
        "confirm": True,
        "return_url": request.return_url and naming(request.return_url, request.charge_id),
        # Without a page to come back to, a customer cannot be sent away: the bank's wish is then a decline.
        "error_on_requires_action": None if request.return_url or is_off_session else True,
        # Stripe then asks the bank to forgo authentication, and answers its wish for one with a decline.
        "off_session": True if is_off_session else None,
        "description": request.description,
        "receipt_email": request.customer_email,
        "metadata": {CHARGE_ID_KEY: request.charge_id},
        # Only a hold has a `capture_before`, and only the charge tells it.
        "expand": ["latest_charge" if request.capture_method == "manual" else WITH_FEE],
    }


def session_form(request: AuthorizeRequest, return_url: str, amount: int) -> Form:
    """POST /v1/checkout/sessions: a page on which the customer pays by card."""
    about: Form = {CHARGE_ID_KEY: request.charge_id}
    item: Form = {
        "price_data": {
            "currency": request.money.currency,
            "unit_amount": amount,
            "product_data": {"name": request.description or UNNAMED_ITEM},
        },
        "quantity": 1,
    }
    return {
        "mode": "payment",
        # Cards by name, as for payment intents: what an account's Dashboard enables must not change what may happen.
        "payment_method_types": ["card"],
        "payment_method_options": _challenge(request),
        "line_items": [item],
        "success_url": naming(return_url, request.charge_id),
        "cancel_url": request.cancel_url and naming(request.cancel_url, request.charge_id),
        # What a session was opened for; its metadata can be edited later.
        "client_reference_id": request.charge_id,
        "customer_email": request.customer_email,
        "metadata": about,
        "payment_intent_data": {
            "capture_method": request.capture_method,
            "description": request.description,
            "receipt_email": request.customer_email,
            "metadata": about,
        },
    }


def _challenge(request: AuthorizeRequest) -> Form | None:
    """3-D Secure that we ask for. The bank may still let the payment pass without its customer.

    Stripe goes on without it where the card does not support it (docs.stripe.com/payments/3d-secure).
    """
    return {"card": {"request_three_d_secure": "any"}} if request.challenge else None


def capture_form(amount: int) -> Form:
    """POST /v1/payment_intents/{id}/capture. Stripe lets the rest of the hold go."""
    return {"amount_to_capture": amount, "expand": [WITH_FEE]}


def cancellation_form(request: CancelRequest) -> Form:
    """POST /v1/payment_intents/{id}/cancel."""
    return {"cancellation_reason": request.reason}


def refund_form(request: RefundRequest, amount: int) -> Form:
    """POST /v1/refunds."""
    return {
        "payment_intent": request.psp_reference,
        "amount": amount,
        "reason": request.reason,
        "metadata": {CHARGE_ID_KEY: request.charge_id, REFUND_ID_KEY: request.refund_id},
    }
