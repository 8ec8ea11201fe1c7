"""Conversions that PayPal tells by two lines: each is one line of one currency and one of another, of what the payment brought."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from fincore.audit.invariants.clearing_is_explained import CLEARING_IS_EXPLAINED
from fincore.audit.invariants.differences_have_breaks import DIFFERENCES_HAVE_BREAKS
from fincore.audit.invariants.money_events_have_entries import MONEY_EVENTS_HAVE_ENTRIES
from fincore.audit.invariants.settlement_events_have_lines import SETTLEMENT_EVENTS_HAVE_LINES
from fincore.domain.currency import Currency
from fincore.domain.outcome import PspAccount, PspReference
from fincore.postgres.pool import Pool, create_pool
from fincore.reconciliation.formats.formats import FORMATS
from fincore.reconciliation.line import SettlementLine
from fincore.reconciliation.parsed_file import Expected
from fixtures.commits import created, new_stream
from fixtures.money_events import captured
from fixtures.paypal_movements import START, Payments, movement
from fixtures.sampling import first_of, first_rows_of
from fixtures.settlement_account import FoundBreak, Settlement, line, settlement
from fixtures.settlement_files import StlRow, joined, parsed, stl_lines
from fixtures.traffic import store_pool
from psp_sandbox.paypal.settlement_faults import SettlementFault
from psp_sandbox.paypal.transaction_rows import Row

DAY_OF_SANDBOX = 24
"""The sandbox's first day, counted from the first file of an account."""


@pytest.fixture
async def account(dsn: str) -> AsyncIterator[Settlement]:
    async with opened(dsn) as one:
        yield one


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
    first_rows_of(
        [
            ("change_amount", "source", FoundBreak("incomplete_conversion", -1, "eur")),
            ("drop_row", "source", FoundBreak("incomplete_conversion", 10_400, "usd")),
            ("drop_row", "target", FoundBreak("incomplete_conversion", -9_602, "eur")),
            ("double_row", "source", FoundBreak("duplicate", -9_602, "eur")),
            ("double_row", "target", FoundBreak("duplicate", 10_400, "usd")),
            ("swap_currency", "source", FoundBreak("incomplete_conversion", 798, "usd")),
            ("swap_currency", "target", FoundBreak("incomplete_conversion", 798, "eur")),
        ],
        keep=2,
    ),
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


@pytest.mark.parametrize("code", first_of(("T0202", "T0200")))
@pytest.mark.parametrize("in_one_file", first_of((False, True)))
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


@asynccontextmanager
async def opened(dsn: str) -> AsyncIterator[Settlement]:
    pool = await create_pool(dsn, application_name="tests", role="fincore_service")
    try:
        async with store_pool(dsn, "ledgerdb") as ledgerdb, settlement(pool, ledgerdb) as one:
            yield one
    finally:
        pool.terminate()


def pair(out_minor: int, out: str, in_minor: int, into: str, **fields: Any) -> list[SettlementLine]:
    """The two lines of a conversion."""
    group = fields.pop("group", f"of {uuid4().hex}")
    return [
        line("conversion", minor, currency=Currency(currency), group=group, **fields)
        for minor, currency in ((-out_minor, out), (in_minor, into))
    ]


async def fx(account: Settlement) -> dict[str, int]:
    """What was converted and not back, and what that cost; every invariant of files holds."""
    assert await account.reconciliation.run() is not None
    await account.book()
    stores = SimpleNamespace(eventstore=account.dsn_pool, ledgerdb=account.ledgerdb)
    for invariant in (
        SETTLEMENT_EVENTS_HAVE_LINES,
        CLEARING_IS_EXPLAINED,
        DIFFERENCES_HAVE_BREAKS,
        MONEY_EVENTS_HAVE_ENTRIES,
    ):
        assert await invariant.check(stores) == []
    rows = await account.rows(
        "select name, balance_minor from ledgerdb.accounts where name ~ '(^|:)fx:' and balance_minor <> 0"
    )
    return {row["name"]: row["balance_minor"] for row in rows}


async def test_conversion_back_at_another_rate_is_realised(account: Settlement) -> None:
    """100.00 EUR brought 108.00 USD, and 40.00 EUR cost 44.00 USD: 0.80 USD more than they had brought."""
    await account.fetched(pair(10_000, "eur", 10_800, "usd"))
    assert await fx(account) == {"fx:position:eur": 10_000, "fx:position:usd": -10_800}
    begins = {"eur": -10_000, "usd": 10_800}
    await account.fetched(pair(4_400, "usd", 4_000, "eur"), day=1, beginning_minor=begins)
    assert await fx(account) == {
        "fx:position:eur": 6_000,
        "fx:position:usd": -6_480,
        "expense:fx:usd": 80,
    }
    begins = {"eur": -6_000, "usd": 6_400}
    await account.fetched(pair(6_000, "usd", 6_000, "eur"), day=2, beginning_minor=begins)
    assert await fx(account) == {"expense:fx:usd": -400}
    assert await account.breaks() == []


async def test_both_ways_in_one_file_realise_what_went_back(account: Settlement) -> None:
    """The rows of a refund may stand before those of the payment."""
    await account.fetched([*pair(4_400, "usd", 4_000, "eur"), *pair(10_000, "eur", 10_800, "usd")])
    assert await fx(account) == {
        "fx:position:eur": 6_000,
        "fx:position:usd": -6_480,
        "expense:fx:usd": 80,
    }


async def test_payment_that_is_named_settles_in_the_other_currency(account: Settlement) -> None:
    """A conversion of a refund comes first, and names it: the charges are in euros, and what they cost is in dollars."""
    refund = line("refund", -4_000, psp_reference="R1", currency=Currency("eur"))
    payment = line("payment", 4_000, psp_reference="P1", currency=Currency("eur"))
    await account.fetched([refund, *pair(4_400, "usd", 4_000, "eur", parent_reference="R1", group="R1")])
    assert await fx(account) == {"fx:position:eur": -4_000, "fx:position:usd": 4_400}
    begins = {"usd": -4_400}
    await account.fetched(
        [payment, *pair(4_000, "eur", 4_320, "usd", parent_reference="P1", group="P1")],
        day=1,
        beginning_minor=begins,
    )
    assert await fx(account) == {"expense:fx:usd": 80}


@pytest.mark.parametrize("is_gone_first", first_of((True, False)))
async def test_sides_in_two_files_are_realised_once(account: Settlement, is_gone_first: bool) -> None:  # noqa: FBT001 -- a parameter
    gone, come = pair(10_000, "eur", 10_800, "usd")
    first, second = (gone, come) if is_gone_first else (come, gone)
    await account.fetched([first])
    assert await fx(account) == {f"fx:position:{first.currency}": -first.gross_minor}
    begins = {str(first.currency): first.gross_minor}
    await account.fetched([second, first], day=1, beginning_minor=begins)
    await fx(account)
    totals = await account.rows(
        "select lines, gross_minor, charge_gross_minor, realised_minor from reconciliation.converted_totals"
    )
    assert [tuple(row) for row in totals] == [(0, 10_800, 10_000, 0)]
    assert [one.break_class for one in await account.breaks()] == ["duplicate"]


async def test_accounts_at_a_psp_have_positions_of_their_own(account: Settlement) -> None:
    other = account._replace(psp_account=PspAccount("other"))
    await account.fetched(pair(10_000, "eur", 10_800, "usd"))
    await other.fetched(pair(4_400, "usd", 4_000, "eur"))
    assert await fx(account) == {"fx:position:eur": 6_000, "fx:position:usd": -6_400}


async def test_line_beyond_a_pair_is_a_break_and_realises_nothing(account: Settlement) -> None:
    await account.fetched(pair(10_000, "eur", 10_800, "usd"))
    third = line("conversion", 5, currency=Currency("eur"), group="a")
    await account.fetched(
        [*pair(4_400, "usd", 4_000, "eur", group="a"), third],
        day=1,
        beginning_minor={"eur": -10_000, "usd": 10_800},
    )
    assert await fx(account) == {
        "fx:position:eur": 5_995,
        "fx:position:usd": -6_480,
        "expense:fx:usd": 80,
    }
    assert [one.break_class for one in await account.breaks()] == ["incomplete_conversion"]


async def test_realised_difference_that_the_record_lacks_is_named(
    account: Settlement, owner_pool: Pool
) -> None:
    await account.fetched([*pair(10_000, "eur", 10_800, "usd"), *pair(4_400, "usd", 4_000, "eur")])
    await fx(account)
    async with owner_pool.acquire() as connection:
        await connection.execute("update reconciliation.converted_totals set realised_minor = 7")
    stores = SimpleNamespace(eventstore=account.dsn_pool, ledgerdb=account.ledgerdb)
    (violation,) = await SETTLEMENT_EVENTS_HAVE_LINES.check(stores)
    assert "the rate realised 7" in violation.what


@pytest.mark.parametrize(
    ("sides", "found"),
    first_rows_of(
        [
            (((-100, "usd"), (90, "eur"), (5, "eur")), FoundBreak("incomplete_conversion", -100, "usd")),
            (((-100, "usd"), (-60, "usd"), (90, "eur")), FoundBreak("incomplete_conversion", -160, "usd")),
            (((-100, "usd"), (-90, "eur")), FoundBreak("incomplete_conversion", -100, "usd")),
            (((-100, "usd"), (50, "eur"), (40, "gbp")), FoundBreak("incomplete_conversion", -100, "usd")),
        ],
        keep=2,
    ),
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
