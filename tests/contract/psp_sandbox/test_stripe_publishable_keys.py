"""What browsers may do with a publishable key, and what pages of any origin may read."""

import json
import urllib.error
import urllib.request
from typing import Any, NamedTuple
from urllib.parse import urlencode

import pytest
import stripe

from fixtures.sandbox import SandboxProcess
from fixtures.stripe_spec import problems_of_answer, problems_of_objects

CARD = {
    "type": "card",
    "card[number]": "4242424242424242",
    "card[exp_month]": "12",
    "card[exp_year]": "2036",
    "card[cvc]": "123",
}
ADDED_BY_BROWSERS = {
    "payment_user_agent": "stripe.js/sandbox",
    "guid": "NA",
    "muid": "NA",
    "sid": "NA",
    "time_on_page": "1200",
    "referrer": "https://shop.example",
    "pasted_fields": "number",
    "radar_options[hcaptcha_token]": "token",
    "_stripe_version": "2026-10-28.endive",
}
ORIGIN = {"Origin": "https://shop.example"}


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    data: Any


class Browser:
    """Requests as a page sends them, with the publishable key of an account."""

    def __init__(self, url: str, key: str) -> None:
        self._url = url
        self.key = key

    def send(self, method: str, path: str, fields: dict[str, str], headers: dict[str, str]) -> Answer:
        form = urlencode(fields)
        url = f"{self._url}{path}{f'?{form}' if method == 'GET' and form else ''}"
        body = form.encode() if method == "POST" else None
        request = urllib.request.Request(url, data=body, method=method, headers=headers)  # noqa: S310 - our own URL
        try:
            with urllib.request.urlopen(request, timeout=20) as response:  # noqa: S310 - our own URL
                status, answered, text = response.status, response.headers, response.read()
        except urllib.error.HTTPError as error:
            with error:
                status, answered, text = error.code, error.headers, error.read()
        return Answer(
            status, {name.lower(): value for name, value in answered.items()}, json.loads(text or b"null")
        )

    def call(self, method: str, path: str, fields: dict[str, str]) -> Answer:
        answer = self.send(method, path, fields | {"key": self.key}, ORIGIN)
        assert problems_of_answer(method, path, answer.status, answer.data) == []
        return answer


@pytest.fixture
def browser(psp_sandbox: SandboxProcess, api_key: str) -> Browser:
    return Browser(psp_sandbox.url, api_key.replace("sk_", "pk_", 1))


def asked_intent(client: stripe.StripeClient, **fields: Any) -> stripe.PaymentIntent:
    given: Any = {"amount": 1099, "currency": "usd", "payment_method_types": ["card"]} | fields
    return client.v1.payment_intents.create(given)


def test_a_method_made_in_a_browser_pays_with_the_secret_key(
    browser: Browser, client: stripe.StripeClient
) -> None:
    made = browser.call("POST", "/v1/payment_methods", CARD | ADDED_BY_BROWSERS)
    assert made.status == 200
    assert problems_of_objects(made.data) == []
    assert (made.data["card"]["brand"], made.data["card"]["last4"]) == ("visa", "4242")
    assert "fingerprint" not in made.data["card"]
    assert "metadata" not in made.data
    paid = asked_intent(client, payment_method=made.data["id"], confirm=True)
    assert paid.status == "succeeded"


def test_a_bearer_publishable_key_makes_a_method(browser: Browser) -> None:
    headers = ORIGIN | {"Authorization": f"Bearer {browser.key}", "Stripe-Version": "2026-10-28.endive"}
    answer = browser.send("POST", "/v1/payment_methods", CARD | {"guid": "NA"}, headers)
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (200, "*")


def test_a_token_is_used_once(browser: Browser, client: stripe.StripeClient) -> None:
    fields = {name: value for name, value in CARD.items() if name != "type"}
    made = browser.call("POST", "/v1/tokens", fields | ADDED_BY_BROWSERS)
    assert made.status == 200
    assert problems_of_objects(made.data) == []
    given: Any = {"type": "card", "card": {"token": made.data["id"]}}
    assert client.v1.payment_methods.create(given).card["last4"] == "4242"  # type: ignore[index]
    with pytest.raises(stripe.InvalidRequestError, match="No such token"):
        client.v1.payment_methods.create(given)


def test_an_intent_is_shown_without_what_is_the_merchants(
    browser: Browser, client: stripe.StripeClient
) -> None:
    intent = asked_intent(client, metadata={"order": "1"}, statement_descriptor_suffix="ORDER 1")
    path = f"/v1/payment_intents/{intent.id}"
    answer = browser.call("GET", path, {"client_secret": str(intent.client_secret)})
    assert (answer.status, answer.data["amount"]) == (200, 1099)
    hidden = {"metadata", "customer", "latest_charge", "statement_descriptor_suffix", "amount_received"}
    assert hidden.isdisjoint(answer.data)


def test_a_declined_confirmation_hides_as_much(browser: Browser, client: stripe.StripeClient) -> None:
    intent = asked_intent(client, metadata={"order": "1"})
    fields = {"client_secret": str(intent.client_secret), "payment_method": "pm_card_visa_chargeDeclined"}
    answer = browser.call("POST", f"/v1/payment_intents/{intent.id}/confirm", fields)
    assert (answer.status, answer.data["error"]["decline_code"]) == (402, "generic_decline")
    assert "metadata" not in answer.data["error"]["payment_intent"]
    assert "fingerprint" not in json.dumps(answer.data)


@pytest.mark.parametrize("secret", [None, "", "pi_1_secret_2"])
@pytest.mark.parametrize(("method", "below"), [("GET", ""), ("POST", "/confirm")])
def test_an_intent_without_its_secret_is_refused(
    browser: Browser, client: stripe.StripeClient, method: str, below: str, secret: str | None
) -> None:
    intent = asked_intent(client, payment_method="pm_card_visa")
    fields = {} if secret is None else {"client_secret": secret}
    answer = browser.call(method, f"/v1/payment_intents/{intent.id}{below}", fields)
    assert (answer.status, answer.data["error"]["param"]) == (400, "client_secret")
    assert client.v1.payment_intents.retrieve(intent.id).status == "requires_confirmation"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/payment_intents"),
        ("GET", "/v1/payment_intents"),
        ("GET", "/v1/charges"),
        ("POST", "/v1/refunds"),
        ("GET", "/v1/customers"),
        ("GET", "/v1/payment_methods/pm_1"),
        ("GET", "/v1/events"),
    ],
)
def test_other_calls_need_a_secret_key(browser: Browser, method: str, path: str) -> None:
    answer = browser.call(method, path, {})
    assert (answer.status, answer.data["error"]["code"]) == (401, "secret_key_required")
    assert "access-control-allow-origin" not in answer.headers


def test_another_accounts_key_finds_no_intent(
    psp_sandbox: SandboxProcess, client: stripe.StripeClient
) -> None:
    intent = asked_intent(client)
    stranger = Browser(psp_sandbox.url, "pk_test_stranger")
    fields = {"client_secret": str(intent.client_secret)}
    assert stranger.call("GET", f"/v1/payment_intents/{intent.id}", fields).status == 404


def test_a_secret_key_in_the_form_is_no_key(browser: Browser, api_key: str) -> None:
    answer = browser.send("POST", "/v1/payment_methods", CARD | {"key": api_key}, ORIGIN)
    assert answer.status == 401


def test_a_preflight_is_answered_for_browser_calls_only(browser: Browser) -> None:
    asks = ORIGIN | {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }
    allowed = browser.send("OPTIONS", "/v1/payment_intents/pi_1/confirm", {}, asks)
    refused = browser.send("OPTIONS", "/v1/refunds", {}, asks)
    assert (allowed.status, allowed.headers["access-control-allow-origin"]) == (204, "*")
    assert "Authorization" in allowed.headers["access-control-allow-headers"]
    assert (refused.status, refused.headers.get("access-control-allow-origin")) == (403, None)
