"""The balance by the official SDK: every movement of money has its transaction, with its fee, and nothing else has."""

import random
from collections import Counter
from typing import Any

import pytest
import stripe

from fixtures.sandbox import SandboxProcess
from fixtures.stripe_spec import missing_fields

PAID: Any = {
    "amount": 1099,
    "currency": "usd",
    "payment_method": "pm_card_visa",
    "payment_method_types": ["card"],
    "confirm": True,
}
DAY_SECONDS = 24 * 3600


def pay(client: stripe.StripeClient, **params: Any) -> stripe.PaymentIntent:
    return client.v1.payment_intents.create(PAID | params)


def transaction_of(client: stripe.StripeClient, intent: stripe.PaymentIntent) -> stripe.BalanceTransaction:
    """The movement of the intent's latest charge, expanded in one request."""
    given = client.v1.payment_intents.retrieve(
        intent.id, {"expand": ["latest_charge.balance_transaction"]}
    ).latest_charge
    assert isinstance(given, stripe.Charge)
    assert isinstance(given.balance_transaction, stripe.BalanceTransaction)
    return given.balance_transaction


def test_a_payment_moves_the_balance_by_its_amount_less_the_fee(client: stripe.StripeClient) -> None:
    intent = pay(client, description="a hat")
    moved = transaction_of(client, intent)
    assert (moved.type, moved.reporting_category, moved.status) == ("charge", "charge", "pending")
    assert (moved.amount, moved.fee, moved.net, moved.currency) == (1099, 62, 1037, "usd")
    assert [(fee.amount, fee.currency, fee.type) for fee in moved.fee_details] == [(62, "usd", "stripe_fee")]
    assert (moved.source, moved.description) == (intent.latest_charge, "a hat")
    assert moved.available_on % DAY_SECONDS == 0
    assert DAY_SECONDS < moved.available_on - moved.created <= 2 * DAY_SECONDS
    assert missing_fields("balance_transaction", moved.to_dict()) == []
    assert client.v1.balance_transactions.retrieve(moved.id).to_dict() == moved.to_dict()
    charge = client.v1.charges.retrieve(str(intent.latest_charge), {"expand": ["balance_transaction"]})
    assert charge.balance_transaction == moved


@pytest.mark.parametrize(
    ("currency", "amount", "fee"),
    [
        ("usd", 50, 31),
        ("usd", 1000, 59),
        ("eur", 10_000, 320),
        ("jpy", 1000, 59),
        ("kwd", 10_000, 590),
        ("isk", 500_000, 17_500),
    ],
)
def test_the_fee_follows_its_rule(client: stripe.StripeClient, currency: str, amount: int, fee: int) -> None:
    moved = transaction_of(client, pay(client, currency=currency, amount=amount))
    assert (moved.amount, moved.fee, moved.net) == (amount, fee, amount - fee)


def test_hold_has_no_balance_transaction_until_captured(client: stripe.StripeClient) -> None:
    intent = pay(client, capture_method="manual")
    canceled = pay(client, capture_method="manual")
    client.v1.payment_intents.cancel(canceled.id)
    for held in (intent, canceled):
        assert client.v1.charges.retrieve(str(held.latest_charge)).balance_transaction is None
    client.v1.payment_intents.capture(intent.id, {"amount_to_capture": 1000})
    moved = transaction_of(client, intent)
    assert (moved.amount, moved.fee) == (1000, 59)
    assert [one.id for one in client.v1.balance_transactions.list().data] == [moved.id]


def test_declined_payment_has_no_balance_transaction(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.CardError):
        pay(client, payment_method="pm_card_visa_chargeDeclined")
    assert client.v1.balance_transactions.list().data == []


def test_money_is_pending_until_its_day_and_then_available(
    client: stripe.StripeClient, psp_sandbox: SandboxProcess
) -> None:
    intent = pay(client)
    balance = client.v1.balance.retrieve()
    assert [(one.amount, one.currency) for one in balance.pending] == [(1037, "usd")]
    assert [one.amount for one in balance.available] == [0]
    assert missing_fields("balance", balance.to_dict()) == ["balance.connect_reserved"]
    psp_sandbox.call("POST", "/sandbox/clock", {"advance_seconds": 2 * DAY_SECONDS})
    assert transaction_of(client, intent).status == "available"
    later = client.v1.balance.retrieve()
    assert ([one.amount for one in later.available], [one.amount for one in later.pending]) == ([1037], [0])


def test_a_card_can_bypass_the_wait(client: stripe.StripeClient) -> None:
    assert transaction_of(client, pay(client, payment_method="pm_card_bypassPending")).status == "available"
    held = pay(client, payment_method="pm_card_bypassPending", capture_method="manual")
    client.v1.payment_intents.capture(held.id)
    assert transaction_of(client, held).status == "available"


def test_transactions_are_listed_by_source_type_and_currency(client: stripe.StripeClient) -> None:
    one, other = pay(client), pay(client, currency="eur")
    refund = client.v1.refunds.create({"payment_intent": one.id, "amount": 99})
    listed: Any = client.v1.balance_transactions.list

    def sources(**given: Any) -> list[Any]:
        return [moved.source for moved in listed(given).data]

    assert sources() == [refund.id, other.latest_charge, one.latest_charge]
    assert sources(source=refund.id) == [refund.id]
    assert sources(source=one.latest_charge) == [one.latest_charge]
    assert sources(source="ch_nowhere") == []
    assert sources(type="charge") == [other.latest_charge, one.latest_charge]
    assert sources(currency="eur") == [other.latest_charge]
    first = listed({"limit": 2})
    assert first.has_more
    assert [moved.source for moved in first.auto_paging_iter()] == sources()
    expanded = listed({"source": refund.id, "expand": ["data.source"]}).data[0].source
    assert isinstance(expanded, stripe.Refund)
    assert expanded.id == refund.id


def test_a_transaction_belongs_to_its_account(
    client: stripe.StripeClient, psp_sandbox: SandboxProcess
) -> None:
    moved = transaction_of(client, pay(client))
    other = stripe.StripeClient("sk_test_other", base_addresses={"api": psp_sandbox.url})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        other.v1.balance_transactions.retrieve(moved.id)
    assert (refused.value.http_status, refused.value.code) == (404, "resource_missing")
    assert other.v1.balance_transactions.list().data == []
    assert other.v1.balance.retrieve().available == []


def test_money_is_neither_made_nor_lost(client: stripe.StripeClient, psp_sandbox: SandboxProcess) -> None:
    """By type and currency, the movements are the payments, the refunds and the refunds that came back."""
    psp_sandbox.call("POST", "/sandbox/aftermath", {"delay_seconds": 60})
    chance = random.Random(7)
    for n in range(25):
        card = chance.choice(["pm_card_visa", "pm_card_refundFail", "pm_card_pendingRefund"])
        currency = chance.choice(["usd", "eur"])
        intent = pay(
            client,
            amount=1000 + n,
            capture_method=chance.choice(["automatic", "manual"]),
            currency=currency,
            payment_method=card,
        )
        if intent.status == "requires_capture":
            if chance.random() < 0.3:
                client.v1.payment_intents.cancel(intent.id)
                continue
            client.v1.payment_intents.capture(intent.id, {"amount_to_capture": chance.randint(600, 1000)})
        for _ in range(chance.randint(0, 2)):
            client.v1.refunds.create({"payment_intent": intent.id, "amount": chance.randint(1, 300)})
    psp_sandbox.call("POST", "/sandbox/clock", {"advance_seconds": 60})

    moved: Counter[tuple[str, str]] = Counter()
    for transaction in client.v1.balance_transactions.list({"limit": 100}).auto_paging_iter():
        moved[transaction.type, transaction.currency] += transaction.amount
        assert transaction.net == transaction.amount - transaction.fee
        assert transaction.fee == sum(fee.amount for fee in transaction.fee_details)
    expected: Counter[tuple[str, str]] = Counter()
    kept: Counter[str] = Counter()
    for paid in client.v1.payment_intents.list({"limit": 100}).data:
        expected["charge", paid.currency] += paid.amount_received
        kept[str(paid.latest_charge)] += paid.amount_received
    for refund in client.v1.refunds.list({"limit": 100}).data:
        expected["refund", refund.currency] -= refund.amount
        if refund.status == "failed":
            expected["refund_failure", refund.currency] += refund.amount
        else:
            kept[str(refund.charge)] -= refund.amount
    assert {key: total for key, total in moved.items() if total} == {k: t for k, t in expected.items() if t}
    assert {kind for kind, _ in expected} == {"charge", "refund", "refund_failure"}
    for charge in client.v1.charges.list({"limit": 100}).data:
        assert charge.amount - charge.amount_refunded == kept[charge.id]
