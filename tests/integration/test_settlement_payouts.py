"""Payouts against settlement files: one that no file has, and one that the log does not know, are breaks of their own."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import cast

import msgspec
import pytest
from structlog.testing import capture_logs

from fincore.audit.invariants.clearing_is_explained import CLEARING_IS_EXPLAINED
from fincore.audit.invariants.differences_have_breaks import DIFFERENCES_HAVE_BREAKS
from fincore.audit.invariants.invariant import Stores
from fincore.audit.invariants.settlement_events_have_lines import SETTLEMENT_EVENTS_HAVE_LINES
from fincore.domain.currency import Currency
from fincore.domain.money import Money
from fincore.domain.outcome import PspReference
from fincore.domain.payout import PayoutAccount, PayoutReport
from fincore.domain.payout_statuses import PayoutStatus
from fincore.domain.settlement_events import BankAccount
from fincore.eventstore.recorder import Contended, Recorded
from fincore.postgres.pool import Pool, create_pool
from fincore.reconciliation.line import SettlementLine
from fincore.reconciliation.run import RunResult
from fixtures.commits import PROVENANCE
from fixtures.sampling import first_of
from fixtures.settlement_account import DAY, FoundBreak, Settlement, line, settlement
from fixtures.traffic import store_pool

USD = Currency("usd")
NOON = DAY + timedelta(hours=12)
AHEAD = datetime.now(UTC) + timedelta(days=1)
UNREPORTED = FoundBreak("payout_unreported", -4_000, "usd")


@pytest.fixture
async def account(dsn: str) -> AsyncIterator[Settlement]:
    pool = await create_pool(dsn, application_name="tests", role="fincore_service")
    try:
        async with store_pool(dsn, "ledgerdb") as ledgerdb, settlement(pool, ledgerdb) as one:
            yield one
    finally:
        pool.terminate()


async def reported(
    account: Settlement,
    reference: str,
    status: PayoutStatus = "in_transit",
    *,
    at: datetime = NOON,
    currency: Currency = USD,
    expected_at: datetime | None = None,
    amount_minor: int = 4_000,
) -> None:
    """Have the PSP report a payout, of 40.00 where nothing else is said."""
    result = await account.payouts.record(
        PayoutAccount(psp=account.psp, psp_account=account.psp_account, livemode=False),
        PayoutReport(
            psp_reference=PspReference(reference),
            money=Money(amount_minor, currency),
            status=status,
            created_at=at,
            occurred_at=at,
            expected_at=expected_at,
        ),
        PROVENANCE,
        bank_account=BankAccount("main"),
    )
    assert isinstance(result, Recorded)


async def carried(account: Settlement, reference: str, *, day: int, currency: Currency = USD) -> None:
    """Have a report fetched that has the lines of a payout of 40.00, of the two days up to `day`."""
    until = DAY + timedelta(days=day)
    lines = [
        line("account_fee", minor, occurred_at=at, payout_reference=reference, currency=currency)
        for minor, at in ((1_000, until - timedelta(days=2)), (3_000, until))
    ]
    await account.fetched(lines, day=day, states_period=False, states_balances=False)


async def found(account: Settlement) -> list[FoundBreak]:
    """What a run finds, but for payouts past their day: the time of tests is the past."""
    return [one for one in await found_by_the_clock(account) if one.break_class != "payout_overdue"]


async def found_by_the_clock(account: Settlement) -> list[FoundBreak]:
    """What a run finds."""
    assert await account.reconciliation.run() is not None
    return await account.breaks()


def clock_says(monkeypatch: pytest.MonkeyPatch, late_after: timedelta) -> None:
    """Change how much longer than its delay a statement may take; the time of tests is the past."""
    monkeypatch.setattr("fincore.reconciliation.matching.break_writer.LATE_AFTER", late_after)


NEVER = timedelta(days=3_650)


@pytest.mark.parametrize("status", first_of(("paid", "in_transit")))
async def test_payout_that_no_file_has_is_unreported(
    account: Settlement, status: PayoutStatus, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock_says(monkeypatch, NEVER)
    await reported(account, "po_before", at=NOON - timedelta(days=1))
    await carried(account, "po_before", day=0)
    await reported(account, "po_1", status)
    assert await found(account) == []
    await reported(account, "po_2", at=NOON + timedelta(days=1))
    await carried(account, "po_2", day=1)
    assert await found(account) == [UNREPORTED]
    await carried(account, "po_1", day=2)
    assert await found(account) == []
    assert await account.breaks("matched_late") == [UNREPORTED]


async def test_payout_is_unreported_by_the_clock(account: Settlement) -> None:
    """The last payout of an account has no later file that would show the gap."""
    await reported(account, "po_before")
    await carried(account, "po_before", day=0)
    await reported(account, "po_1", at=NOON + timedelta(days=3))
    assert await found(account) == [UNREPORTED]


async def test_file_of_another_currency_leaves_a_payout_open(
    account: Settlement, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock_says(monkeypatch, NEVER)
    await reported(account, "po_1", currency=Currency("eur"))
    await reported(account, "po_2")
    await carried(account, "po_2", day=2)
    assert await found(account) == []


@pytest.mark.parametrize("status", first_of(("failed", "canceled")))
async def test_payout_that_came_back_is_not_unreported(account: Settlement, status: PayoutStatus) -> None:
    await reported(account, "po_before", at=NOON - timedelta(days=1))
    await carried(account, "po_before", day=2)
    await reported(account, "po_1", status)
    assert await found(account) == []


async def test_payout_before_the_first_reported_is_none(account: Settlement) -> None:
    """Its lines are in no file that was asked for, although the next payout has lines of its time."""
    await reported(account, "po_early", at=NOON - timedelta(days=1))
    await reported(account, "po_1")
    await carried(account, "po_1", day=0)
    assert await found(account) == []


async def test_lines_of_an_unknown_payout_are_a_break(account: Settlement) -> None:
    await carried(account, "po_1", day=0)
    unknown = FoundBreak("payout_unknown", 4_000, "usd")
    assert await found(account) == [unknown]
    await reported(account, "po_1")
    assert await found(account) == []
    assert await account.breaks("matched_late") == [unknown]


def returned(reference: str, minor: int = 5_000) -> SettlementLine:
    """Money of a withdrawal is back."""
    return line("payout_returned", minor, parent_reference=reference, payout_reference=reference)


def withdrawn(reference: str, minor: int = 5_000) -> SettlementLine:
    """The withdrawal itself."""
    return line("payout", -minor, psp_reference=reference, payout_reference=reference)


async def books(account: Settlement) -> dict[str, int]:
    """The accounts at the PSP once the ledger has followed the log; no invariant is broken."""
    await account.book()
    stores = cast(Stores, SimpleNamespace(eventstore=account.dsn_pool, ledgerdb=account.ledgerdb))
    for invariant in (CLEARING_IS_EXPLAINED, SETTLEMENT_EVENTS_HAVE_LINES, DIFFERENCES_HAVE_BREAKS):
        assert await invariant.check(stores) == []
    return await account.balances()


async def openings(account: Settlement) -> int:
    """What the record has as of before the first file."""
    found: int = await account.ledgerdb.fetchval(
        "select coalesce(sum(balance_minor), 0)::bigint from reconciliation.openings join reconciliation.files using (file_id)"
        " where psp_account = $1",
        account.psp_account,
    )
    return found


async def run(account: Settlement) -> RunResult:
    result = await account.reconciliation.run()
    assert result is not None
    return result


async def test_return_of_an_earlier_payout_is_an_opening(account: Settlement) -> None:
    """The balance before the first file lacks what had left then and came back later."""
    await account.fetched([], beginning_minor={"usd": 9_000})
    await run(account)
    await account.fetched([returned("wd_0")], day=1, beginning_minor={"usd": 9_000})
    assert (await run(account)).problems == ()
    assert await account.breaks() == []
    assert await books(account) == {"balance usd": 14_000, "unmatched usd": 14_000}
    assert await openings(account) == 14_000


@pytest.mark.parametrize(
    "runs", first_of([((1,), (2,), (0,)), ((0,), (1,)), ((1,), (0,)), ((0, 1),)]), ids=str
)
async def test_withdrawal_and_return_balance_in_any_order(
    account: Settlement, runs: tuple[tuple[int, ...], ...]
) -> None:
    """A file that has the withdrawal after all takes the return out of what was before."""
    days = {0: ([withdrawn("wd_1")], 14_000), 1: ([returned("wd_1")], 9_000), 2: ([], 14_000)}
    for together in runs:
        for day in together:
            lines, begins = days[day]
            await account.fetched(lines, day=day, beginning_minor={"usd": begins})
        assert (await run(account)).problems == ()
    assert [one for one in await account.breaks() if one.break_class == "balance"] == []
    assert await books(account) == {"balance usd": 14_000, "unmatched usd": 14_000}
    assert await openings(account) == 14_000


async def test_report_of_a_payout_after_its_return_balances(account: Settlement) -> None:
    """The next payout's report has the return; the report of the returned one has its lines, and no line of the payout."""
    await account.fetched([returned("po_1", 4_000)], states_period=False, states_balances=False)
    await run(account)
    assert await books(account) == {"balance usd": 4_000, "unmatched usd": 4_000}
    for day in (0, 1):
        await carried(account, "po_1", day=day)
        await run(account)
        assert await openings(account) == 0
        assert await books(account) == {"balance usd": 4_000 * (1 + day)}


@pytest.mark.parametrize(
    ("minors", "difference"), [((3_900,), -100), ((4_000, 4_000), 4_000), ((4_000,), None)]
)
@pytest.mark.parametrize("carrier", first_of(("po_2", None)))
async def test_return_of_another_amount_is_a_break(
    account: Settlement, minors: tuple[int, ...], difference: int | None, carrier: str | None
) -> None:
    """A part that came back, or the whole twice: the books have the payout back once, or not at all; another payout may carry it."""
    await reported(account, "po_1")
    await reported(account, "po_2")
    back = [returned("po_1", minor) for minor in minors]
    if carrier:
        rest = line("account_fee", 4_000 - sum(minors))
        back = [msgspec.structs.replace(one, payout_reference=carrier) for one in (*back, rest)]
    await account.fetched(back, states_balances=False)
    expected = [] if difference is None else [FoundBreak("payout_total", difference, "usd")]
    for _ in range(2):
        assert [one for one in await found(account) if one.break_class != "payout_unreported"] == expected


async def test_return_is_booked_once_where_a_run_dies(
    account: Settlement, monkeypatch: pytest.MonkeyPatch
) -> None:
    await account.fetched([returned("wd_0")], beginning_minor={"usd": 9_000})
    busy = account.reconciliation

    async def contended(*_: object, **__: object) -> Contended:
        return Contended()

    with monkeypatch.context() as patch:
        patch.setattr(busy._booker._payouts, "record", contended)
        result = await busy.run()
    assert result is not None
    assert len(result.problems) == 1
    assert (await run(account)).problems == ()
    assert await books(account) == {"balance usd": 14_000, "unmatched usd": 14_000}


async def test_return_that_the_log_has_is_kept_as_it_is(account: Settlement, owner_pool: Pool) -> None:
    """The record was set back to before the files; they come again the other way round."""
    await account.fetched([returned("wd_1")], day=1, beginning_minor={"usd": 9_000})
    await run(account)
    await account.fetched([withdrawn("wd_1")], beginning_minor={"usd": 14_000})
    await run(account)
    before = await books(account)
    async with owner_pool.acquire() as connection:
        await connection.execute("set session_replication_role = replica")
        for table in ("openings", "lines", "matched_files", "runs"):
            await connection.execute(f"delete from reconciliation.{table}")  # noqa: S608 -- the test's own names
        await connection.execute("update reconciliation.files set status = 'kept'")
    assert (await run(account)).problems == ()
    assert await books(account) == before == {"balance usd": 14_000, "unmatched usd": 14_000}
    assert await openings(account) == 14_000


@pytest.mark.parametrize("days", first_of([(0, 1), (0, 0)]))
async def test_payout_that_went_out_twice_is_a_break(account: Settlement, days: tuple[int, int]) -> None:
    """Two movements with ids of their own, in one file or in two: each is of the amount of the payout."""
    await reported(account, "po_1")
    lines = [line("payout", -4_000, references=("po_1",)) for _ in days]
    for day in sorted(set(days)):
        told = [one for one, of in zip(lines, days, strict=True) if of == day]
        await account.fetched(told, day=day, states_balances=False)
        await found(account)
    assert await found(account) == [FoundBreak("payout_total", 4_000, "usd")]


async def test_repeated_line_of_a_payout_is_a_duplicate_alone(account: Settlement) -> None:
    await reported(account, "po_1")
    told = line("payout", -4_000, references=("po_1",))
    await account.fetched([told, told], states_balances=False)
    assert await found(account) == [FoundBreak("duplicate", -4_000, "usd")]


NOT_BACK = FoundBreak("payout_total", 4_000, "usd")


@pytest.mark.parametrize("status", first_of(("failed", "canceled")))
@pytest.mark.parametrize("told", first_of(("by its lines", "itself")))
async def test_payout_that_files_do_not_have_back_differs(
    account: Settlement, status: PayoutStatus, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is out by the files, and back by the log. Until statements cover the time of its return, that is no break."""
    clock_says(monkeypatch, NEVER)
    await reported(account, "po_1")
    if told == "itself":
        await account.fetched([withdrawn("po_1", 4_000)], states_balances=False)
    else:
        await carried(account, "po_1", day=0)
    assert await found(account) == []
    await reported(account, "po_1", status, at=NOON + timedelta(days=1))
    assert await found(account) == []
    await account.fetched([], day=1, states_balances=False)
    for _ in range(2):
        assert await found(account) == [NOT_BACK]
    await account.fetched([returned("po_1", 4_000)], day=2, states_balances=False)
    assert await found(account) == []
    assert NOT_BACK in await account.breaks("matched_late")


async def test_payout_line_after_its_return_in_the_log_is_a_break(account: Settlement) -> None:
    """The log refuses what the line says, and the file is booked all the same. No later file comes: the clock counts."""
    await reported(account, "po_1", "failed", at=NOON - timedelta(days=1))
    await account.fetched([withdrawn("po_1", 4_000)], states_balances=False)
    with capture_logs() as logs:
        assert await found(account) == [NOT_BACK]
    (refused,) = [one for one in logs if one["event"] == "reconciliation.payout_line_refused"]
    assert (refused["payout"], refused["reason"]) == ("po_1", "contradicts_state")
    assert "known to be failed" in refused["detail"]


OVERDUE = FoundBreak("payout_overdue", -4_000, "usd")


async def test_payout_past_its_day_is_overdue_without_statements(account: Settlement) -> None:
    """It has no file either; the break goes once the PSP says what became of it."""
    await reported(account, "po_1", expected_at=NOON + timedelta(days=1))
    await reported(account, "po_2", at=AHEAD - timedelta(days=2), expected_at=AHEAD)
    await reported(account, "po_3", "paid", expected_at=NOON)
    assert await found_by_the_clock(account) == [OVERDUE]
    await reported(account, "po_1", "paid")
    assert await found_by_the_clock(account) == []
    assert await account.breaks("matched_late") == [OVERDUE]


async def test_payouts_without_a_day_are_one_overdue_sum(account: Settlement) -> None:
    """A PSP that never tells of arrivals leaves all of them in transit."""
    for reference in ("wd_1", "wd_2"):
        await reported(account, reference, expected_at=None)
    await reported(account, "wd_3", at=AHEAD - timedelta(days=2), expected_at=None)
    await reported(account, "wd_4", currency=Currency("eur"), expected_at=None)
    assert sorted(await found_by_the_clock(account)) == [
        FoundBreak("payout_overdue", -8_000, "usd"),
        FoundBreak("payout_overdue", -4_000, "eur"),
    ]


async def test_payouts_taken_hide_no_overdue_payouts(account: Settlement) -> None:
    """One that the PSP takes from the bank account has the other sign: together they may be nothing."""
    for reference, amount_minor in (("wd_1", 4_000), ("wd_2", -4_000)):
        await reported(account, reference, expected_at=None, amount_minor=amount_minor)
    for _ in range(2):
        assert await found_by_the_clock(account) == [OVERDUE, OVERDUE._replace(amount_minor=4_000)]
