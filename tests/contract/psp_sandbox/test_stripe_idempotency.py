"""Idempotency keys as Stripe keeps them: what an endpoint answered is answered again; what never began is not kept."""

from typing import Any

import pytest
import stripe

from fixtures.http_exchange import exchange
from fixtures.sandbox import SandboxProcess

FORM = "amount=1099&currency=usd&payment_method=pm_card_visa&confirm=true&payment_method_types[]=card"
PATH = "/v1/payment_intents"


def post(
    sandbox: SandboxProcess, form: str, key: str, *, account: str = "sk_test_a", path: str = PATH
) -> Any:
    return exchange(
        sandbox.url, "POST", path, form, {"Authorization": f"Bearer {account}", "Idempotency-Key": key}
    )


def test_a_replayed_key_gets_the_same_answer_byte_for_byte(psp_sandbox: SandboxProcess) -> None:
    first = post(psp_sandbox, FORM, "k")
    again = post(psp_sandbox, FORM, "k")
    assert first.status == again.status == 200
    assert first.body == again.body
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["request-id"] != first.headers["request-id"]
    assert again.headers["idempotency-key"] == "k"
    assert psp_sandbox.state()["payment_intents"] == {"succeeded": 1}


def test_a_replay_shows_the_payment_as_it_was(psp_sandbox: SandboxProcess) -> None:
    held = post(psp_sandbox, FORM + "&capture_method=manual&expand[]=latest_charge", "k")
    captured = post(psp_sandbox, "", "c", path=f"{PATH}/{held.json['id']}/capture")
    assert captured.json["status"] == "succeeded"
    assert post(psp_sandbox, FORM + "&capture_method=manual&expand[]=latest_charge", "k").body == held.body


def test_the_order_of_the_parameters_does_not_matter(psp_sandbox: SandboxProcess) -> None:
    first = post(psp_sandbox, FORM, "k")
    assert post(psp_sandbox, "&".join(reversed(FORM.split("&"))), "k").body == first.body


@pytest.mark.parametrize(
    ("form", "path"),
    [(FORM.replace("1099", "1100"), PATH), (FORM, "/v1/payment_methods")],
    ids=["body", "path"],
)
def test_the_same_key_with_another_request_is_an_error(
    psp_sandbox: SandboxProcess, form: str, path: str
) -> None:
    post(psp_sandbox, FORM, "k")
    refused = post(psp_sandbox, form, "k", path=path)
    assert refused.status == 400
    assert refused.json["error"]["type"] == "idempotency_error"
    assert "Try using a key other than 'k'" in refused.json["error"]["message"]
    assert psp_sandbox.state()["payment_intents"] == {"succeeded": 1}


def test_a_decline_is_kept(psp_sandbox: SandboxProcess) -> None:
    form = FORM.replace("pm_card_visa", "pm_card_visa_chargeDeclined")
    first, again = post(psp_sandbox, form, "k"), post(psp_sandbox, form, "k")
    assert first.status == again.status == 402
    assert first.body == again.body
    assert psp_sandbox.state()["charges"] == 1


def test_invalid_request_is_not_stored_under_its_key(psp_sandbox: SandboxProcess) -> None:
    assert post(psp_sandbox, FORM.replace("1099", "1"), "k").status == 400
    assert post(psp_sandbox, FORM, "k").status == 200


def test_a_refusal_for_the_state_is_kept(psp_sandbox: SandboxProcess) -> None:
    paid = post(psp_sandbox, FORM, "k").json["id"]
    first = post(psp_sandbox, "", "cancel", path=f"{PATH}/{paid}/cancel")
    again = post(psp_sandbox, "", "cancel", path=f"{PATH}/{paid}/cancel")
    assert (first.status, again.headers["idempotent-replayed"]) == (400, "true")


def test_a_key_belongs_to_its_account(psp_sandbox: SandboxProcess) -> None:
    one = post(psp_sandbox, FORM, "k", account="sk_test_a")
    other = post(psp_sandbox, FORM, "k", account="sk_test_b")
    assert one.json["id"] != other.json["id"]


def test_a_key_longer_than_255_characters_is_refused(psp_sandbox: SandboxProcess) -> None:
    assert post(psp_sandbox, FORM, "k" * 255).status == 200
    refused = post(psp_sandbox, FORM, "k" * 256)
    assert (refused.status, refused.json["error"]["type"]) == (400, "idempotency_error")


def test_a_key_in_flight_is_a_conflict(psp_sandbox: SandboxProcess) -> None:
    psp_sandbox.add_fault("slow", seconds=30, match={"idempotency_key": "k"})
    with exchange.begun(
        psp_sandbox.url, "POST", PATH, FORM, {"Authorization": "Bearer sk_test_a", "Idempotency-Key": "k"}
    ):
        exchange.until(lambda: psp_sandbox.state()["requests"].get("POST payment_intents") == 1)
        refused = post(psp_sandbox, FORM, "k")
    assert refused.status == 409
    assert refused.json["error"]["code"] == "idempotency_key_in_use"


def test_a_get_does_not_use_the_key(psp_sandbox: SandboxProcess) -> None:
    headers = {"Authorization": "Bearer sk_test_a", "Idempotency-Key": "k"}
    before = exchange(psp_sandbox.url, "GET", PATH, "", headers)
    post(psp_sandbox, FORM, "k2")
    after = exchange(psp_sandbox.url, "GET", PATH, "", headers)
    assert (len(before.json["data"]), len(after.json["data"])) == (0, 1)


def test_without_a_key_every_call_is_a_payment(
    client: stripe.StripeClient, psp_sandbox: SandboxProcess
) -> None:
    for _ in range(2):
        exchange(psp_sandbox.url, "POST", PATH, FORM, {"Authorization": "Bearer sk_test_a"})
    assert psp_sandbox.state()["payment_intents"] == {"succeeded": 2}
