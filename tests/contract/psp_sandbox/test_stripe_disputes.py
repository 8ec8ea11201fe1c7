"""Disputes by the official SDK: money taken and given back, evidence and its verdict, inquiries, and steps on demand."""

from collections import Counter
from typing import Any

import pytest
import stripe

from fixtures.http_exchange import exchange
from fixtures.sandbox import SandboxProcess
from fixtures.stripe_spec import missing_fields

PAID: Any = {
    "amount": 5000,
    "currency": "usd",
    "payment_method": "pm_card_visa",
    "payment_method_types": ["card"],
    "confirm": True,
}
HOUR_SECONDS = 3600
DAY_SECONDS = 24 * HOUR_SECONDS
OPENED = ["charge.dispute.created", "charge.dispute.funds_withdrawn"]


@pytest.fixture
def waiting(psp_sandbox: SandboxProcess) -> SandboxProcess:
    """A sandbox that does nothing by itself before its clock is advanced by an hour."""
    psp_sandbox.call("POST", "/sandbox/aftermath", {"delay_seconds": HOUR_SECONDS})
    return psp_sandbox


def advance(sandbox: SandboxProcess, seconds: float = HOUR_SECONDS) -> int:
    happened: int = sandbox.call("POST", "/sandbox/clock", {"advance_seconds": seconds})["happened"]
    return happened


def pay(client: stripe.StripeClient, **params: Any) -> stripe.PaymentIntent:
    return client.v1.payment_intents.create(PAID | params)


def disputed(client: stripe.StripeClient, sandbox: SandboxProcess, token: str) -> stripe.Dispute:
    """The dispute that the card of this name brings some time after it paid."""
    intent = pay(client, payment_method=token)
    assert client.v1.disputes.list().data == []
    assert advance(sandbox) == 1
    (dispute,) = client.v1.disputes.list({"payment_intent": intent.id}).data
    return dispute


def answer(client: stripe.StripeClient, dispute: stripe.Dispute, text: str) -> stripe.Dispute:
    return client.v1.disputes.update(dispute.id, {"evidence": {"uncategorized_text": text}, "submit": True})


def told(client: stripe.StripeClient, since: str) -> list[str]:
    """The types of the events after the last one of type `since`, in order."""
    types = [str(event.type) for event in client.v1.events.list({"limit": 100}).data]
    return types[: types.index(since)][::-1]


def moved(client: stripe.StripeClient, dispute: stripe.Dispute) -> list[tuple[int, int]]:
    """Amount and fee of each movement of the dispute, oldest first."""
    movements = client.v1.balance_transactions.list({"source": dispute.id}).data[::-1]
    assert {movement.type for movement in movements} <= {"adjustment"}
    again = client.v1.disputes.retrieve(dispute.id).balance_transactions
    assert [movement.id for movement in again] == [movement.id for movement in movements]
    return [(movement.amount, movement.fee) for movement in movements]


def refunding_is_refused(client: stripe.StripeClient, dispute: stripe.Dispute) -> bool:
    """Whether one cent of the disputed charge can not be refunded."""
    try:
        client.v1.refunds.create({"charge": str(dispute.charge), "amount": 1})
    except stripe.InvalidRequestError as refused:
        if (refused.http_status, refused.code) != (400, "charge_disputed"):
            raise
        return True
    return False


@pytest.mark.parametrize(
    ("token", "reason", "network_code"),
    [
        ("pm_card_createDispute", "fraudulent", "10.4"),
        ("pm_card_createDisputeProductNotReceived", "product_not_received", "13.1"),
    ],
)
def test_a_chargeback_takes_the_money_and_a_fee(
    client: stripe.StripeClient, waiting: SandboxProcess, token: str, reason: str, network_code: str
) -> None:
    dispute = disputed(client, waiting, token)
    assert (dispute.status, dispute.reason, dispute.amount) == ("needs_response", reason, 5000)
    assert dispute.is_charge_refundable is False
    assert dispute.payment_method_details is not None
    assert dispute.payment_method_details.card is not None
    card = dispute.payment_method_details.card
    assert (card.case_type, card.network_reason_code) == ("chargeback", network_code)
    assert dispute.evidence_details.due_by is not None
    assert (dispute.evidence_details.due_by + 1) % DAY_SECONDS == 0
    assert 13 * DAY_SECONDS <= dispute.evidence_details.due_by - dispute.created < 14 * DAY_SECONDS
    (withdrawal,) = dispute.balance_transactions
    assert (withdrawal.amount, withdrawal.fee, withdrawal.net) == (-5000, 1500, -6500)
    assert (withdrawal.source, withdrawal.reporting_category) == (dispute.id, "dispute")
    assert moved(client, dispute) == [(-5000, 1500)]
    assert client.v1.charges.retrieve(str(dispute.charge)).disputed is True
    assert told(client, "payment_intent.succeeded") == OPENED
    assert missing_fields("dispute", dispute.to_dict()) == []
    assert refunding_is_refused(client, dispute)


def test_winning_evidence_brings_the_money_back_without_the_fee(
    client: stripe.StripeClient, waiting: SandboxProcess
) -> None:
    dispute = disputed(client, waiting, "pm_card_createDispute")
    submitted = answer(client, dispute, "winning_evidence")
    assert (submitted.status, submitted.evidence_details.submission_count) == ("under_review", 1)
    assert submitted.evidence_details.has_evidence is True
    assert advance(waiting) == 1
    won = client.v1.disputes.retrieve(dispute.id)
    assert won.status == "won"
    assert moved(client, dispute) == [(-5000, 1500), (5000, 0)]
    assert told(client, OPENED[-1]) == [
        "charge.dispute.updated",
        "charge.dispute.funds_reinstated",
        "charge.dispute.closed",
    ]
    assert not refunding_is_refused(client, dispute)


def test_losing_evidence_loses(client: stripe.StripeClient, waiting: SandboxProcess) -> None:
    dispute = disputed(client, waiting, "pm_card_createDispute")
    answer(client, dispute, "losing_evidence")
    advance(waiting)
    assert client.v1.disputes.retrieve(dispute.id).status == "lost"
    assert moved(client, dispute) == [(-5000, 1500)]
    assert told(client, OPENED[-1]) == ["charge.dispute.updated", "charge.dispute.closed"]
    assert refunding_is_refused(client, dispute)


def test_other_evidence_stays_under_review(client: stripe.StripeClient, waiting: SandboxProcess) -> None:
    dispute = disputed(client, waiting, "pm_card_createDispute")
    answer(client, dispute, "they wore the hat")
    assert advance(waiting, 60 * DAY_SECONDS) == 0
    assert client.v1.disputes.retrieve(dispute.id).status == "under_review"


def test_evidence_is_staged_piece_by_piece_and_submitted_once(
    client: stripe.StripeClient, waiting: SandboxProcess
) -> None:
    dispute = disputed(client, waiting, "pm_card_createDispute")
    client.v1.disputes.update(
        dispute.id,
        {"evidence": {"customer_name": "Jenny", "uncategorized_text": "winning_evidence"}, "submit": False},
    )
    staged = client.v1.disputes.update(
        dispute.id, {"evidence": {"customer_name": "", "product_description": "a hat"}, "submit": False}
    )
    assert (staged.status, staged.evidence_details.submission_count) == ("needs_response", 0)
    assert (staged.evidence.customer_name, staged.evidence.product_description) == (None, "a hat")
    event = client.v1.events.list({"type": "charge.dispute.updated"}).data[0]
    assert event.data.to_dict()["previous_attributes"] == {
        "evidence": {"customer_name": "Jenny", "product_description": None}
    }
    assert client.v1.disputes.update(dispute.id, {"submit": True}).status == "under_review"
    with pytest.raises(stripe.InvalidRequestError, match="status of under_review"):
        answer(client, dispute, "more")
    advance(waiting)
    with pytest.raises(stripe.InvalidRequestError, match="already closed"):
        answer(client, dispute, "too late")


def test_metadata_of_dispute_does_not_change_pending_outcome(
    client: stripe.StripeClient, waiting: SandboxProcess
) -> None:
    dispute = disputed(client, waiting, "pm_card_createDispute")
    answer(client, dispute, "winning_evidence")
    changed = client.v1.disputes.update(dispute.id, {"metadata": {"case": "7"}})
    assert changed.metadata.to_dict() == {"case": "7"}
    assert changed.status == "under_review"
    assert advance(waiting) == 1
    assert client.v1.disputes.retrieve(dispute.id).status == "won"


def test_a_dispute_that_is_accepted_is_lost(client: stripe.StripeClient, waiting: SandboxProcess) -> None:
    dispute = disputed(client, waiting, "pm_card_createDispute")
    assert client.v1.disputes.close(dispute.id).status == "lost"
    assert told(client, OPENED[-1]) == ["charge.dispute.closed"]
    with pytest.raises(stripe.InvalidRequestError, match="already closed"):
        client.v1.disputes.close(dispute.id)


def test_dispute_without_response_is_lost_at_deadline(
    client: stripe.StripeClient, waiting: SandboxProcess
) -> None:
    dispute = disputed(client, waiting, "pm_card_createDispute")
    assert dispute.evidence_details.due_by is not None
    now = waiting.call("POST", "/sandbox/clock", {"advance_seconds": 0})["now"]
    assert advance(waiting, dispute.evidence_details.due_by - now - HOUR_SECONDS) == 0
    assert advance(waiting, 2 * HOUR_SECONDS) == 1
    assert client.v1.disputes.retrieve(dispute.id).status == "lost"


def test_inquiry_withdraws_nothing_and_charge_is_refundable(
    client: stripe.StripeClient, waiting: SandboxProcess
) -> None:
    inquiry = disputed(client, waiting, "pm_card_createDisputeInquiry")
    assert (inquiry.status, inquiry.is_charge_refundable) == ("warning_needs_response", True)
    assert (inquiry.balance_transactions, moved(client, inquiry)) == ([], [])
    assert told(client, "payment_intent.succeeded") == ["charge.dispute.created"]
    assert not refunding_is_refused(client, inquiry)
    assert answer(client, inquiry, "winning_evidence").status == "warning_under_review"
    advance(waiting)
    assert client.v1.disputes.retrieve(inquiry.id).status == "warning_closed"


def test_an_inquiry_that_escalates_takes_what_refunds_have_left(
    client: stripe.StripeClient, waiting: SandboxProcess
) -> None:
    inquiry = disputed(client, waiting, "pm_card_createDisputeInquiry")
    client.v1.refunds.create({"charge": str(inquiry.charge), "amount": 2000})
    answer(client, inquiry, "escalate_inquiry_evidence")
    advance(waiting)
    dispute = client.v1.disputes.retrieve(inquiry.id)
    assert (dispute.status, dispute.is_charge_refundable) == ("needs_response", False)
    assert moved(client, dispute) == [(-3000, 1500)]
    assert told(client, "charge.refunded")[1:] == [
        "charge.dispute.updated",
        "charge.dispute.funds_withdrawn",
    ]
    answer(client, dispute, "winning_evidence")
    advance(waiting)
    assert moved(client, dispute) == [(-3000, 1500), (3000, 0)]


def test_inquiry_after_full_refund_cannot_escalate(
    client: stripe.StripeClient, waiting: SandboxProcess
) -> None:
    inquiry = disputed(client, waiting, "pm_card_createDisputeInquiry")
    client.v1.refunds.create({"charge": str(inquiry.charge)})
    answer(client, inquiry, "escalate_inquiry_evidence")
    advance(waiting)
    assert client.v1.disputes.retrieve(inquiry.id).status == "warning_closed"
    assert moved(client, inquiry) == []


def test_dispute_is_limited_to_amount_not_refunded_in_time(
    client: stripe.StripeClient, waiting: SandboxProcess
) -> None:
    whole = pay(client, payment_method="pm_card_createDispute")
    part = pay(client, payment_method="pm_card_createDispute")
    client.v1.refunds.create({"payment_intent": whole.id})
    client.v1.refunds.create({"payment_intent": part.id, "amount": 4000})
    advance(waiting)
    (dispute,) = client.v1.disputes.list().data
    assert (dispute.payment_intent, dispute.amount) == (part.id, 1000)


def test_a_hold_is_disputed_only_once_it_is_captured(
    client: stripe.StripeClient, waiting: SandboxProcess
) -> None:
    intent = pay(client, payment_method="pm_card_createDispute", capture_method="manual")
    assert advance(waiting) == 0
    client.v1.payment_intents.capture(intent.id, {"amount_to_capture": 700})
    assert advance(waiting) == 1
    assert client.v1.disputes.list().data[0].amount == 700


def test_early_fraud_warning_opens_no_dispute(client: stripe.StripeClient, waiting: SandboxProcess) -> None:
    intent = pay(client, payment_method="pm_card_createIssuerFraudRecord")
    advance(waiting)
    (warning,) = client.v1.radar.early_fraud_warnings.list({"payment_intent": intent.id}).data
    assert (warning.charge, warning.actionable) == (intent.latest_charge, True)
    assert missing_fields("radar.early_fraud_warning", warning.to_dict()) == []
    assert told(client, "payment_intent.succeeded") == ["radar.early_fraud_warning.created"]
    assert client.v1.radar.early_fraud_warnings.list({"charge": "ch_nowhere"}).data == []
    assert client.v1.disputes.list().data == []


def test_fraud_warning_is_read_by_its_id(client: stripe.StripeClient, psp_sandbox: SandboxProcess) -> None:
    intent = pay(client)
    path = f"/sandbox/payment_intents/{intent.id}/warn_of_fraud"
    made = psp_sandbox.call("POST", path, {"fraud_type": "made_with_lost_card"})
    warning = client.v1.radar.early_fraud_warnings.retrieve(made["id"])
    assert (warning.fraud_type, warning.payment_intent) == ("made_with_lost_card", intent.id)
    assert missing_fields("radar.early_fraud_warning", warning.to_dict()) == []
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.radar.early_fraud_warnings.retrieve("issfr_nowhere")
    assert refused.value.code == "resource_missing"


def test_fraud_warning_is_actionable_until_all_is_refunded(
    client: stripe.StripeClient, psp_sandbox: SandboxProcess
) -> None:
    intent = pay(client)
    made = psp_sandbox.call("POST", f"/sandbox/payment_intents/{intent.id}/warn_of_fraud")
    actionable = []
    for amount in (1000, 4000):
        client.v1.refunds.create({"payment_intent": intent.id, "amount": amount})
        actionable.append(client.v1.radar.early_fraud_warnings.retrieve(made["id"]).actionable)
    assert actionable == [True, False]
    types = told(client, "payment_intent.succeeded")
    assert types.count("radar.early_fraud_warning.updated") == 1
    event = next(
        one for one in client.v1.events.list().data if one.type == "radar.early_fraud_warning.updated"
    )
    assert event.data.to_dict()["previous_attributes"] == {"actionable": True}


def test_fraud_warning_of_a_disputed_charge_is_not_actionable(
    client: stripe.StripeClient, psp_sandbox: SandboxProcess
) -> None:
    intent = pay(client)
    before = psp_sandbox.call("POST", f"/sandbox/payment_intents/{intent.id}/warn_of_fraud")
    psp_sandbox.call("POST", f"/sandbox/payment_intents/{intent.id}/dispute")
    after = psp_sandbox.call("POST", f"/sandbox/payment_intents/{intent.id}/warn_of_fraud")
    read = client.v1.radar.early_fraud_warnings.retrieve
    assert [read(one["id"]).actionable for one in (before, after)] == [False, False]


def test_fraud_warning_of_a_refused_payment_is_made_on_demand(
    client: stripe.StripeClient, psp_sandbox: SandboxProcess
) -> None:
    with pytest.raises(stripe.CardError) as refused:
        pay(client, payment_method="pm_card_chargeDeclined")
    assert refused.value.error is not None
    charge = str(refused.value.error.charge)
    warning = psp_sandbox.call("POST", f"/sandbox/charges/{charge}/warn_of_fraud")
    assert (warning["charge"], warning["actionable"]) == (charge, True)


def test_disputes_are_listed_by_charge_by_payment_and_by_page(
    client: stripe.StripeClient, psp_sandbox: SandboxProcess
) -> None:
    intents = [pay(client) for _ in range(3)]
    made = [
        psp_sandbox.call("POST", f"/sandbox/payment_intents/{intent.id}/dispute")["id"] for intent in intents
    ]
    listed = client.v1.disputes.list
    assert [one.id for one in listed().data] == made[::-1]
    assert [one.id for one in listed({"charge": str(intents[1].latest_charge)}).data] == [made[1]]
    assert [one.id for one in listed({"payment_intent": intents[2].id}).data] == [made[2]]
    assert [one.id for one in listed({"limit": 1, "starting_after": made[2]}).data] == [made[1]]
    assert listed({"created": {"gt": intents[0].created + 3600}}).data == []


def test_a_dispute_belongs_to_its_account(client: stripe.StripeClient, psp_sandbox: SandboxProcess) -> None:
    dispute = psp_sandbox.call("POST", f"/sandbox/charges/{pay(client).latest_charge}/dispute")
    other = stripe.StripeClient("sk_test_other", base_addresses={"api": psp_sandbox.url})
    with pytest.raises(stripe.InvalidRequestError) as unseen:
        other.v1.disputes.retrieve(dispute["id"])
    assert (unseen.value.http_status, unseen.value.code) == (404, "resource_missing")
    with pytest.raises(stripe.InvalidRequestError):
        other.v1.disputes.close(dispute["id"])
    assert other.v1.disputes.list().data == []


def open_on_demand(sandbox: SandboxProcess, charge: object, **order: Any) -> str:
    dispute_id: str = sandbox.call("POST", f"/sandbox/charges/{charge}/dispute", order)["id"]
    return dispute_id


def test_dispute_funds_reinstated_early_are_returned_once(
    client: stripe.StripeClient, waiting: SandboxProcess
) -> None:
    dispute_id = open_on_demand(waiting, pay(client).latest_charge, amount=3000)
    dispute = client.v1.disputes.retrieve(dispute_id)
    answer(client, dispute, "winning_evidence")
    waiting.call("POST", f"/sandbox/disputes/{dispute_id}/reinstate_funds")
    assert client.v1.disputes.retrieve(dispute_id).status == "under_review"
    assert moved(client, dispute) == [(-3000, 1500), (3000, 0)]
    assert advance(waiting) == 1
    assert client.v1.disputes.retrieve(dispute_id).status == "won"
    assert moved(client, dispute) == [(-3000, 1500), (3000, 0)]
    assert told(client, OPENED[-1]) == [
        "charge.dispute.updated",
        "charge.dispute.funds_reinstated",
        "charge.dispute.closed",
    ]


def test_dispute_funds_can_be_reinstated_and_withdrawn_again(
    client: stripe.StripeClient, psp_sandbox: SandboxProcess
) -> None:
    dispute_id = open_on_demand(psp_sandbox, pay(client).latest_charge)
    dispute = client.v1.disputes.retrieve(dispute_id)
    for step in ("reinstate_funds", "withdraw_funds", "lose"):
        psp_sandbox.call("POST", f"/sandbox/disputes/{dispute_id}/{step}")
    assert client.v1.disputes.retrieve(dispute_id).status == "lost"
    assert moved(client, dispute) == [(-5000, 1500), (5000, 0), (-5000, 1500)]


@pytest.mark.parametrize(
    ("inquiry", "steps", "status"),
    [
        (False, ["submit"], "under_review"),
        (False, ["submit", "win"], "won"),
        (False, ["win"], "won"),
        (False, ["submit", "lose"], "lost"),
        (False, ["accept"], "lost"),
        (True, ["submit"], "warning_under_review"),
        (True, ["close_inquiry"], "warning_closed"),
        (True, ["submit", "escalate", "submit", "win"], "won"),
        (True, ["accept"], "warning_closed"),
    ],
    ids=str,
)
def test_dispute_steps_lead_to_expected_status(
    client: stripe.StripeClient,
    psp_sandbox: SandboxProcess,
    inquiry: bool,  # noqa: FBT001 - a row of the table
    steps: list[str],
    status: str,
) -> None:
    dispute_id = open_on_demand(
        psp_sandbox, pay(client).latest_charge, inquiry=inquiry, reason="unrecognized"
    )
    for step in steps:
        psp_sandbox.call("POST", f"/sandbox/disputes/{dispute_id}/{step}")
    dispute = client.v1.disputes.retrieve(dispute_id)
    assert (dispute.status, dispute.reason) == (status, "unrecognized")


@pytest.mark.parametrize(
    ("steps", "impossible"),
    [
        ([], "escalate"),
        ([], "withdraw_funds"),
        (["submit"], "submit"),
        (["win"], "lose"),
        (["win"], "reinstate_funds"),
        (["lose"], "win"),
    ],
    ids=str,
)
def test_an_impossible_step_is_refused(
    client: stripe.StripeClient, psp_sandbox: SandboxProcess, steps: list[str], impossible: str
) -> None:
    dispute_id = open_on_demand(psp_sandbox, pay(client).latest_charge)
    for step in steps:
        psp_sandbox.call("POST", f"/sandbox/disputes/{dispute_id}/{step}")
    before = client.v1.disputes.retrieve(dispute_id).to_dict()
    refused = exchange(psp_sandbox.url, "POST", f"/sandbox/disputes/{dispute_id}/{impossible}")
    assert refused.status == 409
    assert dispute_id in refused.json["error"]
    assert client.v1.disputes.retrieve(dispute_id).to_dict() == before


def test_only_captured_money_can_be_disputed_and_once_at_a_time(
    client: stripe.StripeClient, psp_sandbox: SandboxProcess
) -> None:
    held = pay(client, capture_method="manual")
    paid = pay(client)

    def status(name: object, body: str = "{}") -> int:
        return exchange(psp_sandbox.url, "POST", f"/sandbox/charges/{name}/dispute", body).status

    assert status("ch_nowhere") == 404
    assert status(held.latest_charge) == 409
    assert status(paid.latest_charge, '{"amount": 5001}') == 400
    assert status(paid.latest_charge) == 201
    assert status(paid.latest_charge) == 409


def test_money_that_one_dispute_has_cannot_be_taken_by_the_next(
    client: stripe.StripeClient, psp_sandbox: SandboxProcess
) -> None:
    charge = pay(client).latest_charge
    lost = open_on_demand(psp_sandbox, charge, amount=3000)
    psp_sandbox.call("POST", f"/sandbox/disputes/{lost}/lose")
    rest = open_on_demand(psp_sandbox, charge)
    assert client.v1.disputes.retrieve(rest).amount == 2000
    psp_sandbox.call("POST", f"/sandbox/disputes/{rest}/lose")
    assert exchange(psp_sandbox.url, "POST", f"/sandbox/charges/{charge}/dispute").status == 409


def test_a_card_does_not_dispute_what_is_disputed_already(
    client: stripe.StripeClient, waiting: SandboxProcess
) -> None:
    intent = pay(client, payment_method="pm_card_createDispute")
    open_on_demand(waiting, intent.latest_charge, amount=100)
    advance(waiting)
    assert [one.amount for one in client.v1.disputes.list().data] == [100]


def test_every_movement_of_a_dispute_is_on_the_balance(
    client: stripe.StripeClient, waiting: SandboxProcess
) -> None:
    for token, evidence in (
        ("pm_card_createDispute", "winning_evidence"),
        ("pm_card_createDispute", "losing_evidence"),
        ("pm_card_createDisputeInquiry", "escalate_inquiry_evidence"),
        ("pm_card_createDisputeProductNotReceived", None),
    ):
        intent = pay(client, payment_method=token)
        advance(waiting)
        (dispute,) = client.v1.disputes.list({"payment_intent": intent.id}).data
        if evidence is not None:
            answer(client, dispute, evidence)
            advance(waiting)
    sums: Counter[str] = Counter()
    for transaction in client.v1.balance_transactions.list({"limit": 100}).data:
        sums[transaction.type] += transaction.amount
        sums["fees"] += transaction.fee
    lost_or_open = [d for d in client.v1.disputes.list().data if d.status in ("lost", "needs_response")]
    assert len(lost_or_open) == 3
    assert sums == {
        "charge": 4 * 5000,
        "adjustment": -sum(dispute.amount for dispute in lost_or_open),
        "fees": 4 * 175 + 4 * 1500,
    }
