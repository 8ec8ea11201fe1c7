"""The page on which a payer approves: what it shows, what it refuses, what a browser may do on it."""

import base64
import hashlib
import re

import pytest

from fixtures.http_exchange import Reply, exchange
from fixtures.paypal_client import PayPalClient


def shown(paypal: PayPalClient, order_id: str) -> Reply:
    return exchange(paypal.url, "GET", f"/checkoutnow?token={order_id}")


def test_page_shows_amount_merchant_and_what_is_bought(paypal: PayPalClient) -> None:
    order_id = paypal.create(value="1249.50", description="<script>alert(1)</script>")["id"]
    page = shown(paypal, order_id).body.decode()
    assert "1,249.50 USD" in page
    assert "Shop &amp; Sons" in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script" not in page
    assert re.findall(r'name="action" value="(\w+)"', page) == ["approve", "fail_instrument", "cancel"]


def test_each_field_of_the_page_has_a_label(paypal: PayPalClient) -> None:
    page = shown(paypal, paypal.create()["id"]).body.decode()
    fields = set(re.findall(r'<(?:input|select) id="(\w+)"', page))
    assert fields == {"email", "funding"} == set(re.findall(r'<label for="(\w+)"', page))
    assert '<html lang="en">' in page


def test_policy_of_the_page_lets_only_its_own_style_run(paypal: PayPalClient) -> None:
    reply = shown(paypal, paypal.create()["id"])
    policy = reply.headers["content-security-policy"]
    style = re.search(r"<style>(.*?)</style>", reply.body.decode(), re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert reply.headers["cache-control"] == "no-store"


def test_page_of_an_order_that_waits_for_no_payer_is_not_found(paypal: PayPalClient) -> None:
    order_id = paypal.create()["id"]
    paypal.approve(order_id)
    assert shown(paypal, order_id).status == 404
    assert paypal.press(order_id).status == 404
    assert shown(paypal, "NOSUCHORDER").status == 404


@pytest.mark.parametrize(
    "form", [{"action": "pay"}, {"funding": "luck"}, {"email": "nowhere"}, {"email": "a@" + "b" * 254}]
)
def test_form_that_the_page_does_not_offer_is_refused(paypal: PayPalClient, form: dict[str, str]) -> None:
    order_id = paypal.create()["id"]
    assert paypal.press(order_id, **form).status == 400
    assert paypal.order(order_id)["status"] == "PAYER_ACTION_REQUIRED"


def test_payer_stays_where_the_merchant_named_no_page(paypal: PayPalClient) -> None:
    order_id = paypal.create(payment_source=None)["id"]
    canceled = paypal.press(order_id, "cancel")
    approved = paypal.press(order_id)
    assert (canceled.status, approved.status) == (200, 200)
    assert b"You approved" in approved.body
