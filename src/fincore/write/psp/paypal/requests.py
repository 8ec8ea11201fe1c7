"""What PayPal is sent: one body a call. Pure; the amounts are as PayPal writes them already."""

from typing import Any, Final

from fincore.domain.payment_method import PayPalVaultToken, PayPalWallet
from fincore.write.psp.paypal.amounts import PayPalMoney
from fincore.write.psp.port import AuthorizeRequest, RefundRequest
from fincore.write.psp.return_url import naming

Json = dict[str, Any]

DESCRIPTION_CHARS_MAX: Final = 127


def order_body(
    request: AuthorizeRequest, method: PayPalWallet | PayPalVaultToken, amount: PayPalMoney
) -> Json:
    """POST /v2/checkout/orders: an order for one purchase unit.

    `custom_id` ties the order and all its payments to our charge. `invoice_id` is unique in an account: with it PayPal
    itself refuses to take money for one charge by two orders.
    """
    unit: Json = {
        "custom_id": request.charge_id,
        "invoice_id": request.charge_id,
        "amount": _amount(amount),
    }
    if request.description:
        unit["description"] = request.description[:DESCRIPTION_CHARS_MAX]
    return {
        "intent": "CAPTURE" if request.capture_method == "automatic" else "AUTHORIZE",
        "purchase_units": [unit],
        "payment_source": {"paypal": _wallet(request, method)},
    }


def capture_body(amount: PayPalMoney) -> Json:
    """POST /v2/payments/authorizations/{id}/capture. PayPal lets the rest of the hold go."""
    return {"amount": _amount(amount), "final_capture": True}


def refund_body(request: RefundRequest, amount: PayPalMoney) -> Json:
    """POST /v2/payments/captures/{id}/refund. An `invoice_id` here would be refused with the capture's, or the next refund's."""
    return {"amount": _amount(amount), "custom_id": request.refund_id}


def _wallet(request: AuthorizeRequest, method: PayPalWallet | PayPalVaultToken) -> Json:
    wallet: Json = {}
    if isinstance(method, PayPalVaultToken):
        wallet["vault_id"] = method.token
    if request.return_url is not None and request.cancel_url is not None:
        wallet["experience_context"] = {
            "return_url": naming(request.return_url, request.charge_id),
            "cancel_url": naming(request.cancel_url, request.charge_id),
            "user_action": "PAY_NOW",
            "shipping_preference": "NO_SHIPPING",
        }
    return wallet


def _amount(amount: PayPalMoney) -> Json:
    return {"currency_code": amount.currency_code, "value": amount.value}
