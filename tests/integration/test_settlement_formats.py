"""Files in the layouts of PayPal and Stripe, from their bytes to a ledger in which all is explained."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from fincore.bootstrap.reconciler import OF_PSPS
from fincore.domain.currency import Currency
from fincore.domain.ids import charge_of, new_dispute_id, new_refund_id
from fincore.domain.money import Money
from fincore.domain.outcome import PspAccount, PspName, PspReference
from fincore.domain.payout import PayoutAccount, PayoutReport
from fincore.domain.settlement_events import BankAccount
from fincore.reconciliation.formats.formats import FORMATS
from fixtures.commits import PROVENANCE, created, new_stream
from fixtures.money_events import captured, held, refunded, released, withdrawn
from fixtures.settlement_account import FoundBreak, Settlement, settlement
from fixtures.settlement_clock import set_clock
from fixtures.settlement_files import StlRow, itemized_row, joined, stl_lines, table, with_fee
from fixtures.traffic import store_pool

WHEN = datetime(2026, 11, 20, 18, tzinfo=UTC)
DAY_OF_RUNS = date(2026, 11, 24)
"""Payouts of the files are not overdue yet."""


@pytest.fixture
async def account(dsn: str) -> AsyncIterator[Settlement]:
    async with (
        store_pool(dsn, "eventstore") as pool,
        store_pool(dsn, "ledgerdb") as ledgerdb,
        settlement(pool, ledgerdb) as one,
    ):
        await set_clock(dsn, DAY_OF_RUNS)
        yield one._replace(formats={name: FORMATS[name] for name in OF_PSPS})


async def test_paypal_day_with_a_lost_dispute_is_explained(account: Settlement) -> None:
    """The fee of the chargeback names the chargeback, and that the payment."""
    stream_id, refund_id, dispute_id = new_stream(), new_refund_id(), new_dispute_id()
    common = {"psp": account.psp, "psp_account": account.psp_account, "occurred_at": WHEN}
    about_dispute = common | {
        "dispute_id": dispute_id,
        "psp_reference": PspReference("PP-D-1"),
        "amount_minor": 6_000,
    }
    await account.happen(
        stream_id,
        created(10_000, psp=account.psp, psp_account=account.psp_account, created_at=WHEN),
        captured(psp_reference=PspReference("CAP1"), fee_minor=379, platform_fee_minor=0, **common),
        refunded(
            refund_id=refund_id,
            psp_reference=PspReference("REF1"),
            fee_minor=90,
            fee_currency=Currency("usd"),
            **common | {"amount_minor": 2_500},
        ),
        held(**about_dispute),
        released(**about_dispute),
        withdrawn(fee_minor=2_000, **about_dispute),
    )
    capture = {"reference": "CAP1", "reference_type": "TXN"}
    rows = [
        with_fee(StlRow("CAP1", custom=charge_of(stream_id)), "DR", "379"),
        with_fee(StlRow("REF1", "T1107", "DR", "2500", custom=refund_id, **capture), "CR", "90"),
        StlRow("HOLD1", "T1110", "DR", "6000", **capture),
        StlRow("RELEASE1", "T1111", "CR", "6000", **capture),
        StlRow("BACK1", "T1201", "DR", "6000", **capture),
        StlRow("FEE1", "T0106", "DR", "2000", reference="BACK1", reference_type="TXN"),
        StlRow("OUT1", "T0400", "DR", "1000", bank="BANK1"),
    ]
    await account.kept(joined(stl_lines(rows)), name="STL-20261120.01.009.CSV")
    result = await account.reconciliation.run()
    assert result is not None
    assert result.problems == ()
    assert await account.breaks() == []
    await account.book()
    # 50.00 were there before the first file.
    ending_minor = 5_000 + 10_000 - 379 - 2_500 + 90 - 6_000 - 2_000 - 1_000
    assert await account.balances() == {
        "balance usd": ending_minor,
        "in_transit usd": 1_000,
        "unmatched usd": 5_000,
    }


async def test_stripe_payout_with_a_lost_dispute_is_explained(account: Settlement) -> None:
    stripe = account._replace(psp=PspName("stripe"), psp_account=PspAccount("test"))
    refund_id = new_refund_id()
    common = {"psp": stripe.psp, "psp_account": stripe.psp_account, "occurred_at": WHEN}
    await stripe.happen(
        new_stream(),
        created(10_000, psp=stripe.psp, psp_account=stripe.psp_account, created_at=WHEN),
        captured(psp_reference=PspReference("pi_1"), fee_minor=320, platform_fee_minor=0, **common),
        refunded(refund_id=refund_id, psp_reference=PspReference("re_1"), **common | {"amount_minor": 2_500}),
        withdrawn(
            dispute_id=new_dispute_id(),
            psp_reference=PspReference("dp_1"),
            fee_minor=1_500,
            **common | {"amount_minor": 6_000},
        ),
    )
    about = {"charge_id": "ch_3", "payment_intent_id": "pi_1"}

    def row(own: str, category: str, source: str, amounts: str) -> dict[str, str]:
        gross, fee, net = amounts.split()
        return itemized_row(
            balance_transaction_id=own,
            reporting_category=category,
            source_id=source,
            gross=gross,
            fee=fee,
            net=net,
            customer_facing_amount="",
            customer_facing_currency="",
            **about,
        )

    rows = [
        row("txn_1", "charge", "ch_3", "100 3.2 96.8"),
        row("txn_2", "refund", "re_1", "-25 0 -25"),
        row("txn_3", "dispute", "dp_1", "-60 15 -75"),
        row("txn_4", "fee", "", "-0.5 0 -0.5") | dict.fromkeys(about, ""),
    ]
    await stripe.payouts.record(
        PayoutAccount(psp=stripe.psp, psp_account=stripe.psp_account, livemode=False),
        PayoutReport(
            psp_reference=PspReference("po_1"),
            money=Money(9_680 - 2_500 - 7_500 - 50, Currency("usd")),
            status="paid",
            created_at=WHEN,
            occurred_at=WHEN,
        ),
        PROVENANCE,
        bank_account=BankAccount("main"),
    )
    await stripe.kept(table(rows), name="po_1.csv", file_format="stripe_payout_itemized")
    assert await stripe.reconciliation.run() is not None
    assert await stripe.breaks() == []
    await stripe.book()
    assert await stripe.balances() == {}
    changed = [
        rows[0] | {"balance_transaction_id": "txn_9", "source_id": "ch_9", "payment_intent_id": "pi_9"}
    ]
    await stripe.kept(table(changed), name="po_9.csv", file_format="stripe_payout_itemized")
    await stripe.reconciliation.run()
    assert FoundBreak("missing_here", 9_680, "usd") in await stripe.breaks()


async def converted_day(account: Settlement) -> list[StlRow]:
    """A payment of 100.00 EUR and its refund of 25.00, both of which PayPal converts: with the refund what goes stands first."""
    refund_id = new_refund_id()
    common = {
        "psp": account.psp,
        "psp_account": account.psp_account,
        "currency": Currency("eur"),
        "occurred_at": WHEN,
    }
    stream_id = new_stream()
    await account.happen(
        stream_id,
        created(
            10_000,
            psp=account.psp,
            psp_account=account.psp_account,
            created_at=WHEN,
            currency=Currency("eur"),
        ),
        captured(
            psp_reference=PspReference("CAP1"),
            fee_minor=379,
            fee_currency=Currency("eur"),
            platform_fee_minor=0,
            **common,
        ),
        refunded(
            refund_id=refund_id,
            psp_reference=PspReference("REF1"),
            fee_minor=90,
            fee_currency=Currency("eur"),
            **common | {"amount_minor": 2_500},
        ),
    )
    paid = {"invoice": "INV1", "reference": "CAP1", "reference_type": "TXN"}
    back = {"invoice": "INV1", "reference": "REF1", "reference_type": "TXN"}
    return [
        with_fee(StlRow("CAP1", currency="EUR", custom=charge_of(stream_id)), "DR", "379"),
        StlRow("C1", "T0200", "DR", "9621", "EUR", **paid),
        StlRow("C2", "T0200", "CR", "10390", "USD", **paid),
        with_fee(
            StlRow(
                "REF1", "T1107", "DR", "2500", "EUR", custom=refund_id, reference="CAP1", reference_type="TXN"
            ),
            "CR",
            "90",
        ),
        StlRow("C3", "T0200", "DR", "2650", "USD", **back),
        StlRow("C4", "T0200", "CR", "2410", "EUR", **back),
    ]


async def test_paypal_day_with_conversions_is_explained(account: Settlement) -> None:
    """Clearing is zero; the positions of both currencies hold what was converted and not back, and what that cost more is an expense."""
    await account.kept(joined(stl_lines(await converted_day(account))), name="STL-20261120.01.009.CSV")
    result = await account.reconciliation.run()
    assert result is not None
    assert result.problems == ()
    assert await account.breaks() == []
    await account.book()
    before = {"unmatched eur": 5_000, "unmatched usd": 5_000}
    assert await account.balances() == before | {"balance eur": 5_000, "balance usd": 5_000 + 10_390 - 2_650}
    rows = await account.rows("select name, balance_minor from ledgerdb.accounts where name ~ '(^|:)fx:'")
    cost_minor = 10_390 * 2_410 // 9_621
    assert {row["name"]: row["balance_minor"] for row in rows} == {
        "fx:position:eur": 9_621 - 2_410,
        "fx:position:usd": cost_minor - 10_390,
        "expense:fx:usd": 2_650 - cost_minor,
    }


@pytest.mark.parametrize(
    ("place", "told", "broken"),
    [
        (2, None, FoundBreak("incomplete_conversion", -9_621, "eur")),
        (4, None, FoundBreak("incomplete_conversion", 2_410, "eur")),
        (5, "USD", FoundBreak("incomplete_conversion", 2_410 - 2_650, "usd")),
        (3, "USD", FoundBreak("currency", -2_410, "usd")),
    ],
)
async def test_false_row_of_a_converted_day_is_one_break(
    account: Settlement, place: int, told: str | None, broken: FoundBreak
) -> None:
    """A side of a conversion is left out or in another currency, or a refund is."""
    rows = await converted_day(account)
    rows[place : place + 1] = [] if told is None else [replace(rows[place], currency=told)]
    await account.kept(joined(stl_lines(rows)), name="STL-20261120.01.009.CSV")
    assert await account.reconciliation.run() is not None
    assert await account.breaks() == [broken]
