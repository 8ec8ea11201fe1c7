"""What Stripe is sent, form by form."""

from typing import Any

import pytest

from fincore.domain.currency import Currency
from fincore.domain.ids import new_charge_id, new_refund_id
from fincore.domain.money import Money
from fincore.domain.outcome import PspAccount, PspReference
from fincore.domain.payment_method import CardToken, HostedCard
from fincore.write.psp.port import AuthorizeRequest, CancelRequest, RefundRequest
from fincore.write.psp.stripe.requests import (
    authorization_form,
    cancellation_form,
    capture_form,
    refund_form,
    session_form,
)

TEST = PspAccount("test")
VISA = CardToken("pm_card_visa")
CHARGE = new_charge_id()
USD_19_99 = Money(1999, Currency("usd"))


def authorization(**changes: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "charge_id": CHARGE,
        "idempotency_key": f"{CHARGE}:authorize:1",
        "psp_account": TEST,
        "money": USD_19_99,
        "capture_method": "automatic",
        "payment_method": VISA,
        "description": None,
        "customer_email": None,
    }
    return authorization_form(AuthorizeRequest(**given | changes), VISA, 1999)


def test_charge_is_one_confirmed_intent_expanding_fee() -> None:
    assert authorization() == {
        "amount": 1999,
        "currency": "usd",
        "capture_method": "automatic",
        "payment_method": "pm_card_visa",
        "payment_method_types": ["card"],
        "payment_method_options": None,
        "confirm": True,
        "return_url": None,
        "error_on_requires_action": True,
        "off_session": None,
        "description": None,
        "receipt_email": None,
        "metadata": {"fincore_charge_id": CHARGE},
        "expand": ["latest_charge.balance_transaction"],
    }


def test_charge_without_its_customer_is_off_session() -> None:
    form = authorization(initiator="merchant")
    assert (form["off_session"], form["error_on_requires_action"]) == (True, None)


def test_page_names_the_charge_where_nothing_can_change_it() -> None:
    request = AuthorizeRequest(
        charge_id=CHARGE,
        idempotency_key=f"{CHARGE}:authorize:1",
        psp_account=TEST,
        money=USD_19_99,
        capture_method="manual",
        payment_method=HostedCard(),
        description="two coffees",
        customer_email="ada@example.com",
        cancel_url="https://shop.example/basket?x=1",
    )
    named = {"fincore_charge_id": CHARGE}
    assert session_form(request, "https://shop.example/back", 1999) == {
        "mode": "payment",
        "payment_method_types": ["card"],
        "payment_method_options": None,
        "line_items": [
            {
                "price_data": {
                    "currency": "usd",
                    "unit_amount": 1999,
                    "product_data": {"name": "two coffees"},
                },
                "quantity": 1,
            }
        ],
        "success_url": f"https://shop.example/back?charge={CHARGE}",
        "cancel_url": f"https://shop.example/basket?x=1&charge={CHARGE}",
        "client_reference_id": CHARGE,
        "customer_email": "ada@example.com",
        "metadata": named,
        "payment_intent_data": {
            "capture_method": "manual",
            "description": "two coffees",
            "receipt_email": "ada@example.com",
            "metadata": named,
        },
    }


def test_hold_expands_charge_without_balance_transaction() -> None:
    assert authorization(capture_method="manual")["expand"] == ["latest_charge"]


@pytest.mark.parametrize(
    ("return_url", "sent"),
    [
        ("https://shop.example/back", "https://shop.example/back?charge={}"),
        ("https://shop.example/back?", "https://shop.example/back?&charge={}"),
        ("https://shop.example/back?basket=7", "https://shop.example/back?basket=7&charge={}"),
        ("https://shop.example/#/back", "https://shop.example/?charge={}#/back"),
        ("https://shop.example/?a=1#b?c", "https://shop.example/?a=1&charge={}#b?c"),
        ("https://shop.example/%C3%A9?q=a%26b", "https://shop.example/%C3%A9?q=a%26b&charge={}"),
        ("shop://[not-a-host", "shop://[not-a-host?charge={}"),
    ],
    ids=["plain", "empty query", "query", "fragment", "query and fragment", "escapes", "no url"],
)
def test_return_url_gets_charge_id_and_keeps_its_query(return_url: str, sent: str) -> None:
    form = authorization(return_url=return_url)
    assert (form["return_url"], form["error_on_requires_action"]) == (sent.format(CHARGE), None)


def test_a_capture_names_its_amount_and_shows_the_fee() -> None:
    assert capture_form(1500) == {
        "amount_to_capture": 1500,
        "expand": ["latest_charge.balance_transaction"],
    }


@pytest.mark.parametrize("reason", ["abandoned", "duplicate", "fraudulent", "requested_by_customer"])
def test_cancellation_reason_is_sent_in_stripes_words(reason: Any) -> None:
    request = CancelRequest(
        charge_id=CHARGE,
        idempotency_key="key",
        psp_account=TEST,
        psp_reference=PspReference("pi_1"),
        reason=reason,
    )
    assert cancellation_form(request) == {"cancellation_reason": reason}


@pytest.mark.parametrize("reason", ["duplicate", "fraudulent", "requested_by_customer", None])
def test_a_refund_carries_the_ids_of_the_charge_and_its_own(reason: Any) -> None:
    refund_id = new_refund_id()
    request = RefundRequest(
        charge_id=CHARGE,
        refund_id=refund_id,
        idempotency_key="key",
        psp_account=TEST,
        psp_reference=PspReference("pi_1"),
        money=USD_19_99,
        reason=reason,
    )
    assert refund_form(request, 1999) == {
        "payment_intent": "pi_1",
        "amount": 1999,
        "reason": reason,
        "metadata": {"fincore_charge_id": CHARGE, "fincore_refund_id": refund_id},
    }


def test_challenged_payment_asks_for_3_d_secure() -> None:
    asked = {"card": {"request_three_d_secure": "any"}}
    assert authorization(challenge=True)["payment_method_options"] == asked
    request = AuthorizeRequest(
        charge_id=CHARGE,
        idempotency_key=f"{CHARGE}:authorize:1",
        psp_account=TEST,
        money=USD_19_99,
        capture_method="automatic",
        payment_method=HostedCard(),
        description=None,
        customer_email=None,
        challenge=True,
    )
    assert session_form(request, "https://shop.example/back", 1999)["payment_method_options"] == asked
