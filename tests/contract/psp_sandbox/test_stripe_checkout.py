"""Stripe Checkout: sessions, the page on which customers pay them, and what is reported of it."""

import base64
import hashlib
import json
import re
import time
from typing import Any, cast
from urllib.parse import urlencode, urlsplit

import pytest
import stripe

from fixtures.http_exchange import Reply, exchange
from fixtures.sandbox import SandboxProcess
from fixtures.stripe_spec import missing_fields, problems_of_objects
from fixtures.webhook_receiver import WebhookReceiver

SUCCESS = "https://merchant.example/thanks?session={CHECKOUT_SESSION_ID}"
CANCEL = "https://merchant.example/basket"
GIVEN: Any = {
    "mode": "payment",
    "line_items": [
        {
            "price_data": {
                "currency": "usd",
                "unit_amount": 500,
                "product_data": {"name": "Tea & <b>cake</b>"},
            },
            "quantity": 2,
        },
        {
            "price_data": {"currency": "usd", "unit_amount": 99, "product_data": {"name": "Delivery"}},
            "quantity": 1,
        },
    ],
    "success_url": SUCCESS,
    "cancel_url": CANCEL,
    "payment_method_types": ["card"],
}


def opened(client: stripe.StripeClient, **changes: Any) -> stripe.checkout.Session:
    return client.v1.checkout.sessions.create(GIVEN | changes)


def browse(url: str, **form: str) -> Reply:
    """The page, or what its form is answered with."""
    parts = urlsplit(url)
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    if not form:
        return exchange(f"{parts.scheme}://{parts.netloc}", "GET", path)
    return exchange(f"{parts.scheme}://{parts.netloc}", "POST", path, urlencode(form))


def pay(session: stripe.checkout.Session, card: str = "pm_card_visa", **form: str) -> Reply:
    return browse(str(session.url), action="pay", card=card, **form)


def now_of(client: stripe.StripeClient, session: stripe.checkout.Session) -> stripe.checkout.Session:
    return client.v1.checkout.sessions.retrieve(
        session.id, {"expand": ["payment_intent.latest_charge.balance_transaction"]}
    )


def intent_of(session: stripe.checkout.Session) -> stripe.PaymentIntent:
    assert isinstance(session.payment_intent, stripe.PaymentIntent)
    return session.payment_intent


def types_of(client: stripe.StripeClient) -> list[str]:
    return [str(event.type) for event in client.v1.events.list({"limit": 100}).data][::-1]


def advance(sandbox: SandboxProcess, seconds: float) -> None:
    sandbox.call("POST", "/sandbox/clock", {"advance_seconds": seconds})


def test_new_session_is_open_and_has_no_payment_intent(client: stripe.StripeClient) -> None:
    session = opened(client, client_reference_id="order-7", customer_email="ada@example.com")
    assert (session.status, session.payment_status, session.payment_intent) == ("open", "unpaid", None)
    assert (session.amount_total, session.currency, session.client_reference_id) == (1099, "usd", "order-7")
    assert session.expires_at - session.created == 24 * 3_600
    assert session.success_url == SUCCESS
    missing = missing_fields("checkout.session", json.loads(str(session)))
    assert missing == []
    assert types_of(client) == []


def test_paying_completes_the_session_and_sends_the_customer_on(client: stripe.StripeClient) -> None:
    session = opened(
        client,
        payment_intent_data={"metadata": {"order": "7"}, "description": "Order 7"},
        metadata={"a": "b"},
    )
    reply = pay(session, email="ada@example.com")
    assert (reply.status, reply.headers["location"]) == (303, SUCCESS.format(CHECKOUT_SESSION_ID=session.id))
    paid = now_of(client, session)
    assert (paid.status, paid.payment_status, paid.url) == ("complete", "paid", None)
    assert paid.customer_details is not None
    assert paid.customer_details.email == "ada@example.com"
    intent = intent_of(paid)
    assert (intent.status, intent.amount_received, intent.description) == ("succeeded", 1099, "Order 7")
    assert (intent.metadata["order"], paid.metadata and paid.metadata["a"]) == ("7", "b")
    assert isinstance(intent.latest_charge, stripe.Charge)
    assert isinstance(intent.latest_charge.balance_transaction, stripe.BalanceTransaction)
    assert types_of(client) == [
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "checkout.session.completed",
    ]


def test_a_declined_customer_pays_with_another_card(client: stripe.StripeClient) -> None:
    session = opened(client)
    refused = pay(session, "pm_card_visa_chargeDeclinedInsufficientFunds")
    assert refused.status == 200
    assert '<p class="refused" role="alert">Your card has insufficient funds.</p>' in refused.body.decode()
    failed = now_of(client, session)
    assert (failed.status, intent_of(failed).status) == ("open", "requires_payment_method")
    assert pay(session).status == 303
    paid = now_of(client, session)
    assert intent_of(paid).id == intent_of(failed).id
    assert paid.payment_status == "paid"
    assert types_of(client).count("payment_intent.created") == 1


def test_session_that_asks_for_a_challenge_gets_one(client: stripe.StripeClient) -> None:
    session = opened(client, payment_method_options={"card": {"request_three_d_secure": "any"}})
    bank = pay(session, "pm_card_threeDSecureOptional").headers["location"]
    assert "/3ds/" in bank
    assert now_of(client, session).payment_status == "unpaid"
    browse(bank, action="complete")
    assert now_of(client, session).payment_status == "paid"


def test_challenge_of_the_bank_leads_back_to_the_page(client: stripe.StripeClient) -> None:
    session = opened(client)
    bank = pay(session, "pm_card_threeDSecure2Required").headers["location"]
    assert "/3ds/" in bank
    assert now_of(client, session).status == "open"
    back = browse(bank, action="fail").headers["location"]
    assert back.startswith(str(session.url))
    assert b"unable to authenticate" in browse(back).body
    bank = pay(session, "pm_card_threeDSecure2Required").headers["location"]
    back = browse(bank, action="complete").headers["location"]
    assert now_of(client, session).payment_status == "paid"
    assert browse(back).headers["location"] == SUCCESS.format(CHECKOUT_SESSION_ID=session.id)


def test_a_session_is_paid_once(client: stripe.StripeClient) -> None:
    session = opened(client)
    pay(session)
    again = pay(session)
    assert again.status == 200
    assert b"You have paid already" in again.body
    assert types_of(client).count("payment_intent.succeeded") == 1


def test_manual_capture_completes_with_an_unpaid_hold(client: stripe.StripeClient) -> None:
    session = opened(client, payment_intent_data={"capture_method": "manual"})
    pay(session)
    held = now_of(client, session)
    assert (held.status, held.payment_status) == ("complete", "unpaid")
    assert intent_of(held).amount_capturable == 1099
    client.v1.payment_intents.capture(intent_of(held).id)
    assert now_of(client, session).payment_status == "paid"
    assert "checkout.session.async_payment_succeeded" not in types_of(client)


@pytest.mark.parametrize("by_helper", [False, True])
@pytest.mark.parametrize(
    ("timing", "decided"),
    [
        ("succeeds_later", ("paid", "succeeded", "async_payment_succeeded")),
        ("fails_later", ("unpaid", "requires_payment_method", "async_payment_failed")),
    ],
)
def test_asynchronous_payment_is_decided_later(
    client: stripe.StripeClient,
    psp_sandbox: SandboxProcess,
    *,
    by_helper: bool,
    timing: str,
    decided: tuple[str, str, str],
) -> None:
    psp_sandbox.call("POST", "/sandbox/aftermath", {"delay_seconds": 3_600})
    session = opened(client)
    assert pay(session, timing=timing).status == 303
    waiting = now_of(client, session)
    assert (waiting.status, waiting.payment_status) == ("complete", "unpaid")
    assert intent_of(waiting).status == "processing"
    if by_helper:
        psp_sandbox.call("POST", f"/sandbox/payment_intents/{intent_of(waiting).id}/decide")
    else:
        advance(psp_sandbox, 3_600)
    after = now_of(client, session)
    last_event = types_of(client)[-1].removeprefix("checkout.session.")
    assert after.status == "complete"
    assert (after.payment_status, intent_of(after).status, last_event) == decided


def test_session_expires_by_the_clock_and_takes_no_payment(
    client: stripe.StripeClient, psp_sandbox: SandboxProcess
) -> None:
    session = opened(client, expires_at=int(time.time()) + 1_805)
    bank = pay(session, "pm_card_threeDSecure2Required").headers["location"]
    advance(psp_sandbox, 1_806)
    expired = now_of(client, session)
    assert (expired.status, expired.payment_status, expired.url) == ("expired", "unpaid", None)
    assert intent_of(expired).status == "canceled"
    assert types_of(client)[-2:] == ["checkout.session.expired", "payment_intent.canceled"]
    assert browse(bank, action="complete").status == 404
    assert (pay(session).status, now_of(client, session).status) == (410, "expired")


def test_expire_ends_an_open_session_and_no_other(client: stripe.StripeClient) -> None:
    session = opened(client)
    assert client.v1.checkout.sessions.expire(session.id).status == "expired"
    assert browse(str(session.url)).status == 410
    for ended in (session, opened(client)):
        if ended is not session:
            pay(ended)
        with pytest.raises(stripe.InvalidRequestError, match="can be expired"):
            client.v1.checkout.sessions.expire(ended.id)


def test_list_filters_by_payment_intent_status_and_customer(client: stripe.StripeClient) -> None:
    first, second = opened(client), opened(client)
    pay(first, email="Ada@example.com")
    intent = intent_of(now_of(client, first))

    def ids(**params: Any) -> list[str]:
        return [one.id for one in client.v1.checkout.sessions.list(cast("Any", params)).data]

    assert ids() == [second.id, first.id]
    assert ids(payment_intent=intent.id) == [first.id]
    assert ids(payment_intent="pi_other") == []
    assert ids(status="open") == [second.id]
    assert ids(customer_details={"email": "ada@example.com"}) == [first.id]
    listed = client.v1.checkout.sessions.list({"expand": ["data.payment_intent"], "status": "complete"})
    assert intent_of(listed.data[0]).status == "succeeded"


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"mode": "subscription"}, "mode"),
        ({"line_items": []}, "line_items"),
        ({"success_url": "javascript:alert(1)"}, "success_url"),
        ({"cancel_url": "/basket"}, "cancel_url"),
        ({"expires_at": int(time.time()) + 1_700}, "expires_at"),
        ({"expires_at": int(time.time()) + 90_000}, "expires_at"),
        ({"payment_method_types": ["card", "klarna"]}, "payment_method_types"),
        ({"customer_email": "ada@"}, "customer_email"),
        ({"payment_intent_data": {"receipt_email": "ada@"}}, "payment_intent_data[receipt_email]"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_session_that_cannot_be_is_refused_by_name(
    client: stripe.StripeClient, changes: Any, param: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        opened(client, **changes)
    assert refused.value.param == param


def test_sandbox_lists_sessions_with_what_they_were_opened_for(
    client: stripe.StripeClient, psp_sandbox: SandboxProcess
) -> None:
    waiting, paid = opened(client, client_reference_id="order-7"), opened(client)
    pay(paid)
    rows = psp_sandbox.call("GET", "/sandbox/checkout_sessions")["data"]
    assert [
        (one["id"], one["client_reference_id"], one["status"], one["payment_status"]) for one in rows
    ] == [
        (waiting.id, "order-7", "open", "unpaid"),
        (paid.id, None, "complete", "paid"),
    ]
    assert [one["payment_intent"] for one in rows] == [None, intent_of(now_of(client, paid)).id]


def test_session_of_another_account_does_not_exist(
    client: stripe.StripeClient, psp_sandbox: SandboxProcess
) -> None:
    session = opened(client)
    stranger = stripe.StripeClient("sk_test_stranger", base_addresses={"api": psp_sandbox.url})
    with pytest.raises(stripe.InvalidRequestError, match="No such"):
        stranger.v1.checkout.sessions.retrieve(session.id)
    assert browse(f"{psp_sandbox.url}/c/pay/cs_test_none").status == 404


def test_the_same_key_opens_one_session(client: stripe.StripeClient) -> None:
    first = client.v1.checkout.sessions.create(GIVEN, {"idempotency_key": "k-1"})
    again = client.v1.checkout.sessions.create(GIVEN, {"idempotency_key": "k-1"})
    assert again.id == first.id
    assert len(client.v1.checkout.sessions.list().data) == 1


def test_events_of_a_session_are_signed_and_documented(
    client: stripe.StripeClient, receiver: WebhookReceiver
) -> None:
    endpoint = client.v1.webhook_endpoints.create(
        {"url": receiver.url, "enabled_events": ["checkout.session.completed", "checkout.session.expired"]}
    )
    paid, expired = opened(client), opened(client)
    pay(paid)
    client.v1.checkout.sessions.expire(expired.id)
    arrived = receiver.take(2)
    for one in arrived:
        assert problems_of_objects(json.loads(one.body)) == []
    events = [
        stripe.Webhook.construct_event(one.body, one.headers["Stripe-Signature"], str(endpoint.secret))
        for one in arrived
    ]
    assert {(event.type, event.data.object["id"]) for event in events} == {
        ("checkout.session.completed", paid.id),
        ("checkout.session.expired", expired.id),
    }


def test_page_shows_what_is_bought_and_runs_no_script(client: stripe.StripeClient) -> None:
    reply = browse(str(opened(client).url))
    page = reply.body.decode()
    assert "$10.99" in page
    assert "Tea &amp; &lt;b&gt;cake&lt;/b&gt; (2)" in page
    assert CANCEL in page
    assert "<script" not in page
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    policy = reply.headers["content-security-policy"]
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}'")
    assert "unsafe" not in policy
    fields = set(re.findall(r'<(?:input|select) id="(\w+)"', page))
    assert fields == {"email", "card", "timing"} == set(re.findall(r'<label for="(\w+)"', page))


@pytest.mark.parametrize(
    "form", [{"action": "steal"}, {"card": "pm_none"}, {"timing": "never"}, {"email": "ada@"}]
)
def test_a_form_that_checkout_does_not_offer_is_refused(
    client: stripe.StripeClient, form: dict[str, str]
) -> None:
    session = opened(client)
    assert browse(str(session.url), **({"action": "pay", "card": "pm_card_visa"} | form)).status == 400
    assert now_of(client, session).payment_intent is None
