"""3-D Secure: the customer is sent to a page, and the payment goes on when they come back."""

import urllib.error
import urllib.request
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import stripe

RETURN_URL = "https://merchant.example/back?basket=7"


class _Stay(urllib.request.HTTPRedirectHandler):
    """Does not follow redirects: the merchant's site does not exist."""

    def redirect_request(self, *_args: Any, **_kwargs: Any) -> None:
        return None


def browse(url: str, action: str | None = None) -> tuple[int, str, str]:
    """Status, body and Location of the page, or of pressing one of its buttons."""
    data = None if action is None else f"action={action}".encode()
    try:
        with urllib.request.build_opener(_Stay).open(url, data=data, timeout=10) as answer:
            return answer.status, answer.read().decode(), ""
    except urllib.error.HTTPError as answer:
        with answer:
            return answer.code, answer.read().decode(), answer.headers.get("Location", "")


def challenged(client: stripe.StripeClient, token: str, **params: Any) -> tuple[stripe.PaymentIntent, str]:
    """A payment that waits for its customer, and the page they are sent to."""
    given: Any = {
        "amount": 1099,
        "currency": "usd",
        "payment_method": token,
        "payment_method_types": ["card"],
        "confirm": True,
    }
    if "use_stripe_sdk" not in params:
        given["return_url"] = RETURN_URL
    intent = client.v1.payment_intents.create(given | params)
    assert intent.status == "requires_action"
    assert intent.next_action is not None
    if intent.next_action.type == "redirect_to_url":
        assert intent.next_action.redirect_to_url is not None
        return intent, str(intent.next_action.redirect_to_url.url)
    assert intent.next_action.use_stripe_sdk is not None
    return intent, str(intent.next_action.use_stripe_sdk["stripe_js"])


def types_after(client: stripe.StripeClient, first: str) -> list[str]:
    types = [str(event.type) for event in client.v1.events.list({"limit": 100}).data][::-1]
    return types[types.index(first) + 1 :]


def test_completed_challenge_pays_and_redirects_customer(client: stripe.StripeClient) -> None:
    intent, page = challenged(client, "pm_card_threeDSecure2Required")
    assert intent.next_action is not None
    assert intent.next_action.redirect_to_url is not None
    assert intent.next_action.redirect_to_url.return_url == RETURN_URL
    status, html, _ = browse(page)
    assert status == 200
    for words in ("$10.99", "3220", "Complete", "Fail", "Leave"):
        assert words in html
    status, _, location = browse(page, "complete")
    assert status == 303
    assert location.startswith(RETURN_URL)
    assert parse_qs(urlsplit(location).query) == {
        "basket": ["7"],
        "payment_intent": [intent.id],
        "payment_intent_client_secret": [intent.client_secret],
        "source_type": ["card"],
        "redirect_status": ["succeeded"],
    }
    paid = client.v1.payment_intents.retrieve(intent.id, {"expand": ["latest_charge"]})
    assert (paid.status, paid.next_action) == ("succeeded", None)
    assert isinstance(paid.latest_charge, stripe.Charge)
    assert paid.latest_charge.payment_method_details is not None
    assert paid.latest_charge.payment_method_details.card is not None
    secure = paid.latest_charge.payment_method_details.card.three_d_secure
    assert secure is not None
    assert (secure.authentication_flow, secure.result) == ("challenge", "authenticated")
    assert types_after(client, "payment_intent.requires_action") == [
        "charge.succeeded",
        "payment_intent.succeeded",
    ]


def test_failing_the_challenge_asks_for_another_card(client: stripe.StripeClient) -> None:
    intent, page = challenged(client, "pm_card_threeDSecure2Required")
    _, _, location = browse(page, "fail")
    assert parse_qs(urlsplit(location).query)["redirect_status"] == ["failed"]
    failed = client.v1.payment_intents.retrieve(intent.id)
    assert (failed.status, failed.latest_charge) == ("requires_payment_method", None)
    assert failed.last_payment_error is not None
    assert failed.last_payment_error.code == "payment_intent_authentication_failure"
    assert types_after(client, "payment_intent.requires_action") == ["payment_intent.payment_failed"]


@pytest.mark.parametrize(
    ("token", "decline_code"),
    [
        ("pm_card_threeDSecureRequiredChargeDeclined", "generic_decline"),
        ("pm_card_authenticationRequiredChargeDeclinedInsufficientFunds", "insufficient_funds"),
    ],
)
def test_an_authenticated_card_can_still_be_declined(
    client: stripe.StripeClient, token: str, decline_code: str
) -> None:
    intent, page = challenged(client, token)
    browse(page, "complete")
    failed = client.v1.payment_intents.retrieve(intent.id)
    assert failed.status == "requires_payment_method"
    assert failed.last_payment_error is not None
    assert failed.last_payment_error.decline_code == decline_code
    after = types_after(client, "payment_intent.requires_action")
    assert after == ["charge.failed", "payment_intent.payment_failed"]


def test_a_held_payment_is_held_after_the_challenge(client: stripe.StripeClient) -> None:
    intent, page = challenged(client, "pm_card_threeDSecure2Required", capture_method="manual")
    browse(page, "complete")
    assert client.v1.payment_intents.retrieve(intent.id).status == "requires_capture"


def test_manual_confirmation_needs_second_confirm(client: stripe.StripeClient) -> None:
    intent, page = challenged(client, "pm_card_threeDSecure2Required", confirmation_method="manual")
    browse(page, "complete")
    assert client.v1.payment_intents.retrieve(intent.id).status == "requires_confirmation"
    assert client.v1.payment_intents.confirm(intent.id, {"return_url": RETURN_URL}).status == "succeeded"


def test_without_a_return_url_the_sdk_is_to_be_used(client: stripe.StripeClient) -> None:
    intent, page = challenged(client, "pm_card_threeDSecure2Required", use_stripe_sdk=True)
    assert intent.next_action is not None
    assert intent.next_action.type == "use_stripe_sdk"
    assert browse(page, "complete")[0] == 200
    assert client.v1.payment_intents.retrieve(intent.id).status == "succeeded"


def test_challenge_can_be_completed_once(client: stripe.StripeClient) -> None:
    intent, page = challenged(client, "pm_card_threeDSecure2Required")
    assert browse(page, "complete")[0] == 303
    assert browse(page, "fail")[0] == 404
    assert browse(page)[0] == 404
    assert client.v1.payment_intents.retrieve(intent.id).status == "succeeded"


def test_confirming_again_replaces_challenge(client: stripe.StripeClient) -> None:
    intent, first = challenged(client, "pm_card_threeDSecure2Required")
    again = client.v1.payment_intents.confirm(intent.id, {"return_url": RETURN_URL})
    assert again.next_action is not None
    assert again.next_action.redirect_to_url is not None
    assert browse(first, "complete")[0] == 404
    assert browse(str(again.next_action.redirect_to_url.url), "complete")[0] == 303


def test_the_page_of_a_canceled_payment_is_over(client: stripe.StripeClient) -> None:
    intent, page = challenged(client, "pm_card_threeDSecure2Required")
    client.v1.payment_intents.cancel(intent.id)
    assert browse(page, "complete")[0] == 404
    assert client.v1.payment_intents.retrieve(intent.id).status == "canceled"


def test_leaving_challenge_page_keeps_payment_open(client: stripe.StripeClient) -> None:
    intent, page = challenged(client, "pm_card_threeDSecure2Required")
    status, _, location = browse(page, "leave")
    assert (status, parse_qs(urlsplit(location).query)["redirect_status"]) == (303, ["pending"])
    assert client.v1.payment_intents.retrieve(intent.id).status == "requires_action"
    assert types_after(client, "payment_intent.requires_action") == []
    assert browse(page)[0] == 200
    assert browse(page, "complete")[0] == 303
    assert client.v1.payment_intents.retrieve(intent.id).status == "succeeded"


def test_leaving_without_return_url_keeps_challenge_open(client: stripe.StripeClient) -> None:
    intent, page = challenged(client, "pm_card_threeDSecure2Required", use_stripe_sdk=True)
    status, html, location = browse(page, "leave")
    assert (status, location) == (200, "")
    assert "come back" in html
    assert client.v1.payment_intents.retrieve(intent.id).status == "requires_action"
    assert browse(page)[0] == 200


def test_error_on_requires_action_declines_payment(client: stripe.StripeClient) -> None:
    given: Any = {
        "amount": 1099,
        "currency": "usd",
        "payment_method": "pm_card_threeDSecure2Required",
        "payment_method_types": ["card"],
        "confirm": True,
        "error_on_requires_action": True,
    }
    with pytest.raises(stripe.CardError) as refused:
        client.v1.payment_intents.create(given)
    assert (refused.value.http_status, refused.value.code) == (402, "authentication_required")
    assert refused.value.error is not None
    assert refused.value.error.payment_intent is not None
    assert refused.value.error.payment_intent.status == "requires_payment_method"
    assert types_after(client, "payment_intent.created") == ["charge.failed", "payment_intent.payment_failed"]


def test_unknown_challenge_action_is_refused(client: stripe.StripeClient) -> None:
    intent, page = challenged(client, "pm_card_threeDSecure2Required")
    assert browse(page, "perhaps")[0] == 400
    assert client.v1.payment_intents.retrieve(intent.id).status == "requires_action"
