"""Conversions that PayPal tells by two lines: each is one line of one currency and one of another, of what the payment brought."""

from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any

import msgspec
import pytest

from fincore.domain.currency import Currency
from fincore.domain.outcome import PspReference
from fincore.postgres.pool import create_pool
from fincore.reconciliation.formats.formats import FORMATS
from fincore.reconciliation.parsed_file import Expected
from fixtures.commits import created, new_stream
from fixtures.money_events import captured
from fixtures.paypal_movements import START, Payments, movement
from fixtures.settlement_account import FoundBreak, Settlement, line, settlement
from fixtures.settlement_files import StlRow, joined, parsed, stl_lines
from fixtures.traffic import store_pool
from psp_sandbox.paypal.settlement_faults import SettlementFault
from psp_sandbox.paypal.transaction_rows import Row

DAY_OF_SANDBOX = 24
"""The sandbox's first day, counted from the first file of an account."""


@pytest.fixture
async def account(dsn: str) -> AsyncIterator[Settlement]:
    pool = await create_pool(dsn, application_name="tests", role="fincore_service")
    try:
        async with store_pool(dsn, "ledgerdb") as ledgerdb, settlement(pool, ledgerdb) as one:
            yield one
    finally:
        pool.terminate()


async def paid(account: Settlement, payment: Row) -> None:
    """The log has a payment of the sandbox, as its webhook told it."""
    common = {
        "psp": account.psp,
        "psp_account": account.psp_account,
        "currency": Currency(payment.currency.lower()),
    }
    await account.happen(
        new_stream(),
        created(payment.minor, created_at=START, **common),
        captured(
            psp_reference=PspReference(payment.id),
            amount_minor=payment.minor,
            fee_minor=-payment.fee_minor,
            fee_currency=common["currency"],
            platform_fee_minor=0,
            occurred_at=START,
            **common,
        ),
    )


def converted(payment: Row, to_minor: int) -> tuple[Row, Row]:
    """What PayPal makes of a payment of 96.02 EUR, fee taken off: that out of euros, and so much into dollars."""
    named: dict[str, Any] = {"reference": (payment.id, "TXN"), "invoice_id": payment.invoice_id}
    net_minor = payment.minor + payment.fee_minor
    return (
        movement("T0200", "EUR", -net_minor, fee_minor=0, **named),
        movement("T0200", "USD", to_minor, fee_minor=0, **named),
    )


async def sandbox_day(account: Settlement, lie: str | None = None, *, of_target: bool = False) -> None:
    """A payment of the sandbox that is converted, told by its report with a lie about one side, and a run over it."""
    payments = Payments()
    payment = movement("T0006", "EUR", 10_000, -398, invoice_id="INV-7", reference=None)
    sides = converted(payment, 10_400)
    payments.add(payment, *sides)
    await paid(account, payment)
    faults = [] if lie is None else [{"kind": lie, "transaction_id": sides[of_target].id}]
    (file,) = payments.cut(faults=msgspec.convert(faults, list[SettlementFault]), withdraw="nothing")
    read = FORMATS["paypal_stl"].parse(BytesIO(file.content), Expected())
    await account.fetched(list(read.lines), day=DAY_OF_SANDBOX)
    assert await account.reconciliation.run() is not None


async def test_day_with_a_conversion_has_no_breaks(account: Settlement) -> None:
    await sandbox_day(account)
    await account.book()
    assert await account.breaks() == []
    assert await account.balances() == {"balance usd": 10_400}


@pytest.mark.parametrize(
    ("lie", "side", "found"),
    [
        ("change_amount", "source", FoundBreak("incomplete_conversion", -1, "eur")),
        ("drop_row", "source", FoundBreak("incomplete_conversion", 10_400, "usd")),
        ("drop_row", "target", FoundBreak("incomplete_conversion", -9_602, "eur")),
        ("double_row", "source", FoundBreak("duplicate", -9_602, "eur")),
        ("double_row", "target", FoundBreak("duplicate", 10_400, "usd")),
        ("swap_currency", "source", FoundBreak("incomplete_conversion", 798, "usd")),
        ("swap_currency", "target", FoundBreak("incomplete_conversion", 798, "eur")),
    ],
)
async def test_false_side_of_a_conversion_is_one_break(
    account: Settlement, lie: str, side: str, found: FoundBreak
) -> None:
    await sandbox_day(account, lie, of_target=side == "target")
    assert await account.breaks() == [found]


async def test_false_target_is_found_by_the_next_balance(account: Settlement) -> None:
    """The file has no rate: what PayPal paid out is proven by the balance with which the next day begins and ends."""
    await sandbox_day(account, "change_amount", of_target=True)
    assert await account.breaks() == []
    await account.fetched([], day=DAY_OF_SANDBOX + 1, beginning_minor={"usd": 10_400})
    assert await account.reconciliation.run() is not None
    assert await account.breaks() == [FoundBreak("balance", -1, "usd")]


@pytest.mark.parametrize("code", ["T0200", "T0202"])
@pytest.mark.parametrize("in_one_file", [True, False])
@pytest.mark.parametrize(
    ("references", "found"),
    [
        (("P1", "P1"), []),
        (("C2", "C1"), []),
        (("P1", "P2"), [("incomplete_conversion", -9_602, "eur"), ("incomplete_conversion", 10_400, "usd")]),
        (("C3", "C1"), []),
    ],
)
async def test_conversion_without_an_invoice_is_paired(
    account: Settlement,
    code: str,
    in_one_file: bool,  # noqa: FBT001 -- a parameter
    references: tuple[str, str],
    found: list[tuple[str, int, str]],
) -> None:
    """Both rows name one payment, or one of them the other."""
    rows = [
        StlRow("C1", code, "DR", "9602", "EUR", reference=references[0], reference_type="TXN"),
        StlRow("C2", code, "CR", "10400", "USD", reference=references[1], reference_type="TXN"),
    ]
    lines = list(parsed(joined(stl_lines(rows)), "paypal_stl").lines)
    for day, of_day in enumerate([lines] if in_one_file else [lines[:1], lines[1:]]):
        await account.fetched(of_day, day=day)
    assert await account.reconciliation.run() is not None
    assert [tuple(one) for one in await account.breaks()] == found


async def test_sides_that_name_each_other_without_a_pair_are_one_break(account: Settlement) -> None:
    await account.fetched(
        [
            line("conversion", -100, psp_reference="C1", group="C2"),
            line("conversion", 90, psp_reference="C2", group="C1"),
        ]
    )
    assert await account.reconciliation.run() is not None
    assert await account.breaks() == [FoundBreak("incomplete_conversion", -10, "usd")]


@pytest.mark.parametrize(
    ("sides", "found"),
    [
        (((-100, "usd"), (90, "eur"), (5, "eur")), FoundBreak("incomplete_conversion", -100, "usd")),
        (((-100, "usd"), (-60, "usd"), (90, "eur")), FoundBreak("incomplete_conversion", -160, "usd")),
        (((-100, "usd"), (-90, "eur")), FoundBreak("incomplete_conversion", -100, "usd")),
        (((-100, "usd"), (50, "eur"), (40, "gbp")), FoundBreak("incomplete_conversion", -100, "usd")),
    ],
)
async def test_conversion_of_other_than_a_pair_is_a_break(
    account: Settlement, sides: tuple[tuple[int, str], ...], found: FoundBreak
) -> None:
    await account.fetched(
        [line("conversion", minor, currency=Currency(currency), group="a") for minor, currency in sides]
    )
    assert await account.reconciliation.run() is not None
    assert await account.breaks() == [found]


async def test_break_of_the_payment_is_not_told_twice(account: Settlement) -> None:
    """The payment is wrong by its own line; the conversion follows the true amount."""
    payments = Payments()
    payment = movement("T0006", "EUR", 10_000, -398, invoice_id="INV-7", reference=None)
    payments.add(payment, *converted(payment, 10_400))
    await paid(account, payment)
    (file,) = payments.cut(
        faults=[SettlementFault(kind="change_amount", transaction_id=payment.id)], withdraw="nothing"
    )
    read = FORMATS["paypal_stl"].parse(BytesIO(file.content), Expected())
    await account.fetched(list(read.lines), day=DAY_OF_SANDBOX)
    assert await account.reconciliation.run() is not None
    assert await account.breaks() == [FoundBreak("amount", 1, "eur")]
