"""Payments that are settled in another currency, by the official SDK and in the report that FinCore reads."""

import io
import urllib.error
import urllib.request
from decimal import Decimal
from typing import Any

import pytest
import stripe

from fincore.domain.currency import Currency
from fincore.domain.money import Money
from fincore.reconciliation.formats.formats import FORMATS
from fincore.reconciliation.formats.stripe_itemized import COLUMNS, REPORT_TYPE
from fincore.reconciliation.line import SettlementLine
from fincore.reconciliation.parsed_file import Expected
from fixtures.sandbox import SandboxProcess
from fixtures.stripe_spec import problems_of_objects

PAID: Any = {
    "amount": 10_000,
    "currency": "eur",
    "payment_method": "pm_card_visa",
    "payment_method_types": ["card"],
    "confirm": True,
    "expand": ["latest_charge.balance_transaction"],
}
RATE = "1.08"
EUR = Currency("eur")


@pytest.fixture
def settled(psp_sandbox: SandboxProcess) -> SandboxProcess:
    """A sandbox that settles euros in dollars."""
    settle(psp_sandbox, RATE)
    return psp_sandbox


def settle(sandbox: SandboxProcess, rate: str) -> None:
    sandbox.call("POST", "/sandbox/settlement_currency", {"currency": "usd", "rates": {"eur": rate}})


def movement_of(client: stripe.StripeClient, source: str) -> stripe.BalanceTransaction:
    (movement,) = client.v1.balance_transactions.list({"source": source}).data
    return movement


def lines_of(client: stripe.StripeClient, sandbox: SandboxProcess, key: str) -> list[SettlementLine]:
    """The itemized report of the only payout, as FinCore reads it."""
    (payout,) = sandbox.call("POST", "/sandbox/settlement_days", {})["data"]
    assert payout["currency"] == "usd"
    parameters: Any = {"payout": payout["id"], "columns": list(COLUMNS)}
    run = client.v1.reporting.report_runs.create({"report_type": REPORT_TYPE, "parameters": parameters})
    sandbox.call("POST", "/sandbox/clock", {"advance_seconds": 30})
    run = client.v1.reporting.report_runs.retrieve(run.id)
    assert run.result is not None
    assert run.result.url is not None
    request = urllib.request.Request(  # noqa: S310 - loopback
        run.result.url, headers={"Authorization": f"Bearer {key}"}
    )
    with urllib.request.urlopen(request, timeout=20) as response:  # noqa: S310 - loopback
        content: bytes = response.read()
    parsed = FORMATS["stripe_payout_itemized"].parse(io.BytesIO(content), Expected(None, payout["id"]))
    lines = list(parsed.lines)
    assert sum(line.net_minor for line in lines) == payout["amount"]
    return lines


def test_payment_moves_the_settled_currency_with_its_fee(
    client: stripe.StripeClient, settled: SandboxProcess
) -> None:
    intent = client.v1.payment_intents.create(PAID)
    charge: Any = intent.latest_charge
    movement = charge.balance_transaction
    assert (charge.amount, charge.currency) == (10_000, "eur")
    assert (movement.amount, movement.currency, movement.exchange_rate) == (10_800, "usd", 1.08)
    assert (movement.fee, movement.net) == (343, 10_457)
    assert movement.fee_details[0].currency == "usd"
    assert problems_of_objects([movement.to_dict()]) == []


def test_refund_is_converted_at_the_rate_of_its_day(
    client: stripe.StripeClient, settled: SandboxProcess
) -> None:
    intent = client.v1.payment_intents.create(PAID)
    settle(settled, "1.1")
    refund = client.v1.refunds.create({"payment_intent": intent.id, "amount": 4_000})
    movement = movement_of(client, refund.id)
    assert (movement.amount, movement.currency, movement.fee) == (-4_400, "usd", 0)


def test_dispute_takes_and_gives_back_the_same_amount(
    client: stripe.StripeClient, settled: SandboxProcess
) -> None:
    intent = client.v1.payment_intents.create(PAID)
    settled.call("POST", f"/sandbox/payment_intents/{intent.id}/dispute", {})
    (dispute,) = client.v1.disputes.list({"payment_intent": intent.id}).data
    settle(settled, "1.3")
    settled.call("POST", f"/sandbox/disputes/{dispute.id}/reinstate_funds", {})
    moved = client.v1.disputes.retrieve(dispute.id).balance_transactions
    assert [(one.amount, one.currency, one.fee) for one in moved] == [
        (-10_800, "usd", 1_500),
        (10_800, "usd", 0),
    ]
    assert {one.currency for one in client.v1.balance_transactions.list().data} == {"usd"}


def test_report_tells_what_the_customer_paid_and_got_back(
    client: stripe.StripeClient, settled: SandboxProcess, api_key: str
) -> None:
    intent = client.v1.payment_intents.create(PAID)
    settle(settled, "1.1")
    client.v1.refunds.create({"payment_intent": intent.id, "amount": 4_000})
    lines = lines_of(client, settled, api_key)
    assert [(one.kind, one.currency, one.gross_minor, one.fee_minor, one.presentment) for one in lines] == [
        ("payment", "usd", 10_800, -343, Money(10_000, EUR)),
        ("refund", "usd", -4_400, 0, Money(-4_000, EUR)),
    ]


def test_currency_without_a_rate_is_settled_as_it_is(
    client: stripe.StripeClient, settled: SandboxProcess
) -> None:
    plain: Any = client.v1.payment_intents.create(PAID | {"currency": "gbp"}).latest_charge
    assert (plain.balance_transaction.currency, plain.balance_transaction.exchange_rate) == ("gbp", None)
    yen: Any = {"currency": "usd", "rates": {"jpy": "0.0066"}}
    settled.call("POST", "/sandbox/settlement_currency", yen)
    paid: Any = client.v1.payment_intents.create(PAID | {"currency": "jpy", "amount": 12_345}).latest_charge
    assert paid.balance_transaction.amount == round(Decimal(12_345) * Decimal("0.66"))
    settled.call("POST", "/sandbox/settlement_currency", {"currency": "usd"})
    after: Any = client.v1.payment_intents.create(PAID).latest_charge
    assert after.balance_transaction.currency == "eur"


@pytest.mark.parametrize(
    "order",
    [
        {"currency": "zzz", "rates": {}},
        {"currency": "usd", "rates": {"usd": "1"}},
        {"currency": "usd", "rates": {"eur": "0"}},
        {"currency": "usd", "rates": {"eur": "-1"}},
        {"currency": "usd", "rates": {"zzz": "2"}},
    ],
)
def test_impossible_settlement_currency_is_refused(psp_sandbox: SandboxProcess, order: Any) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        psp_sandbox.call("POST", "/sandbox/settlement_currency", order)
    with refused.value as answer:
        assert answer.code == 400
