"""PayPal's disputes: stages, money, evidence, and what the merchant is told of them."""

import json
from typing import Any

import pytest

from fixtures.http_exchange import Reply, exchange
from fixtures.paypal_client import PayPalClient, amount, issue, links
from fixtures.sandbox import SandboxProcess
from fixtures.webhook_receiver import WebhookReceiver

DAY = 24 * 3_600
EVIDENCE = {"evidences": [{"evidence_type": "PROOF_OF_FULFILLMENT", "notes": "It was delivered."}]}


def opened(sandbox: SandboxProcess, paypal: PayPalClient, capture_id: str, **order: Any) -> Any:
    """A dispute of a capture as PayPal shows it."""
    made = sandbox.call("POST", f"/sandbox/paypal/captures/{capture_id}/dispute", order)
    return paypal.get(f"/v1/customer/disputes/{made['dispute_id']}")


def moved(sandbox: SandboxProcess, paypal: PayPalClient, dispute: Any, step: str) -> Any:
    """The dispute after a step."""
    sandbox.call("POST", f"/sandbox/paypal/disputes/{dispute['dispute_id']}/{step}", {})
    return paypal.get(f"/v1/customer/disputes/{dispute['dispute_id']}")


def act(paypal: PayPalClient, dispute: Any, verb: str, body: Any = None) -> Reply:
    return paypal.call("POST", f"/v1/customer/disputes/{dispute['dispute_id']}/{verb}", body)


def shown(paypal: PayPalClient, dispute: Any) -> Any:
    return paypal.get(f"/v1/customer/disputes/{dispute['dispute_id']}")


def moves(dispute: Any) -> list[tuple[str, str, str, str]]:
    """Party, direction, amount and reason of each movement."""
    return [
        (one["affected_party"], one["type"], one["amount"]["value"], one["reason"])
        for one in dispute.get("money_movements", [])
    ]


def transaction_status(dispute: Any) -> str:
    return str(dispute["disputed_transactions"][0]["transaction_status"])


TAKEN = ("SELLER", "DEBIT", "100.00", "DISPUTE_SETTLEMENT")
GIVEN_BACK = ("SELLER", "CREDIT", "100.00", "DISPUTE_SETTLEMENT")
FEE = ("SELLER", "DEBIT", "15.00", "DISPUTE_FEE")
CHARGEBACK_FEE = ("SELLER", "DEBIT", "15.00", "CHARGEBACK_FEE")


# Inquiries and claims


def test_inquiry_puts_the_money_aside_and_moves_none(
    psp_sandbox: SandboxProcess, paypal: PayPalClient
) -> None:
    capture = paypal.captured(custom_id="ch_1", invoice_id="ch_1")
    dispute = opened(psp_sandbox, paypal, capture["id"], reason="UNAUTHORISED")
    assert (dispute["dispute_life_cycle_stage"], dispute["status"], dispute["reason"]) == (
        "INQUIRY",
        "WAITING_FOR_SELLER_RESPONSE",
        "UNAUTHORISED",
    )
    assert dispute["dispute_amount"] == {"currency_code": "USD", "value": "100.00"}
    (transaction,) = dispute["disputed_transactions"]
    assert (transaction["seller_transaction_id"], transaction["custom"]) == (capture["id"], "ch_1")
    assert transaction["transaction_status"] == "HELD"
    assert "invoice_number" not in transaction
    assert moves(dispute) == []
    assert set(links(dispute)) == {"self", "accept_claim", "provide_evidence", "escalate"}


def test_inquiry_may_put_nothing_aside(psp_sandbox: SandboxProcess, paypal: PayPalClient) -> None:
    dispute = opened(psp_sandbox, paypal, paypal.captured()["id"], holds=False)
    assert transaction_status(dispute) == "PARTIALLY_REFUNDED"
    escalated = moved(psp_sandbox, paypal, dispute, "escalate")
    assert (escalated["dispute_life_cycle_stage"], transaction_status(escalated)) == ("CHARGEBACK", "HELD")


def test_capture_looks_partially_refunded_without_a_refund(
    psp_sandbox: SandboxProcess, paypal: PayPalClient
) -> None:
    capture = paypal.captured()
    dispute = opened(psp_sandbox, paypal, capture["id"])
    path = f"/v2/payments/captures/{capture['id']}"
    order = paypal.order(paypal.get(path)["supplementary_data"]["related_ids"]["order_id"])
    assert paypal.get(path)["status"] == "PARTIALLY_REFUNDED"
    assert "refunds" not in order["purchase_units"][0]["payments"]
    moved(psp_sandbox, paypal, dispute, "cancel")
    assert paypal.get(path)["status"] == "COMPLETED"


ENDINGS = [
    ("win", "RESOLVED_SELLER_FAVOUR", []),
    ("lose", "RESOLVED_BUYER_FAVOUR", [TAKEN, FEE]),
    ("payout", "RESOLVED_WITH_PAYOUT", [("BUYER", "CREDIT", "100.00", "DISPUTE_SETTLEMENT")]),
    ("cancel", "CANCELED_BY_BUYER", []),
]


@pytest.mark.parametrize(
    ("steps", "outcome", "money"),
    [(steps, *end) for step, *end in ENDINGS for steps in ([step], ["escalate", step])],
)
def test_end_of_a_claim_releases_the_money_or_takes_it(
    psp_sandbox: SandboxProcess, paypal: PayPalClient, steps: list[str], outcome: str, money: Any
) -> None:
    ended = opened(psp_sandbox, paypal, paypal.captured()["id"])
    for step in steps:
        ended = moved(psp_sandbox, paypal, ended, step)
    assert (ended["status"], ended["dispute_outcome"]["outcome_code"]) == ("RESOLVED", outcome)
    assert moves(ended) == money
    assert transaction_status(ended) != "HELD"
    assert "seller_response_due_date" not in ended
    assert set(links(ended)) == {"self"}


def test_money_may_be_released_before_the_end(psp_sandbox: SandboxProcess, paypal: PayPalClient) -> None:
    dispute = opened(psp_sandbox, paypal, paypal.captured()["id"])
    free = moved(psp_sandbox, paypal, dispute, "release")
    assert (free["status"], transaction_status(free)) == ("WAITING_FOR_SELLER_RESPONSE", "PARTIALLY_REFUNDED")
    assert moves(moved(psp_sandbox, paypal, dispute, "lose")) == [TAKEN, FEE]


# Chargebacks of the card's bank


def test_chargeback_takes_at_once_and_gives_back_if_won(
    psp_sandbox: SandboxProcess, paypal: PayPalClient
) -> None:
    dispute = opened(psp_sandbox, paypal, paypal.captured()["id"], stage="CHARGEBACK")
    assert (dispute["dispute_channel"], transaction_status(dispute)) == ("EXTERNAL", "PARTIALLY_REFUNDED")
    assert moves(dispute) == [TAKEN, CHARGEBACK_FEE]
    won = moved(psp_sandbox, paypal, dispute, "win")
    assert moves(won) == [TAKEN, CHARGEBACK_FEE, GIVEN_BACK]


def test_lost_chargeback_takes_nothing_more(psp_sandbox: SandboxProcess, paypal: PayPalClient) -> None:
    dispute = opened(psp_sandbox, paypal, paypal.captured()["id"], stage="CHARGEBACK")
    assert moves(moved(psp_sandbox, paypal, dispute, "lose")) == [TAKEN, CHARGEBACK_FEE]


def test_arbitration_takes_what_was_given_back_again(
    psp_sandbox: SandboxProcess, paypal: PayPalClient
) -> None:
    dispute = opened(psp_sandbox, paypal, paypal.captured()["id"], stage="CHARGEBACK")
    moved(psp_sandbox, paypal, dispute, "win")
    again = moved(psp_sandbox, paypal, dispute, "pre_arbitration")
    assert (again["dispute_life_cycle_stage"], again["status"]) == ("PRE_ARBITRATION", "UNDER_REVIEW")
    assert "dispute_outcome" not in again
    assert moves(again) == [TAKEN, CHARGEBACK_FEE, GIVEN_BACK, TAKEN]
    moved(psp_sandbox, paypal, dispute, "arbitration")
    last = moved(psp_sandbox, paypal, dispute, "win")
    assert last["dispute_life_cycle_stage"] == "ARBITRATION"
    assert moves(last).count(TAKEN) == moves(last).count(GIVEN_BACK) == 2


@pytest.mark.parametrize(
    ("stage", "steps", "wrong"),
    [
        ("INQUIRY", [], "pre_arbitration"),
        ("CHARGEBACK", [], "arbitration"),
        ("CHARGEBACK", [], "escalate"),
        ("CHARGEBACK", [], "release"),
        ("INQUIRY", ["win"], "lose"),
        ("INQUIRY", ["win"], "escalate"),
    ],
)
def test_impossible_step_of_a_dispute_is_refused(
    psp_sandbox: SandboxProcess, paypal: PayPalClient, stage: str, steps: list[str], wrong: str
) -> None:
    dispute = opened(psp_sandbox, paypal, paypal.captured()["id"], stage=stage)
    for step in steps:
        moved(psp_sandbox, paypal, dispute, step)
    before = shown(paypal, dispute)
    reply = exchange(
        psp_sandbox.url, "POST", f"/sandbox/paypal/disputes/{dispute['dispute_id']}/{wrong}", "{}"
    )
    assert reply.status == 409
    assert shown(paypal, dispute) == before


# The merchant's answers


def test_evidence_puts_a_dispute_under_review(psp_sandbox: SandboxProcess, paypal: PayPalClient) -> None:
    dispute = opened(psp_sandbox, paypal, paypal.captured()["id"])
    reply = act(paypal, dispute, "provide-evidence", EVIDENCE)
    assert (reply.status, set(links(reply.json))) == (200, {"self"})
    reviewed = shown(paypal, dispute)
    assert reviewed["status"] == "UNDER_REVIEW"
    assert reviewed["evidences"][0]["evidence_type"] == "PROOF_OF_FULFILLMENT"
    assert "seller_response_due_date" not in reviewed
    late = act(paypal, dispute, "provide-evidence", EVIDENCE)
    assert issue(late) == (422, "ACTION_NOT_ALLOWED_IN_CURRENT_DISPUTE_STATE")


def test_evidence_comes_as_a_form_with_files(psp_sandbox: SandboxProcess, paypal: PayPalClient) -> None:
    dispute = opened(psp_sandbox, paypal, paypal.captured()["id"])
    parts = [
        ("input", "application/json", json.dumps(EVIDENCE)),
        ('evidence-file"; filename="proof.txt', "text/plain", "signed for"),
    ]
    form = "".join(
        f'--limit\r\nContent-Disposition: form-data; name="{name}"\r\nContent-Type: {kind}\r\n\r\n{text}\r\n'
        for name, kind, text in parts
    )
    path = f"/v1/customer/disputes/{dispute['dispute_id']}/provide-evidence"
    headers = {
        "Authorization": f"Bearer {paypal.token}",
        "Content-Type": "multipart/form-data; boundary=limit",
    }
    assert exchange(paypal.url, "POST", path, f"{form}--limit--\r\n", headers).status == 200
    assert shown(paypal, dispute)["evidences"][0]["notes"] == "It was delivered."


@pytest.mark.parametrize(
    ("favour", "outcome", "money"),
    [
        ("SELLER_FAVOR", "RESOLVED_SELLER_FAVOUR", []),
        ("BUYER_FAVOR", "RESOLVED_BUYER_FAVOUR", [TAKEN, FEE]),
    ],
)
def test_reviewed_dispute_is_adjudicated(
    psp_sandbox: SandboxProcess, paypal: PayPalClient, favour: str, outcome: str, money: Any
) -> None:
    dispute = opened(psp_sandbox, paypal, paypal.captured()["id"])
    assert act(paypal, dispute, "escalate", {"note": "No answer."}).status == 200
    verdict = {"adjudication_outcome": favour}
    assert issue(act(paypal, dispute, "adjudicate", verdict))[0] == 422
    act(paypal, dispute, "provide-evidence", EVIDENCE)
    assert act(paypal, dispute, "adjudicate", verdict).status == 200
    ended = shown(paypal, dispute)
    assert (ended["dispute_outcome"]["outcome_code"], moves(ended)) == (outcome, money)


def test_accepted_claim_takes_the_money(psp_sandbox: SandboxProcess, paypal: PayPalClient) -> None:
    dispute = opened(psp_sandbox, paypal, paypal.captured()["id"], amount_minor=2_500)
    assert act(paypal, dispute, "accept-claim", {}).status == 200
    ended = shown(paypal, dispute)
    assert ended["dispute_outcome"]["outcome_code"] == "RESOLVED_BUYER_FAVOUR"
    assert moves(ended) == [("SELLER", "DEBIT", "25.00", "DISPUTE_SETTLEMENT"), FEE]


def test_silence_of_ten_days_accepts_the_claim(psp_sandbox: SandboxProcess, paypal: PayPalClient) -> None:
    dispute = opened(psp_sandbox, paypal, paypal.captured()["id"])
    psp_sandbox.call("POST", "/sandbox/clock", {"advance_seconds": 10 * DAY - 60})
    assert shown(PayPalClient(paypal.url), dispute)["status"] == "WAITING_FOR_SELLER_RESPONSE"
    psp_sandbox.call("POST", "/sandbox/clock", {"advance_seconds": 120})
    ended = shown(PayPalClient(paypal.url), dispute)
    assert (ended["status"], moves(ended)) == ("RESOLVED", [TAKEN, FEE])


def test_disputed_capture_is_not_refunded(psp_sandbox: SandboxProcess, paypal: PayPalClient) -> None:
    won, lost = paypal.captured(), paypal.captured()
    first = opened(psp_sandbox, paypal, won["id"])
    second = opened(psp_sandbox, paypal, lost["id"], stage="CHARGEBACK")
    assert issue(paypal.refund(won["id"], amount("1.00"))) == (422, "TRANSACTION_DISPUTED")
    for _ in range(2):
        refused = paypal.refund(lost["id"], amount("1.00"))
        assert issue(refused) == (422, "REFUND_NOT_PERMITTED_DUE_TO_CHARGEBACK")
        if shown(paypal, second)["status"] != "RESOLVED":
            moved(psp_sandbox, paypal, second, "lose")
    moved(psp_sandbox, paypal, first, "win")
    assert paypal.refund(won["id"], amount("1.00")).status == 201


# Several captures, lists, webhooks


def test_one_dispute_may_be_about_several_captures(psp_sandbox: SandboxProcess, paypal: PayPalClient) -> None:
    first, second = paypal.captured(custom_id="ch_1"), paypal.captured(custom_id="ch_2", value="50.00")
    dispute = opened(psp_sandbox, paypal, first["id"], others=[second["id"]])
    assert [one["custom"] for one in dispute["disputed_transactions"]] == ["ch_1", "ch_2"]
    assert dispute["dispute_amount"]["value"] == "150.00"
    for capture in (first, second):
        found = paypal.get(f"/v1/customer/disputes?disputed_transaction_id={capture['id']}")["items"]
        assert [one["dispute_id"] for one in found] == [dispute["dispute_id"]]


def test_disputes_are_listed_by_state_and_page(psp_sandbox: SandboxProcess, paypal: PayPalClient) -> None:
    made = [opened(psp_sandbox, paypal, paypal.captured()["id"]) for _ in range(3)]
    moved(psp_sandbox, paypal, made[0], "win")
    first = paypal.get("/v1/customer/disputes?page_size=2")
    following = links(first)["next"].removeprefix(paypal.url)
    last = paypal.get(following)
    ids = [one["dispute_id"] for one in (*first["items"], *last["items"])]
    assert ids == [one["dispute_id"] for one in made[::-1]]
    resolved = paypal.get("/v1/customer/disputes?dispute_state=RESOLVED,APPEALABLE")["items"]
    assert [one["dispute_id"] for one in resolved] == [made[0]["dispute_id"]]
    open_ones = paypal.get("/v1/customer/disputes?dispute_state=OPEN_INQUIRIES")["items"]
    assert len(open_ones) == 2
    assert "items" not in PayPalClient(paypal.url, "client-b").get("/v1/customer/disputes")
    rows = psp_sandbox.call("GET", "/sandbox/paypal/disputes")["data"]
    assert [row["held_minor"] for row in rows] == [0, 10_000, 10_000]


def test_webhooks_tell_of_a_dispute_from_opening_to_end(
    psp_sandbox: SandboxProcess, paypal: PayPalClient, receiver: WebhookReceiver
) -> None:
    capture = paypal.captured()
    hook = {"url": receiver.url, "event_types": [{"name": "*"}]}
    paypal.call("POST", "/v1/notifications/webhooks", hook)
    dispute = opened(psp_sandbox, paypal, capture["id"])
    act(paypal, dispute, "provide-evidence", EVIDENCE)
    ended = moved(psp_sandbox, paypal, dispute, "lose")
    events = [json.loads(one.body) for one in receiver.take(3)]
    assert {event["resource_type"] for event in events} == {"dispute"}
    by_type = {event["event_type"]: event["resource"] for event in events}
    assert by_type["CUSTOMER.DISPUTE.CREATED"] == dispute
    assert by_type["CUSTOMER.DISPUTE.UPDATED"]["status"] == "UNDER_REVIEW"
    assert by_type["CUSTOMER.DISPUTE.RESOLVED"] == ended


def test_what_cannot_be_disputed_is_refused(psp_sandbox: SandboxProcess, paypal: PayPalClient) -> None:
    capture, euros = paypal.captured(), paypal.captured(currency="EUR")
    orders: list[tuple[str, Any, int]] = [
        ("NOTHING", {}, 404),
        (capture["id"], {"amount_minor": 10_001}, 400),
        (capture["id"], {"amount_minor": 0}, 400),
        (capture["id"], {"others": [euros["id"]]}, 400),
        (capture["id"], {"others": ["NOTHING"]}, 404),
        (paypal.captured(funding="echeck")["id"], {}, 409),
    ]
    for capture_id, order, status in orders:
        path = f"/sandbox/paypal/captures/{capture_id}/dispute"
        assert exchange(psp_sandbox.url, "POST", path, json.dumps(order)).status == status
    opened(psp_sandbox, paypal, capture["id"])
    assert (
        exchange(psp_sandbox.url, "POST", f"/sandbox/paypal/captures/{capture['id']}/dispute", "{}").status
        == 409
    )
    assert issue(paypal.call("GET", "/v1/customer/disputes/PP-R-X")) == (404, "INVALID_RESOURCE_ID")
