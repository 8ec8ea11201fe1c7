"""Adjustments after LedgerDB was restored from before them, or the log was: nothing is booked twice, and nothing of them is lost."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from types import SimpleNamespace

import asyncpg
import msgspec
import pytest

from fincore.audit.invariants.adjustments_are_told import ADJUSTMENTS_ARE_TOLD
from fincore.audit.invariants.clearing_is_explained import CLEARING_IS_EXPLAINED
from fincore.backoffice.rebuilds import rebuild_reconciliation
from fincore.domain.adjustment_events import AdjustmentBooked, AdjustmentKind
from fincore.domain.currency import Currency
from fincore.domain.one_person_limits import OnePersonLimit
from fincore.domain.settlement_events import SETTLEMENT_FILE_EVENTS
from fincore.eventstore.commit import Provenance
from fincore.eventstore.log import EventLog
from fincore.eventstore.recorder import Recorded
from fincore.postgres.pool import Pool, create_pool
from fincore.reconciliation.adjustments.acts import Account, AdjustmentRefused, Adjustments
from fincore.reconciliation.adjustments.decision import Decision
from fincore.reconciliation.adjustments.telling import AdjustmentNotRecorded, AdjustmentTelling
from fincore.reconciliation.matching.matcher import Matcher
from fincore.reconciliation.reading.file_reader import FileReader
from fincore.reconciliation.reading.read_files import FileBooker
from fincore.reconciliation.rebuild.record_rebuild import RecordRebuild
from fincore.write.settlement.settlement_files import SettlementFileRecorder
from fixtures.settlement_account import Settlement, line, settlement
from fixtures.settlement_falsified import Payment, live
from fixtures.traffic import store_pool

PLAIN = Payment(10_000, 320, "usd", fee_is_late=False, by_parent=False, refunds=(), dispute="")
DECISIONS = ("adjustment_reversals", "adjustment_parts", "adjustments")
RECORD = (
    *DECISIONS,
    "break_parts",
    "matches",
    "matched_totals",
    "matched_files",
    "open_lines",
    "open_items",
    "break_actions",
    "break_states",
    "breaks",
    "day_reports",
    "reports",
    "runs",
)
STANDING = (
    "delete from reconciliation.break_actions where run_no is null",
    "update reconciliation.breaks set status = 'open', action_no = 0, closed_at = null, closed_by = null",
)


@pytest.fixture
async def account(dsn: str) -> AsyncIterator[Settlement]:
    pool = await create_pool(dsn, application_name="tests", role="fincore_service")
    try:
        async with store_pool(dsn, "ledgerdb") as ledgerdb, settlement(pool, ledgerdb) as one:
            yield one
    finally:
        pool.terminate()


async def run(account: Settlement) -> None:
    assert await account.reconciliation.run() is not None
    await account.book()


async def lose(owner_pool: Pool, tables: Sequence[str], *further: str) -> None:
    """Have the database as a backup of before has it."""
    async with owner_pool.acquire() as connection:
        await connection.execute("set session_replication_role = replica")
        for table in tables:
            await connection.execute(f"delete from reconciliation.{table}")  # noqa: S608 -- the test's own names
        for statement in further:
            await connection.execute(statement)
        await connection.execute("reset session_replication_role")


def acts(account: Settlement) -> Adjustments:
    limits = (OnePersonLimit(Currency("usd"), 10**9, 10**12),)
    return Adjustments(account.ledgerdb, limits, account.adjustments)


async def write_off(account: Settlement, break_class: str) -> AdjustmentBooked:
    (found,) = await account.rows(
        f"select break_id, amount_minor from reconciliation.breaks where class = '{break_class}'"  # noqa: S608 -- as above
    )
    decision = Decision(kind="write_off", amount_minor=found["amount_minor"], by="ada", reason="agreed")
    booked = await acts(account).adjust(found["break_id"], decision)
    await AdjustmentTelling(account.ledgerdb, account.adjustments).tell()
    return booked


async def short_and_charged(account: Settlement) -> None:
    """A payment that is paid out with too little, and a movement that nothing explains."""
    one = live(PLAIN, account.psp, account.psp_account)
    await account.happen(one.stream_id, *one.events)
    told = line("payment", 9_000, -320, references=one.lines[0].references)
    await account.fetched([told, line("adjustment", -700)], beginning_minor={"usd": 50_000})
    await run(account)
    await write_off(account, "amount")
    await write_off(account, "unexpected_movement")
    usd = Account(psp=account.psp, psp_account=account.psp_account, livemode=False, currency=Currency("usd"))
    await acts(account).explain_opening(usd, 50_000, by="ada", reason="the books of before")
    await AdjustmentTelling(account.ledgerdb, account.adjustments).tell()
    await account.book()


async def is_ended(account: Settlement) -> bool:
    """Nothing is open and all of it is booked once."""
    stores = SimpleNamespace(eventstore=account.dsn_pool, ledgerdb=account.ledgerdb)
    expenses = await account.rows(
        "select balance_minor from ledgerdb.accounts where name like 'expense:write_offs:%'"
    )
    return (
        await CLEARING_IS_EXPLAINED.check(stores) == []
        and await account.breaks() == []
        and await account.balances() == {"balance usd": 9_000 - 320 - 700 + 50_000}
        and [row["balance_minor"] for row in expenses] == [1_700]
    )


async def untold(account: Settlement) -> list[str]:
    """What breaks the invariant that both sides tell of the same decisions."""
    stores = SimpleNamespace(eventstore=account.dsn_pool, ledgerdb=account.ledgerdb)
    return [one.what for one in await ADJUSTMENTS_ARE_TOLD.check(stores)]


async def test_altered_decision_breaks_an_invariant(account: Settlement, owner_pool: Pool) -> None:
    await account.fetched([line("adjustment", -700)])
    await run(account)
    await write_off(account, "unexpected_movement")
    await lose(
        owner_pool, (), "update reconciliation.adjustments set booked = booked || '{\"gross_minor\": -701}'"
    )
    assert await untold(account) == ["is not what the record of adjustments says"]


async def test_decisions_that_a_backup_lacks_are_taken_over(account: Settlement, owner_pool: Pool) -> None:
    await short_and_charged(account)
    before = await account.rows("select adjustment_id, booked from reconciliation.adjustments order by 1")
    assert await untold(account) == []
    await lose(owner_pool, DECISIONS, *STANDING)
    assert len(await untold(account)) == 3
    await run(account)
    assert await is_ended(account)
    assert await untold(account) == []
    kept = await account.rows("select adjustment_id, booked from reconciliation.adjustments order by 1")
    assert kept == before
    assert len(await account.breaks("written_off")) == 2
    await run(account)
    assert await is_ended(account)


async def test_record_with_adjustments_is_derived_anew(account: Settlement, owner_pool: Pool) -> None:
    await short_and_charged(account)
    await run(account)
    assert await is_ended(account)
    matches = "select part, rule, line_no is null, entry_id from reconciliation.matches order by 1, 2, 3, 4"
    before = await account.rows(matches)
    await lose(owner_pool, RECORD)
    files = SettlementFileRecorder(EventLog(account.dsn_pool, SETTLEMENT_FILE_EVENTS), account.writer)
    record = RecordRebuild(
        account.ledgerdb,
        account.log,
        reader=FileReader(account.ledgerdb, files, account.evidence, account.formats),
        booker=FileBooker(account.ledgerdb, files, account.payouts),
        matcher=Matcher(account.ledgerdb, account.payouts),
        adjustments=account.adjustments,
    )
    found = await rebuild_reconciliation(account.reconciliation, record, account.book)
    assert found is not None
    assert found.rebuilt.differences == ()
    await account.book()
    assert await account.rows(matches) == before
    assert await is_ended(account)


async def test_decision_that_the_log_lost_is_told_again(account: Settlement, owner_pool: Pool) -> None:
    """The log was set back to before it, and the ledger with it."""
    await account.fetched([line("adjustment", -700)])
    await run(account)
    booked = await write_off(account, "unexpected_movement")
    await lose(owner_pool, (), "delete from eventstore.events where type = 'adjustment.booked'")
    assert await untold(account) == ["was told to the log, and the log does not have it"]
    await run(account)
    assert await untold(account) == []
    adjustment = await account.adjustments.load(booked.adjustment_id)
    assert adjustment is not None
    assert adjustment.booked == booked
    assert await account.breaks() == []
    assert await account.balances() == {"balance usd": -700}


@pytest.mark.parametrize("is_booked", [True, False], ids=["booked", "in_the_log_alone"])
async def test_lost_decision_is_not_made_again_before_a_run(
    account: Settlement, owner_pool: Pool, *, is_booked: bool
) -> None:
    await account.fetched([line("adjustment", -700)])
    await run(account)
    booked = await write_off(account, "unexpected_movement")
    if is_booked:
        await account.book()
    await lose(owner_pool, DECISIONS, *STANDING)
    with pytest.raises(AdjustmentRefused, match=f"{booked.adjustment_id} .*`fincore reconcile run` takes it"):
        await write_off(account, "unexpected_movement")
    assert await account.rows("select from reconciliation.adjustments") == []
    await account.fetched([line("adjustment", -55)], day=1, beginning_minor={"usd": -700})
    await run(account)
    assert await untold(account) == []
    assert [(one.break_class, one.amount_minor) for one in await account.breaks()] == [
        ("unexpected_movement", -55)
    ]
    (kept,) = await account.rows("select adjustment_id from reconciliation.adjustments")
    assert kept["adjustment_id"] == booked.adjustment_id


async def test_lost_reversal_is_not_made_again_before_a_run(account: Settlement, owner_pool: Pool) -> None:
    await account.fetched([line("adjustment", -700)])
    await run(account)
    booked = await write_off(account, "unexpected_movement")
    await account.book()
    reversing = await acts(account).reverse(booked.adjustment_id, by="ada", reason="wrong")
    await AdjustmentTelling(account.ledgerdb, account.adjustments).tell()
    await lose(
        owner_pool,
        ("adjustment_reversals",),
        "delete from reconciliation.break_actions where action = 'reverse'",
        "update reconciliation.breaks set status = 'written_off', action_no = 1, closed_at = now()",
    )
    for _ in range(2):
        with pytest.raises(
            AdjustmentRefused, match=f"{booked.adjustment_id} .*`fincore reconcile run` takes"
        ):
            await acts(account).reverse(booked.adjustment_id, by="ada", reason="wrong")
        await account.book()
    await run(account)
    assert await untold(account) == []
    assert await acts(account).reverse(booked.adjustment_id, by="ada", reason="wrong") == reversing
    assert len(await account.breaks()) == 1


async def test_lost_explanation_is_not_made_again_before_a_run(account: Settlement, owner_pool: Pool) -> None:
    await account.fetched([], beginning_minor={"usd": 50_000})
    await run(account)
    usd = Account(psp=account.psp, psp_account=account.psp_account, livemode=False, currency=Currency("usd"))
    booked = await acts(account).explain_opening(usd, 50_000, by="ada", reason="the books of before")
    await AdjustmentTelling(account.ledgerdb, account.adjustments).tell()
    await lose(owner_pool, DECISIONS)
    with pytest.raises(AdjustmentRefused, match=f"{booked.adjustment_id} .*`fincore reconcile run` takes it"):
        await acts(account).explain_opening(usd, 50_000, by="ada", reason="the books of before")
    await run(account)
    again = await acts(account).explain_opening(usd, 50_000, by="ada", reason="the books of before")
    assert again == booked
    assert await untold(account) == []


async def decided_untold(account: Settlement, kind: AdjustmentKind = "write_off") -> AdjustmentBooked:
    """A decision that the log was not told of."""
    (found,) = await account.rows("select break_id, amount_minor from reconciliation.breaks")
    decision = Decision(kind=kind, amount_minor=found["amount_minor"], by="ada", reason="agreed")
    return await acts(account).adjust(found["break_id"], decision)


async def test_log_counts_where_it_has_another_decision(account: Settlement) -> None:
    await account.fetched([line("adjustment", -700)])
    await run(account)
    booked = await decided_untold(account)
    other = msgspec.structs.replace(booked, by="grace", occurred_at=booked.occurred_at + timedelta(hours=1))
    assert isinstance(
        await account.adjustments.book(other, Provenance(correlation=booked.adjustment_id, actor="test")),
        Recorded,
    )
    await run(account)
    assert await untold(account) == []
    assert await account.breaks() == []
    (kept,) = await account.rows("select decided_by, decided_at from reconciliation.adjustments")
    assert tuple(kept) == ("grace", other.occurred_at)
    reversing = await acts(account).reverse(booked.adjustment_id, by="ada", reason="wrong")
    there = await account.adjustments.reverse(
        msgspec.structs.replace(reversing, by="grace"),
        Provenance(correlation=booked.adjustment_id, actor="test"),
    )
    assert isinstance(there, Recorded)
    await run(account)
    assert await untold(account) == []
    (kept,) = await account.rows("select decided_by from reconciliation.adjustment_reversals")
    assert kept["decided_by"] == "grace"


@pytest.mark.parametrize(("told", "status"), [("adjustment", "adjusted"), ("write_off", "written_off")])
async def test_break_stands_as_the_log_says_that_it_ended(
    account: Settlement, told: AdjustmentKind, status: str
) -> None:
    """The log has the decision as one of the other kind; a run confirms the break, and the reversal opens it."""
    await account.fetched([line("adjustment", -700)])
    await run(account)
    kinds: list[AdjustmentKind] = ["adjustment", "write_off"]
    kinds.remove(told)
    booked = await decided_untold(account, *kinds)
    other = msgspec.structs.replace(booked, kind=told, by="grace")
    provenance = Provenance(correlation=booked.adjustment_id, actor="test")
    assert isinstance(await account.adjustments.book(other, provenance), Recorded)
    await run(account)
    (found,) = await account.rows("select status, closed_by from reconciliation.breaks")
    assert (found["status"], found["closed_by"] is not None) == (status, True)
    actions = await account.rows(
        "select action, actor from reconciliation.break_actions order by break_id, action_no"
    )
    assert tuple(actions[-1]) == ("correct", "operator:grace")
    await acts(account).reverse(booked.adjustment_id, by="ada", reason="wrong")
    await run(account)
    assert [one.amount_minor for one in await account.breaks()] == [-700]


async def test_decision_about_other_lines_stops_no_run(account: Settlement, owner_pool: Pool) -> None:
    await account.fetched([line("adjustment", -700)])
    await run(account)
    booked = await decided_untold(account)
    other = msgspec.structs.replace(booked, gross_minor=-701, lines=())
    assert isinstance(
        await account.adjustments.book(other, Provenance(correlation=booked.adjustment_id, actor="test")),
        Recorded,
    )
    telling = AdjustmentTelling(account.ledgerdb, account.adjustments)
    assert await telling.tell(booked.adjustment_id) is False
    await account.fetched([line("adjustment", -55)], day=1, beginning_minor={"usd": -700})
    await run(account)
    await run(account)
    assert await untold(account) == ["is not what the record of adjustments says"]
    assert {one.break_class for one in await account.breaks()} >= {"adjustment", "unexpected_movement"}
    with pytest.raises(asyncpg.RestrictViolationError, match="is about other lines"):
        await owner_pool.execute(
            "update reconciliation.adjustments set told_at = now(), booked = booked - 'lines'"
        )


async def test_refused_decision_keeps_no_other_from_the_log(account: Settlement, owner_pool: Pool) -> None:
    await account.fetched([line("adjustment", amount) for amount in (-700, -55, -56)])
    await run(account)
    first, second, third = [
        await acts(account).adjust(
            found["break_id"],
            Decision(kind="adjustment", amount_minor=found["amount_minor"], by="ada", reason="agreed"),
        )
        for found in await account.rows("select * from reconciliation.breaks order by break_id")
    ]
    too_large = """update reconciliation.adjustments
        set booked = booked || jsonb_build_object('lines', to_jsonb(array_fill(booked -> 'lines' -> 0, array[201])))
        where adjustment_id = '{}'"""
    await lose(owner_pool, (), too_large.format(first.adjustment_id))
    telling = AdjustmentTelling(account.ledgerdb, account.adjustments)
    assert await telling.tell(second.adjustment_id)
    with pytest.raises(AdjustmentNotRecorded, match=f"{first.adjustment_id}: it is about 201 parts"):
        await telling.tell()
    told = [await account.adjustments.load(one.adjustment_id) for one in (first, second, third)]
    assert [one.booked if one else None for one in told] == [None, second, third]
