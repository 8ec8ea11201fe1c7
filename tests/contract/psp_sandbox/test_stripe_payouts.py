"""Payouts by the official SDK: a settlement day is cut, and what the balance held is on its way to the bank."""

import json
import urllib.error
from typing import Any

import pytest
import stripe

from fixtures.sandbox import SandboxProcess
from fixtures.stripe_spec import missing_fields, problems_of_objects
from fixtures.webhook_receiver import WebhookReceiver
from psp_sandbox.stripe.payout_machine import STEPS

PAID: Any = {
    "amount": 1000,
    "currency": "usd",
    "payment_method": "pm_card_visa",
    "payment_method_types": ["card"],
    "confirm": True,
}
NET = 1000 - 59
DAY_SECONDS = 24 * 3_600


def pay(client: stripe.StripeClient, **params: Any) -> stripe.PaymentIntent:
    return client.v1.payment_intents.create(PAID | params)


def settle(sandbox: SandboxProcess, **order: Any) -> list[Any]:
    """The payouts of the day that is cut now; none reaches the bank by itself."""
    sandbox.call("POST", "/sandbox/aftermath", {"delay_seconds": 3_600})
    payouts: list[Any] = sandbox.call("POST", "/sandbox/settlement_days", order)["data"]
    return payouts


def balance_of(client: stripe.StripeClient) -> dict[str, int]:
    """What the account has in each currency, available or not."""
    balance = client.v1.balance.retrieve()
    found: dict[str, int] = {}
    amounts: tuple[Any, ...] = (*balance.available, *balance.pending)
    for one in amounts:
        found[one.currency] = found.get(one.currency, 0) + one.amount
    return found


def test_cut_day_pays_out_each_currency(client: stripe.StripeClient, psp_sandbox: SandboxProcess) -> None:
    pay(client)
    pay(client)
    pay(client, currency="eur", amount=10_000)
    settle(psp_sandbox)
    payouts = client.v1.payouts.list().data
    assert {(one.currency, one.amount, one.status) for one in payouts} == {
        ("usd", 2 * NET, "pending"),
        ("eur", 9_680, "pending"),
    }
    for payout in payouts:
        assert missing_fields("payout", payout.to_dict()) == []
        assert payout.automatic
        assert payout.reconciliation_status == "completed"
        assert payout.arrival_date % DAY_SECONDS == 0
        assert 0 < payout.arrival_date - payout.created <= DAY_SECONDS
        assert client.v1.payouts.retrieve(payout.id).to_dict() == payout.to_dict()
    assert balance_of(client) == {}
    assert settle(psp_sandbox) == []


def test_payouts_transactions_sum_to_nothing_with_its_own(
    client: stripe.StripeClient, psp_sandbox: SandboxProcess
) -> None:
    intent = pay(client)
    refund = client.v1.refunds.create({"payment_intent": intent.id, "amount": 300})
    settle(psp_sandbox)
    later = pay(client)
    (payout,) = client.v1.payouts.list().data
    listed = client.v1.balance_transactions.list({"payout": payout.id}).data
    assert [(one.type, one.source, one.net) for one in listed] == [
        ("payout", payout.id, -payout.amount),
        ("refund", refund.id, -300),
        ("charge", intent.latest_charge, NET),
    ]
    assert listed[0].id == payout.balance_transaction
    assert {one.status for one in listed} == {"available"}
    assert balance_of(client) == {"usd": NET}
    assert later.latest_charge not in {one.source for one in listed}
    expanded = client.v1.payouts.retrieve(payout.id, {"expand": ["balance_transaction"]})
    assert expanded.balance_transaction == listed[0]


def test_what_is_pending_waits_where_the_order_says_so(
    client: stripe.StripeClient, psp_sandbox: SandboxProcess
) -> None:
    pay(client)
    pay(client, payment_method="pm_card_bypassPending")
    (payout,) = settle(psp_sandbox, include_pending=False)
    assert payout["amount"] == NET
    assert balance_of(client) == {"usd": NET}


def test_only_the_named_currency_is_cut(client: stripe.StripeClient, psp_sandbox: SandboxProcess) -> None:
    pay(client)
    pay(client, currency="eur")
    (payout,) = settle(psp_sandbox, currency="eur")
    assert payout["currency"] == "eur"
    assert balance_of(client).keys() == {"usd"}


def test_more_refunds_than_payments_make_a_negative_payout(
    client: stripe.StripeClient, psp_sandbox: SandboxProcess
) -> None:
    intent = pay(client)
    settle(psp_sandbox)
    client.v1.refunds.create({"payment_intent": intent.id})
    (payout,) = settle(psp_sandbox)
    assert payout["amount"] == -1000
    own = client.v1.balance_transactions.retrieve(payout["balance_transaction"])
    assert (own.type, own.amount) == ("payout", 1000)


def test_failed_payout_is_part_of_the_next_one(
    client: stripe.StripeClient, psp_sandbox: SandboxProcess
) -> None:
    pay(client)
    (first,) = settle(psp_sandbox)
    psp_sandbox.call("POST", f"/sandbox/payouts/{first['id']}/pay")
    psp_sandbox.call("POST", f"/sandbox/payouts/{first['id']}/fail", {"code": "account_closed"})
    failed = client.v1.payouts.retrieve(first["id"])
    assert (failed.status, failed.failure_code) == ("failed", "account_closed")
    assert balance_of(client) == {"usd": NET}
    pay(client)
    (second,) = settle(psp_sandbox)
    assert second["amount"] == 2 * NET
    listed = client.v1.balance_transactions.list({"payout": second["id"]}).data
    returned = next(one for one in listed if one.type == "payout_failure")
    assert (returned.id, returned.source) == (failed.failure_balance_transaction, failed.id)
    assert (returned.net, returned.reporting_category) == (NET, "payout_reversal")


@pytest.mark.parametrize("step", STEPS)
def test_payout_step_from_another_status_is_refused(
    client: stripe.StripeClient, psp_sandbox: SandboxProcess, step: str
) -> None:
    pay(client)
    (payout,) = settle(psp_sandbox)
    psp_sandbox.call("POST", f"/sandbox/payouts/{payout['id']}/fail")
    with pytest.raises(urllib.error.HTTPError) as refused:
        psp_sandbox.call("POST", f"/sandbox/payouts/{payout['id']}/{step}")
    with refused.value as answer:
        assert answer.code == 409


def test_each_payout_event_is_as_documented(
    client: stripe.StripeClient, psp_sandbox: SandboxProcess, receiver: WebhookReceiver
) -> None:
    client.v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["*"]})
    pay(client)
    receiver.take(3)
    (payout,) = settle(psp_sandbox)
    bodies = [json.loads(one.body) for one in receiver.take(2)]
    for step in ("send", "pay", "fail"):
        psp_sandbox.call("POST", f"/sandbox/payouts/{payout['id']}/{step}")
        bodies.append(json.loads(receiver.take(1)[0].body))
    assert [problems_of_objects(body) for body in bodies] == [[]] * 5
    told = {body["type"]: body["data"]["object"]["status"] for body in bodies}
    assert told == {
        "payout.created": "pending",
        "payout.reconciliation_completed": "pending",
        "payout.updated": "in_transit",
        "payout.paid": "paid",
        "payout.failed": "failed",
    }


def test_payout_is_paid_after_the_effect_delay(
    client: stripe.StripeClient, psp_sandbox: SandboxProcess
) -> None:
    pay(client)
    (payout,) = settle(psp_sandbox)
    psp_sandbox.call("POST", "/sandbox/clock", {"advance_seconds": 3_600})
    paid = client.v1.payouts.retrieve(payout["id"])
    assert (paid.status, paid.trace_id and paid.trace_id.status) == ("paid", "supported")
    assert psp_sandbox.state()["amount_paid_out"] == {"usd": NET}


def test_canceled_payout_never_reaches_the_bank(
    client: stripe.StripeClient, psp_sandbox: SandboxProcess
) -> None:
    pay(client)
    (payout,) = settle(psp_sandbox)
    psp_sandbox.call("POST", f"/sandbox/payouts/{payout['id']}/cancel")
    psp_sandbox.call("POST", "/sandbox/clock", {"advance_seconds": 3_600})
    canceled = client.v1.payouts.retrieve(payout["id"])
    assert (canceled.status, canceled.trace_id and canceled.trace_id.status) == ("canceled", "unsupported")
    assert balance_of(client) == {"usd": NET}


def test_fee_of_the_account_lowers_its_payout(
    client: stripe.StripeClient, psp_sandbox: SandboxProcess
) -> None:
    intent = pay(client)
    order = {"payment_intent": intent.id, "currency": "usd", "amount": 200}
    fee = psp_sandbox.call("POST", "/sandbox/account_fees", order)
    listed = client.v1.balance_transactions.retrieve(fee["id"])
    assert (listed.type, listed.reporting_category, listed.source) == ("stripe_fee", "fee", None)
    assert (listed.amount, listed.fee, listed.net) == (-200, 0, -200)
    other = psp_sandbox.call("POST", "/sandbox/settlement_days", {"payment_intent": intent.id})
    assert [one["amount"] for one in other["data"]] == [NET - 200]


def test_payouts_are_listed_by_status_and_arrival(
    client: stripe.StripeClient, psp_sandbox: SandboxProcess
) -> None:
    pay(client)
    (first,) = settle(psp_sandbox)
    psp_sandbox.call("POST", f"/sandbox/payouts/{first['id']}/pay")
    pay(client)
    (second,) = settle(psp_sandbox)
    listed: Any = client.v1.payouts.list
    assert [one.id for one in listed({"status": "paid"}).data] == [first["id"]]
    assert [one.id for one in listed({"limit": 1}).auto_paging_iter()] == [second["id"], first["id"]]
    arrival = first["arrival_date"]
    assert len(listed({"arrival_date": {"gte": arrival, "lte": arrival}}).data) == 2
    assert listed({"arrival_date": {"gt": arrival}}).data == []
    assert listed({"destination": "ba_another"}).data == []


def test_payout_of_another_account_is_not_found(
    client: stripe.StripeClient, psp_sandbox: SandboxProcess
) -> None:
    pay(client)
    (payout,) = settle(psp_sandbox)
    other = stripe.StripeClient("sk_test_other", base_addresses={"api": psp_sandbox.url})
    calls: list[Any] = [
        lambda: other.v1.payouts.retrieve(payout["id"]),
        lambda: other.v1.balance_transactions.list({"payout": payout["id"]}),
    ]
    for call in calls:
        with pytest.raises(stripe.InvalidRequestError) as refused:
            call()
        assert refused.value.code == "resource_missing"
    assert other.v1.payouts.list().data == []
