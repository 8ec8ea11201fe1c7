"""Pays with PayPal's own client at the sandbox that the argument names. Run in an environment of its own, it prints what it saw."""

import json
import sys
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

from paypalserversdk.configuration import Configuration, Environment, Server
from paypalserversdk.exceptions.error_exception import ErrorException
from paypalserversdk.http.auth.o_auth_2 import ClientCredentialsAuthCredentials
from paypalserversdk.models.amount_with_breakdown import AmountWithBreakdown
from paypalserversdk.models.capture_request import CaptureRequest
from paypalserversdk.models.checkout_payment_intent import CheckoutPaymentIntent
from paypalserversdk.models.money import Money
from paypalserversdk.models.order_request import OrderRequest
from paypalserversdk.models.payment_source import PaymentSource
from paypalserversdk.models.paypal_experience_user_action import PaypalExperienceUserAction
from paypalserversdk.models.paypal_wallet import PaypalWallet
from paypalserversdk.models.paypal_wallet_experience_context import PaypalWalletExperienceContext
from paypalserversdk.models.purchase_unit_request import PurchaseUnitRequest
from paypalserversdk.models.refund_request import RefundRequest
from paypalserversdk.paypal_serversdk_client import PaypalServersdkClient

WHOLE = "return=representation"


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """The merchant's page is not there."""

    def redirect_request(self, *_args: Any) -> None:
        """Follow nothing."""


def approve(url: str, action: str = "approve") -> str:
    """Press a button of the approval page; where it leads."""
    form = urllib.parse.urlencode({"action": action}).encode()
    try:
        urllib.request.build_opener(NoRedirect).open(url, form)
    except urllib.error.HTTPError as redirect:
        return str(redirect.headers["Location"])
    raise AssertionError("the page leads nowhere")


def new_order(intent: CheckoutPaymentIntent) -> OrderRequest:
    """An order of 100.00 USD."""
    context = PaypalWalletExperienceContext(
        return_url="https://shop.example/return",
        cancel_url="https://shop.example/cancel",
        user_action=PaypalExperienceUserAction.PAY_NOW,
    )
    amount = AmountWithBreakdown(currency_code="USD", value="100.00")
    return OrderRequest(
        intent=intent,
        purchase_units=[PurchaseUnitRequest(amount=amount, custom_id="ch_1")],
        payment_source=PaymentSource(paypal=PaypalWallet(experience_context=context)),
    )


def approval_link(order: Any) -> str:
    """Where the payer is sent."""
    return next(str(link.href) for link in order.links if link.rel == "payer-action")


def captured(client: PaypalServersdkClient) -> dict[str, Any]:
    """An order that is captured, then refunded in part."""
    orders, payments = client.orders, client.payments
    created = orders.create_order(
        {"body": new_order(CheckoutPaymentIntent.CAPTURE), "prefer": WHOLE, "paypal_request_id": "r-1"}
    )
    order_id = created.body.id
    try:
        orders.capture_order({"id": order_id})
        early = ""
    except ErrorException as error:
        early = error.details[0].issue
    back = approve(approval_link(created.body))
    approved = orders.get_order({"id": order_id}).body
    done = orders.capture_order({"id": order_id, "prefer": WHOLE, "paypal_request_id": "r-2"}).body
    capture = done.purchase_units[0].payments.captures[0]
    part = RefundRequest(amount=Money(currency_code="USD", value="40.00"), custom_id="re_1")
    refund = payments.refund_captured_payment(
        {"capture_id": capture.id, "body": part, "prefer": WHOLE, "paypal_request_id": "r-3"}
    ).body
    return {
        "status": created.status_code,
        "created": created.body.status,
        "early": early,
        "back": back.replace(order_id, "ORDER").partition("&")[0],
        "approved": approved.status,
        "payer": approved.payer.email_address,
        "order": done.status,
        "capture": capture.status,
        "fee": capture.seller_receivable_breakdown.paypal_fee.value,
        "refund": refund.status,
        "capture_now": payments.get_captured_payment({"capture_id": capture.id}).body.status,
        "refund_now": payments.get_refund({"refund_id": refund.id}).body.custom_id,
    }


def authorized(client: PaypalServersdkClient) -> dict[str, Any]:
    """Two orders that are authorized: one is captured in part, one is voided."""
    orders, payments = client.orders, client.payments
    holds = []
    for _ in range(2):
        order = orders.create_order(
            {"body": new_order(CheckoutPaymentIntent.AUTHORIZE), "prefer": WHOLE}
        ).body
        approve(approval_link(order))
        done = orders.authorize_order({"id": order.id, "prefer": WHOLE}).body
        holds.append(done.purchase_units[0].payments.authorizations[0])
    part = CaptureRequest(amount=Money(currency_code="USD", value="60.00"), final_capture=True)
    taken = payments.capture_authorized_payment(
        {"authorization_id": holds[0].id, "body": part, "prefer": WHOLE}
    ).body
    voided = payments.void_payment({"authorization_id": holds[1].id, "prefer": WHOLE}).body
    return {
        "holds": [hold.status for hold in holds],
        "capture": taken.status,
        "amount": taken.amount.value,
        "hold_now": payments.get_authorized_payment({"authorization_id": holds[0].id}).body.status,
        "voided": voided.status,
    }


def main() -> None:
    """Print both as JSON."""
    Configuration.environments[Environment.SANDBOX][Server.DEFAULT] = sys.argv[1]
    client = PaypalServersdkClient(
        environment=Environment.SANDBOX,
        client_credentials_auth_credentials=ClientCredentialsAuthCredentials("client-a", "secret"),
    )
    print(json.dumps({"captured": captured(client), "authorized": authorized(client)}))  # noqa: T201 - its answer


if __name__ == "__main__":
    main()
