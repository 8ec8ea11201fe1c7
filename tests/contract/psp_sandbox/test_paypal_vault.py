"""PayPal's vault: payment sources that are kept, and orders that are paid with them."""

import json
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from fixtures.http_exchange import Reply, exchange
from fixtures.paypal_client import (
    CANCEL_URL,
    RETURN_URL,
    PayPalClient,
    issue,
    links,
    order_request,
    payments,
)
from fixtures.sandbox import SandboxProcess
from fixtures.webhook_receiver import WebhookReceiver

CARD = {"number": "4012000033330026", "expiry": "2035-12", "name": "Ada Lovelace", "security_code": "123"}
WALLET = {
    "paypal": {
        "usage_type": "MERCHANT",
        "experience_context": {
            "return_url": RETURN_URL,
            "cancel_url": CANCEL_URL,
            "brand_name": "Shop & Sons",
        },
    }
}
KEEP = {
    "vault": {"store_in_vault": "ON_SUCCESS", "usage_type": "MERCHANT"},
    "customer": {"id": "customer-77"},
}
HOUR = 3_600


def set_up(paypal: PayPalClient, source: Any, request_id: str = "s-1", **fields: Any) -> Reply:
    body = {"payment_source": source, **fields}
    return paypal.call("POST", "/v3/vault/setup-tokens", body, request_id=request_id)


def agreed(paypal: PayPalClient, setup: Any, action: str = "approve", **form: str) -> Reply:
    url = urlsplit(links(setup)["approve"])
    return exchange(paypal.url, "POST", f"{url.path}?{url.query}", urlencode({"action": action, **form}))


def kept(paypal: PayPalClient, setup_id: str, request_id: str = "t-1") -> Reply:
    body = {"payment_source": {"token": {"id": setup_id, "type": "SETUP_TOKEN"}}}
    return paypal.call("POST", "/v3/vault/payment-tokens", body, request_id=request_id)


def kept_wallet(paypal: PayPalClient, **form: str) -> Any:
    setup = set_up(paypal, WALLET, customer={"id": "customer-77"}).json
    assert agreed(paypal, setup, **form).status == 303
    return kept(paypal, setup["id"]).json


def kept_card(paypal: PayPalClient, request_id: str = "t-1", **card: str) -> Any:
    body = {"payment_source": {"card": CARD | card}, "customer": {"id": "customer-77"}}
    reply = paypal.call("POST", "/v3/vault/payment-tokens", body, request_id=request_id)
    assert reply.status == 201, reply.body
    return reply.json


def ordered(paypal: PayPalClient, source: Any, request_id: str = "o-1", **fields: Any) -> Reply:
    body = order_request(payment_source=source, **fields)
    headers = {"request_id": request_id} if request_id else {}
    return paypal.call("POST", "/v2/checkout/orders", body, prefer="return=representation", **headers)


# What is kept


def test_wallet_is_kept_once_its_owner_agreed(paypal: PayPalClient) -> None:
    setup = set_up(paypal, WALLET).json
    assert setup["status"] == "PAYER_ACTION_REQUIRED"
    assert issue(kept(paypal, setup["id"])) == (422, "TOKEN_NOT_APPROVED")
    back = agreed(paypal, setup, email="ada@example.com")
    told = parse_qs(urlsplit(back.headers["location"]).query)
    assert told["approval_session_id"] == [setup["id"]]
    assert paypal.get(f"/v3/vault/setup-tokens/{setup['id']}")["status"] == "APPROVED"
    token = kept(paypal, setup["id"])
    assert token.status == 201
    assert token.json["payment_source"]["paypal"]["email_address"] == "ada@example.com"
    assert paypal.get(f"/v3/vault/payment-tokens/{token.json['id']}") == token.json
    assert issue(kept(paypal, setup["id"], "t-2")) == (422, "TOKEN_ALREADY_VAULTED")
    assert agreed(paypal, setup).status == 404


def test_owner_who_cancels_leaves_nothing_kept(paypal: PayPalClient) -> None:
    setup = set_up(paypal, WALLET).json
    back = agreed(paypal, setup, action="cancel")
    assert back.headers["location"].startswith(CANCEL_URL)
    assert issue(kept(paypal, setup["id"])) == (422, "TOKEN_NOT_APPROVED")


def test_page_of_a_setup_token_asks_and_refuses_nonsense(paypal: PayPalClient) -> None:
    setup = set_up(paypal, WALLET).json
    url = urlsplit(links(setup)["approve"])
    asked = exchange(paypal.url, "GET", f"{url.path}?{url.query}")
    assert (asked.status, "Shop &amp; Sons" in asked.body.decode()) == (200, True)
    assert "default-src 'none'" in asked.headers["content-security-policy"]
    assert agreed(paypal, setup, action="steal").status == 400
    assert agreed(paypal, setup, email="nobody").status == 400
    assert exchange(paypal.url, "GET", "/agreements/approve?approval_session_id=x").status == 404


def test_card_is_kept_without_its_number(paypal: PayPalClient) -> None:
    setup = set_up(paypal, {"card": CARD})
    assert (setup.json["status"], b"4012000033330026" in setup.body) == ("APPROVED", False)
    card = kept(paypal, setup.json["id"]).json["payment_source"]["card"]
    assert (card["last_digits"], card["brand"], card["expiry"]) == ("0026", "VISA", "2035-12")


@pytest.mark.parametrize("path", ["/v3/vault/setup-tokens", "/v3/vault/payment-tokens"])
def test_vault_needs_a_request_id_and_keeps_it_three_hours(
    psp_sandbox: SandboxProcess, paypal: PayPalClient, path: str
) -> None:
    body = {"payment_source": {"card": CARD}}
    assert issue(paypal.call("POST", path, body)) == (400, "PAYPAL_REQUEST_ID_REQUIRED")
    first = paypal.call("POST", path, body, request_id="r-1")
    again = paypal.call("POST", path, body, request_id="r-1")
    assert (first.status, again.status, again.json) == (201, 200, first.json)
    psp_sandbox.call("POST", "/sandbox/clock", {"advance_seconds": 3 * HOUR + 60})
    later = PayPalClient(psp_sandbox.url).call("POST", path, body, request_id="r-1")
    assert (later.status, later.json["id"] == first.json["id"]) == (201, False)


def test_tokens_of_a_customer_are_listed_by_page(paypal: PayPalClient) -> None:
    made = [kept_card(paypal, f"t-{number}")["id"] for number in range(3)]
    path = "/v3/vault/payment-tokens?customer_id=customer-77&page_size=2&total_required=true"
    first, last = paypal.get(path), paypal.get(f"{path}&page=2")
    assert [one["id"] for one in (*first["payment_tokens"], *last["payment_tokens"])] == made[::-1]
    assert (first["total_items"], first["total_pages"]) == (3, 2)
    assert ("next" in links(first), "next" in links(last)) == (True, False)
    assert paypal.get("/v3/vault/payment-tokens?customer_id=stranger")["payment_tokens"] == []


def test_a_deleted_token_is_gone_and_pays_nothing(paypal: PayPalClient) -> None:
    token = kept_card(paypal)["id"]
    for _ in range(2):
        assert paypal.call("DELETE", f"/v3/vault/payment-tokens/{token}").status == 204
    assert issue(paypal.call("GET", f"/v3/vault/payment-tokens/{token}")) == (404, "INVALID_RESOURCE_ID")
    assert paypal.get("/v3/vault/payment-tokens?customer_id=customer-77")["payment_tokens"] == []
    refused = ordered(paypal, {"card": {"vault_id": token}})
    assert issue(refused) == (422, "TOKEN_ID_NOT_FOUND")


def test_tokens_belong_to_their_account(psp_sandbox: SandboxProcess, paypal: PayPalClient) -> None:
    token = kept_wallet(paypal)["id"]
    other = PayPalClient(psp_sandbox.url, "client-b")
    assert issue(other.call("GET", f"/v3/vault/payment-tokens/{token}")) == (404, "INVALID_RESOURCE_ID")
    assert issue(ordered(other, {"paypal": {"vault_id": token}})) == (422, "TOKEN_ID_NOT_FOUND")
    other.call("DELETE", f"/v3/vault/payment-tokens/{token}")
    assert paypal.get(f"/v3/vault/payment-tokens/{token}")["id"] == token


# Orders paid with what is kept


def test_kept_wallet_pays_in_one_step(psp_sandbox: SandboxProcess, paypal: PayPalClient) -> None:
    token = kept_wallet(paypal, email="ada@example.com")["id"]
    paid = ordered(paypal, {"paypal": {"vault_id": token}}, custom_id="ch_1")
    assert (paid.status, paid.json["status"]) == (201, "COMPLETED")
    assert payments(paid.json)["captures"][0]["status"] == "COMPLETED"
    assert paid.json["payment_source"]["paypal"]["email_address"] == "ada@example.com"
    assert "payer-action" not in links(paid.json)
    again = ordered(paypal, {"paypal": {"vault_id": token}}, custom_id="ch_1")
    assert (again.status, again.json["id"]) == (200, paid.json["id"])
    assert psp_sandbox.state()["paypal"]["captures"] == 1


def test_kept_card_is_authorized_in_one_step(paypal: PayPalClient) -> None:
    token = kept_card(paypal)["id"]
    held = ordered(paypal, {"card": {"vault_id": token}}, intent="AUTHORIZE")
    assert payments(held.json)["authorizations"][0]["status"] == "CREATED"
    assert held.json["payment_source"]["card"]["last_digits"] == "0026"


@pytest.mark.parametrize("kind", ["paypal", "card"])
def test_kept_source_pays_only_with_a_request_id(paypal: PayPalClient, kind: str) -> None:
    token = (kept_wallet(paypal) if kind == "paypal" else kept_card(paypal))["id"]
    refused = ordered(paypal, {kind: {"vault_id": token}}, request_id="")
    assert issue(refused) == (400, "PAYPAL_REQUEST_ID_REQUIRED")


def test_kept_source_of_another_kind_is_refused(paypal: PayPalClient) -> None:
    wallet, card = kept_wallet(paypal)["id"], kept_card(paypal, "t-2")["id"]
    for source in ({"card": {"vault_id": wallet}}, {"paypal": {"vault_id": card}}):
        assert issue(ordered(paypal, source)) == (422, "MISMATCHED_VAULT_ID_TO_PAYMENT_SOURCE")


def test_declined_kept_card_completes_the_order_unpaid(paypal: PayPalClient) -> None:
    token = kept_card(paypal, name="CCREJECT-IF")["id"]
    capture = payments(ordered(paypal, {"card": {"vault_id": token}}).json)["captures"][0]
    assert capture["status"] == "DECLINED"
    assert capture["processor_response"]["response_code"] == "5120"


# Kept with a payment


@pytest.mark.parametrize("intent", ["CAPTURE", "AUTHORIZE"])
def test_wallet_is_kept_when_its_payment_succeeds(paypal: PayPalClient, intent: str) -> None:
    source = {"paypal": WALLET["paypal"] | {"attributes": KEEP}}
    source["paypal"].pop("usage_type")
    order_id = paypal.create(intent=intent, payment_source=source)["id"]
    assert paypal.get("/v3/vault/payment-tokens?customer_id=customer-77")["payment_tokens"] == []
    paypal.approve(order_id)
    done = paypal.complete(order_id).json
    vault = done["payment_source"]["paypal"]["attributes"]["vault"]
    assert (vault["status"], vault["customer"]["id"]) == ("VAULTED", "customer-77")
    (token,) = paypal.get("/v3/vault/payment-tokens?customer_id=customer-77")["payment_tokens"]
    assert token["id"] == vault["id"]
    assert ordered(paypal, {"paypal": {"vault_id": token["id"]}}).json["status"] == "COMPLETED"


def test_webhooks_tell_of_kept_and_deleted_sources(paypal: PayPalClient, receiver: WebhookReceiver) -> None:
    body = {"url": receiver.url, "event_types": [{"name": "*"}]}
    paypal.call("POST", "/v1/notifications/webhooks", body)
    token = kept_card(paypal)
    paypal.call("DELETE", f"/v3/vault/payment-tokens/{token['id']}")
    # They are sent at the same time, and may come in either order.
    events = [json.loads(one.body) for one in receiver.take(2)]
    created, deleted = sorted(events, key=lambda event: str(event["event_type"]))
    assert (created["event_type"], created["resource"]) == ("VAULT.PAYMENT-TOKEN.CREATED", token)
    assert (deleted["event_type"], deleted["resource"]["id"]) == ("VAULT.PAYMENT-TOKEN.DELETED", token["id"])


def test_card_is_kept_when_its_payment_succeeds(paypal: PayPalClient) -> None:
    keep = {"vault": {"store_in_vault": "ON_SUCCESS"}}
    paid = ordered(paypal, {"card": CARD | {"attributes": keep}}).json
    vault = paid["payment_source"]["card"]["attributes"]["vault"]
    assert ordered(paypal, {"card": {"vault_id": vault["id"]}}, "o-2").json["status"] == "COMPLETED"
    refused = ordered(paypal, {"card": CARD | {"name": "CCREJECT-REFUSED", "attributes": keep}}, "o-3").json
    assert "attributes" not in refused["payment_source"]["card"]
