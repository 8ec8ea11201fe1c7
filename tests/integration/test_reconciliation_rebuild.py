"""`fincore rebuild reconciliation`: what LedgerDB lost of reconciliation is derived anew as the log tells it, or not at all."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from fincore.__main__ import main
from fincore.audit.invariants.clearing_is_explained import CLEARING_IS_EXPLAINED
from fincore.audit.invariants.differences_have_breaks import DIFFERENCES_HAVE_BREAKS
from fincore.audit.invariants.settlement_events_have_lines import SETTLEMENT_EVENTS_HAVE_LINES
from fincore.backoffice.rebuilds import ReconciliationRebuild, rebuild_reconciliation
from fincore.domain.adjustment_events import AdjustmentBooked, AdjustmentKind
from fincore.domain.money import Money
from fincore.domain.one_person_limits import OnePersonLimit
from fincore.domain.outcome import PspReference
from fincore.domain.payout import PayoutAccount, PayoutReport
from fincore.domain.settlement_events import SETTLEMENT_FILE_EVENTS, BankAccount
from fincore.eventstore.log import EventLog
from fincore.postgres.pool import Pool, create_pool
from fincore.reconciliation.adjustments.acts import Account, Adjustments
from fincore.reconciliation.adjustments.decision import Decision
from fincore.reconciliation.adjustments.telling import AdjustmentTelling
from fincore.reconciliation.evidence.port import EvidenceNotKept
from fincore.reconciliation.line import SettlementLine
from fincore.reconciliation.matching import break_writer
from fincore.reconciliation.matching.matcher import Matcher
from fincore.reconciliation.matching.preconditions import RunRefused
from fincore.reconciliation.reading.file_reader import FileReader
from fincore.reconciliation.reading.read_files import FileBooker
from fincore.reconciliation.rebuild.record_rebuild import RebuildRefused, RebuiltRecord, RecordRebuild
from fincore.reconciliation.rebuild.told import NOTHING, Sums
from fincore.reconciliation.run import RunResult
from fincore.write.settlement.settlement_files import SettlementFileRecorder
from fixtures.commits import PROVENANCE
from fixtures.sampling import first_of
from fixtures.settlement_account import USD, Settlement, line, settlement
from fixtures.settlement_falsified import WHEN, Lived, Payment, Refund, live
from fixtures.traffic import store_pool

PLAIN = Payment(10_000, 320, "usd", fee_is_late=False, by_parent=False, refunds=(), dispute="")
LIMITS = (OnePersonLimit(USD, 10**9, 10**12),)
LATE_FEE = PLAIN._replace(fee_is_late=True)
RECORD = (
    "break_parts",
    "adjustment_reversals",
    "adjustment_parts",
    "adjustments",
    "matches",
    "matched_totals",
    "converted_totals",
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
FORGET = "delete from reconciliation.{}"
FORGET_LAST = "delete from reconciliation.{} where run_no = (select max(run_no) from reconciliation.runs)"
MOVE_CLOCK = "update eventstore.events set recorded_at = recorded_at + interval '{}'"
FILES = ("lines", "openings", "moved_of_accounts", "arrivals", "files", "sources")
LOST = [
    pytest.param((*RECORD, *FILES), id="all"),
    pytest.param(RECORD, id="runs", marks=pytest.mark.long),
]


@pytest.fixture
async def account(dsn: str) -> AsyncIterator[Settlement]:
    pool = await create_pool(dsn, application_name="tests", role="fincore_service")
    try:
        async with store_pool(dsn, "ledgerdb") as ledgerdb, settlement(pool, ledgerdb) as one:
            yield one
    finally:
        pool.terminate()


async def happen(account: Settlement, payment: Payment = PLAIN) -> Lived:
    one = live(payment, account.psp, account.psp_account)
    await account.happen(one.stream_id, *one.events)
    return one


async def run(account: Settlement) -> RunResult:
    result = await account.reconciliation.run()
    assert result is not None
    await account.book()
    return result


async def set_back(owner_pool: Pool, *statements: str) -> None:
    """Have the database as a backup of before has it, where no one else may delete."""
    async with owner_pool.acquire() as connection:
        await connection.execute("set session_replication_role = replica")
        for statement in statements:
            await connection.execute(statement)
        await connection.execute("reset session_replication_role")


async def lose(owner_pool: Pool, *tables: str) -> None:
    await set_back(owner_pool, *map(FORGET.format, tables))


async def lose_last_run(owner_pool: Pool) -> None:
    """Set the record back to before the last run, and to after one that left nothing open."""
    await set_back(
        owner_pool,
        *(
            FORGET_LAST.format(table)
            for table in (
                "matches",
                "matched_totals",
                "converted_totals",
                "matched_files",
                "break_states",
                "reports",
                "runs",
            )
        ),
    )
    await lose(owner_pool, "break_actions", "breaks", "open_lines", "open_items", "day_reports")


def record_rebuild(account: Settlement) -> RecordRebuild:
    files = SettlementFileRecorder(EventLog(account.dsn_pool, SETTLEMENT_FILE_EVENTS), account.writer)
    return RecordRebuild(
        account.ledgerdb,
        account.log,
        reader=FileReader(account.ledgerdb, files, account.evidence, account.formats),
        booker=FileBooker(account.ledgerdb, files, account.payouts),
        matcher=Matcher(account.ledgerdb, account.payouts),
        adjustments=account.adjustments,
    )


async def rebuild(account: Settlement) -> ReconciliationRebuild:
    found = await rebuild_reconciliation(account.reconciliation, record_rebuild(account), account.book)
    assert found is not None
    await account.book()
    return found


async def is_sound(account: Settlement) -> bool:
    """Whether the invariants of settlement hold."""
    stores = SimpleNamespace(eventstore=account.dsn_pool, ledgerdb=account.ledgerdb)
    return not [
        violation
        for invariant in (CLEARING_IS_EXPLAINED, SETTLEMENT_EVENTS_HAVE_LINES, DIFFERENCES_HAVE_BREAKS)
        for violation in await invariant.check(stores)
    ]


async def events(account: Settlement) -> int:
    (row,) = await account.rows("select count(*) as events from eventstore.events")
    return int(row["events"])


async def record(account: Settlement) -> Sequence[object]:
    """What the record says, without the numbers that the database gives."""
    return [
        [tuple(row) for row in await account.rows(statement)]
        for statement in (
            "select file_id, name, source, status, period_start, period_end from reconciliation.files order by file_id",
            "select file_id, number, psp_reference, gross_minor, fee_minor from reconciliation.lines order by file_id, number",
            """select r.run_id, r.cut_off, t.file_id, t.kind, t.currency, t.lines, t.gross_minor, t.fee_minor
                from reconciliation.matched_totals t join reconciliation.runs r using (run_no) order by 1, 3, 4, 5""",
            """select l.file_id, l.number, m.part, m.rule, m.entry_id, m.account_id, r.run_id from reconciliation.matches m
                join reconciliation.lines l using (line_no) join reconciliation.runs r using (run_no) order by 1, 2, 3""",
            """select a.adjustment_id, a.generation, a.booked, a.decided_at, r.reversed, b.class, b.amount_minor
                from reconciliation.adjustments a left join reconciliation.adjustment_reversals r using (adjustment_id)
                left join reconciliation.breaks b using (break_id) order by 1""",
            "select adjustment_id, part, entry_id, account_id from reconciliation.adjustment_parts order by 1, 2, 3",
            "select psp, psp_account, currency, moved_minor from reconciliation.moved_of_accounts order by 1, 2, 3",
            "select class, amount_minor, status, entry_id, reference from reconciliation.breaks order by 1, 2, 3, 4, 5",
        )
    ]


async def days_passed(account: Settlement) -> list[Lived]:
    """Three runs: a payment told; two told of which one is false and one has its fee late; the false one set right, and a day left out."""
    first = await happen(account)
    await account.fetched(first.lines)
    await run(account)
    second, third = await happen(account), await happen(account, LATE_FEE)
    (told,) = second.lines
    wrong: list[SettlementLine] = [
        line("payment", told.gross_minor - 1, told.fee_minor, references=told.references)
    ]
    await account.fetched([*wrong, *third.lines], day=1)
    await run(account)
    rest = line("payment", 1, 0, references=told.references)
    await account.fetched([rest, line("account_fee", -100)], day=3)
    await run(account)
    return [first, second, third]


@pytest.mark.parametrize("tables", LOST)
async def test_lost_record_is_derived_as_it_was(
    account: Settlement, owner_pool: Pool, tables: Sequence[str]
) -> None:
    await days_passed(account)
    before, balances, logged = await record(account), await account.balances(), await events(account)
    await lose(owner_pool, *tables)
    with pytest.raises(RunRefused):
        await account.reconciliation.run()
    found = await rebuild(account)
    assert found.rebuilt.differences == ()
    assert (found.rebuilt.files, found.rebuilt.runs) == (3 if "files" in tables else 0, 3)
    assert await record(account) == before
    assert await account.balances() == balances
    assert await events(account) == logged
    assert await is_sound(account)
    (kept,) = await account.rows(
        "select count(*) as runs, count(finished_at) as finished, count(r.run_no) as reports"
        " from reconciliation.runs left join reconciliation.reports r using (run_no)"
    )
    assert kept["runs"] == kept["finished"] == kept["reports"] == 4


@pytest.mark.parametrize("tables", LOST)
async def test_derived_run_knows_what_it_knew_then_alone(
    account: Settlement, owner_pool: Pool, tables: Sequence[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(break_writer, "LATE_AFTER", timedelta(days=3_650))
    await told_a_day_later(account)
    before = await record(account)
    await lose(owner_pool, *tables)
    await rebuild(account)
    assert await record(account) == before
    assert before[-1] == []


async def test_file_that_was_late_is_late_in_derived_runs(account: Settlement, owner_pool: Pool) -> None:
    """It came before the last run, the runs before that knew nothing of it, and its source is declared no more since."""
    for day in (0, 1):
        told = await happen(account)
        file_id = await account.fetched(told.lines, day=day)
        await set_back(
            owner_pool,
            "update reconciliation.sources set late_after = interval '1 day', declared_at = now() - interval '2 days'",
            "insert into reconciliation.arrivals (source, name, size_bytes, remote_mtime, file_id, finding)"  # noqa: S608 -- of the test's own
            f" select source, name, size_bytes, remote_mtime, file_id, 'new' from reconciliation.files where file_id = '{file_id}' and {day} = 1",
        )
        await run(account)
    before = await record(account)
    (late,) = await account.rows("select status from reconciliation.breaks where class = 'file_late'")
    assert late["status"] == "matched_late"
    await set_back(owner_pool, "update reconciliation.sources set withdrawn_at = now()")
    await lose(owner_pool, *RECORD)
    await rebuild(account)
    assert await record(account) == before


@pytest.mark.parametrize("ahead", first_of(("1 day", "-1 day")))
async def test_record_is_derived_where_clocks_of_servers_differ(
    account: Settlement, owner_pool: Pool, ahead: str
) -> None:
    """The log's server and LedgerDB's tell other times: what a run saw is found all the same."""
    await days_passed(account)
    before = await record(account)
    await lose(owner_pool, *RECORD)
    await set_back(owner_pool, MOVE_CLOCK.format(ahead))
    assert (await rebuild(account)).rebuilt.differences == ()
    assert await record(account) == before


async def test_rebuild_leaves_the_turn_of_another_process_alone(account: Settlement) -> None:
    async with account.reconciliation.turn() as is_ours:
        assert is_ours
        found = await rebuild_reconciliation(account.reconciliation, record_rebuild(account), account.book)
    assert found is None


async def test_record_of_a_backup_is_continued(account: Settlement, owner_pool: Pool) -> None:
    first = await happen(account)
    await account.fetched(first.lines)
    await run(account)
    second = await happen(account)
    await account.fetched(second.lines, day=1)
    await run(account)
    before, logged = await record(account), await events(account)
    await lose_last_run(owner_pool)
    found = await rebuild(account)
    assert (found.rebuilt.files, found.rebuilt.runs, found.rebuilt.differences) == (0, 1, ())
    assert await record(account) == before
    assert await events(account) == logged
    assert await is_sound(account)


async def test_record_that_is_whole_stays_as_it_is(account: Settlement) -> None:
    await days_passed(account)
    before, logged = await record(account), await events(account)
    found = await rebuild(account)
    assert (found.rebuilt.files, found.rebuilt.runs, found.rebuilt.differences) == (0, 0, ())
    assert await record(account) == before
    assert await events(account) == logged


async def test_run_after_a_rebuild_tells_the_rest_only(account: Settlement, owner_pool: Pool) -> None:
    await days_passed(account)
    later = await happen(account)
    new = await account.fetched(later.lines, day=3)
    await lose(owner_pool, *RECORD)
    found = await rebuild(account)
    assert found.run is not None
    assert (found.run.files_booked, found.run.lines_matched) == (1, 1)
    last = await account.rows(
        "select data ->> 'file_id' as file_id from eventstore.events where type = 'settlement_file.matched'"
        " order by tx desc, pos desc limit 2"
    )
    assert [row["file_id"] == new for row in last] == [True, False]
    assert await is_sound(account)


@pytest.mark.parametrize("dies_in", first_of(("book", "read", "match_again", "finish")))
async def test_rebuild_that_dies_is_continued(
    account: Settlement, owner_pool: Pool, monkeypatch: pytest.MonkeyPatch, dies_in: str
) -> None:
    """It dies in each of its files or runs; each time the next one goes on."""
    await days_passed(account)
    before, logged = await record(account), await events(account)
    await lose(owner_pool, *RECORD, *FILES)
    kind = {"read": FileReader, "book": FileBooker}.get(dies_in, Matcher)
    whole = getattr(kind, dies_in)
    died: set[object] = set()

    async def dies(self: object, *arguments: object, **named: object) -> object:
        result = await whole(self, *arguments, **named)
        if arguments[0] not in died:
            died.add(arguments[0])
            raise ConnectionError
        return result

    monkeypatch.setattr(kind, dies_in, dies)
    for _ in range(8):
        try:
            await rebuild(account)
            break
        except ConnectionError:
            await account.book()
    assert len(died) >= 3
    assert await record(account) == before
    assert await events(account) == logged
    assert await is_sound(account)


async def test_log_that_lacks_a_part_of_the_last_run_is_told_it(
    account: Settlement, owner_pool: Pool
) -> None:
    """The process died after the event of one file; then the database was lost."""
    first, second = await happen(account), await happen(account)
    await account.fetched(first.lines)
    await account.fetched(second.lines, day=1)
    dying = account.reconciliation
    whole = dying._files.match
    calls = 0

    async def dies(*arguments: object, **named: object) -> object:
        nonlocal calls
        calls += 1
        if calls > 1:
            raise ConnectionError
        return await whole(*arguments, **named)  # type: ignore[arg-type]

    dying._files.match = dies  # type: ignore[method-assign, assignment]
    with pytest.raises(ConnectionError):
        await dying.run()
    await account.book()
    await lose(owner_pool, *RECORD)
    found = await rebuild(account)
    assert found.rebuilt.runs == 1
    matched = await account.rows("select from eventstore.events where type = 'settlement_file.matched'")
    assert len(matched) == 2
    assert not {"missing_here", "missing_there"} & {one.break_class for one in await account.breaks()}
    assert await is_sound(account)


async def test_payment_that_a_lost_run_did_not_see_is_left_to_the_next(
    account: Settlement, owner_pool: Pool
) -> None:
    """Its line was there before it; the run that did not see it matched nothing of it."""
    first, late = await happen(account), live(PLAIN, account.psp, account.psp_account)
    await account.fetched([*first.lines, *late.lines])
    slow = account.reconciliation
    whole = slow._record

    async def record_late(opened: object) -> None:
        if not await account.rows("select from reconciliation.runs where finished_at is not null"):
            await account.happen(late.stream_id, *late.events)
            await account.book()
        await whole(opened)  # type: ignore[arg-type]

    slow._record = record_late  # type: ignore[method-assign, assignment]
    await slow.run()
    await account.book()
    await run(account)
    before = await record(account)
    await lose(owner_pool, *RECORD)
    found = await rebuild(account)
    assert (found.rebuilt.runs, found.rebuilt.differences) == (2, ())
    assert (await record(account))[:-1] == before[:-1]
    assert await is_sound(account)


async def test_lost_run_across_currencies_is_derived_anew(account: Settlement, owner_pool: Pool) -> None:
    """With what its refund at another rate realised of the position that the run before left."""
    refund = Refund(40, gives_fee_back=False, fails=False)
    one = await happen(account, PLAIN._replace(rate_percent=73, refunds=(refund,)))
    (paid, back) = one.lines
    await account.fetched([paid])
    await run(account)
    await account.fetched([back], day=1, beginning_minor={"gbp": paid.net_minor})
    await run(account)
    converted = "select * from reconciliation.converted_totals order by run_no"
    before = await account.rows(converted)
    assert [row["realised_minor"] for row in before] == [0, -40]
    await lose(owner_pool, *RECORD)
    found = await rebuild(account)
    assert (found.rebuilt.runs, found.rebuilt.differences) == (2, ())
    assert [tuple(row)[1:] for row in await account.rows(converted)] == [tuple(row)[1:] for row in before]
    assert await is_sound(account)


async def test_lost_run_that_differs_is_refused_with_its_differences(
    account: Settlement, owner_pool: Pool
) -> None:
    await days_passed(account)
    balances, logged = await account.balances(), await events(account)
    await lose(owner_pool, *RECORD)
    await set_back(
        owner_pool,
        "delete from reconciliation.lines where line_no = (select min(line_no) from reconciliation.lines)",
    )
    found = await rebuild(account)
    (one,) = found.rebuilt.differences
    assert (one.part.kind, one.part.currency) == ("payment", "usd")
    assert (one.told, one.found) == (Sums(1, 10_000, -320), NOTHING)
    assert found.run is None
    assert await account.rows("select from reconciliation.runs") == []
    with pytest.raises(RunRefused):
        await account.reconciliation.run()
    assert (await account.balances(), await events(account)) == (balances, logged)


async def test_rebuild_without_evidence_is_refused(account: Settlement, owner_pool: Pool) -> None:
    await days_passed(account)
    await lose(owner_pool, *RECORD, *FILES)

    async def gone(*_: object) -> None:
        raise EvidenceNotKept("the kept file paypal/eu/1-a cannot be read (No such file)")

    record_of = record_rebuild(account)
    record_of._reader._evidence = SimpleNamespace(open=gone)
    with pytest.raises(RebuildRefused, match="Bring the evidence back"):
        await rebuild_reconciliation(account.reconciliation, record_of, account.book)
    assert (await rebuild(account)).rebuilt.files == 3
    assert await is_sound(account)


async def test_file_that_is_read_otherwise_now_is_refused(account: Settlement, owner_pool: Pool) -> None:
    await days_passed(account)
    before = await record(account)
    await lose(owner_pool, *RECORD, *FILES)
    content, written = next(iter(account.file_format.files.items()))
    account.file_format.files[content] = written._replace(lines=[line("payment", 1)])
    with pytest.raises(RebuildRefused, match="with other totals"):
        await rebuild(account)
    assert await account.rows("select from reconciliation.lines") == []
    account.file_format.files[content] = written
    await rebuild(account)
    assert await record(account) == before


async def test_payouts_of_files_that_are_read_again_stay_as_they_are(
    account: Settlement, owner_pool: Pool
) -> None:
    """One arrived since, and one came back in a later file: their files tell again that they are on their way."""
    at = PayoutAccount(psp=account.psp, psp_account=account.psp_account, livemode=False)
    sent = [line("payout", -1_000, references=(f"PO{number}",)) for number in (1, 2)]
    await account.fetched([line("adjustment", 3_000), *sent])
    await run(account)
    payouts = [await account.payouts.load(at.payout_id(PspReference(f"PO{number}"))) for number in (1, 2)]
    assert None not in payouts
    paid = PayoutReport(
        psp_reference=PspReference("PO1"),
        money=Money(1_000, USD),
        status="paid",
        created_at=sent[0].occurred_at,
        occurred_at=sent[0].occurred_at + timedelta(days=1),
    )
    await account.payouts.record(at, paid, PROVENANCE, bank_account=BankAccount("main"))
    await account.fetched([line("payout_returned", 1_000, parent_reference="PO2")], day=1)
    await run(account)
    before, balances, logged = await record(account), await account.balances(), await events(account)
    await lose(owner_pool, *RECORD, *FILES)
    assert (await rebuild(account)).rebuilt.files == 2
    assert await events(account) == logged
    assert await account.balances() == balances
    assert (await record(account))[:2] == before[:2]
    assert await is_sound(account)


async def test_file_of_another_account_that_was_booked_is_read_again(
    account: Settlement, owner_pool: Pool
) -> None:
    """Its source was declared with the account then; the log has it, and it is believed."""
    await account.fetched([line("account_fee", -100)], account_id="A")
    await run(account)
    await account.ledgerdb.execute(
        "update reconciliation.sources set account_id = 'B' where psp_account = $1", account.psp_account
    )
    await account.fetched([line("account_fee", -200)], day=1, account_id="B")
    await run(account)
    before = await record(account)
    await lose(owner_pool, *RECORD, *FILES)
    assert (await rebuild(account)).rebuilt.files == 2
    assert await record(account) == before


async def test_booked_file_that_waits_for_a_person_now_is_named(
    account: Settlement, owner_pool: Pool
) -> None:
    """It was fetched again after the loss, under the name of another one, and who released it is not in the log."""
    await days_passed(account)
    before = await record(account)
    await lose(owner_pool, *RECORD, *FILES)
    first, second, _ = account.file_format.files
    replaced = await account.kept(first, name="STL.CSV")
    waiting = await account.kept(second, name="STL.CSV", replaces=replaced)
    with pytest.raises(RebuildRefused, match=rf"STL-001-.*{waiting}.* is kept here and waits for a person"):
        await rebuild(account)
    await set_back(
        owner_pool, "update reconciliation.files set is_released = true where replaces is not null"
    )
    await rebuild(account)
    assert (await record(account))[1:-1] == before[1:-1]


async def adjusted(account: Settlement, kind: AdjustmentKind, break_class: str) -> AdjustmentBooked:
    """Have a person end the one break of a class."""
    (found,) = [
        one
        for one in await account.rows("select * from reconciliation.breaks where closed_at is null")
        if one["class"] == break_class
    ]
    decision = Decision(kind=kind, amount_minor=found["amount_minor"], by="ada", reason="agreed")
    booked = await Adjustments(account.ledgerdb, LIMITS, account.adjustments).adjust(
        found["break_id"], decision
    )
    await told(account)
    return booked


async def told(account: Settlement) -> None:
    await AdjustmentTelling(account.ledgerdb, account.adjustments).tell()
    await account.book()


async def written_off(account: Settlement) -> None:
    """A payment that no statement has; the run that matches it with what was written off leaves no event."""
    await happen(account)
    await account.fetched([])
    await run(account)
    await adjusted(account, "write_off", "missing_there")
    await run(account)


async def adjusted_lines(account: Settlement) -> None:
    """A line that no payment has, where the run matched nothing, and one of another amount beside a whole one."""
    await account.fetched([line("adjustment", 700, -20)])
    await run(account)
    await adjusted(account, "adjustment", "unexpected_movement")
    await run(account)
    one, other = await happen(account), await happen(account)
    wrong = line("payment", 9_000, -320, references=one.lines[0].references)
    await account.fetched([wrong, *other.lines], day=1, beginning_minor={"usd": 680})
    await run(account)
    await adjusted(account, "write_off", "amount")
    await run(account)


async def reversed_twice(account: Settlement) -> None:
    """Taken back before a run matched it, adjusted again, matched, and taken back again."""
    await account.fetched([line("adjustment", 700, -20)])
    await run(account)
    for is_matched in (False, True):
        booked = await adjusted(account, "adjustment", "unexpected_movement")
        if is_matched:
            await run(account)
        await Adjustments(account.ledgerdb, LIMITS, account.adjustments).reverse(
            booked.adjustment_id, by="grace", reason="wrong"
        )
        await told(account)
    await run(account)


async def told_a_day_later(account: Settlement) -> None:
    """At the first run the second payment waits for its statement: it is no break, in neither history."""
    first, second = (
        live(PLAIN, account.psp, account.psp_account),
        live(PLAIN, account.psp, account.psp_account),
    )
    await account.happen(first.stream_id, *first.events)
    moved = [
        msgspec.structs.replace(event, occurred_at=WHEN + timedelta(days=1))
        if "occurred_at" in event.__struct_fields__
        else event
        for event in second.events
    ]
    await account.happen(second.stream_id, *moved)
    await account.fetched(first.lines)
    await run(account)
    assert await account.breaks() == []
    await account.fetched(second.lines, day=1, beginning_minor={"usd": 9_680})
    await run(account)
    assert await account.breaks() == []


async def opening_explained(account: Settlement) -> None:
    await account.fetched([line("account_fee", -100)], beginning_minor={"usd": 5_000})
    await run(account)
    of = Account(psp=account.psp, psp_account=account.psp_account, livemode=False, currency=USD)
    await Adjustments(account.ledgerdb, LIMITS, account.adjustments).explain_opening(
        of, 5_000, by="ada", reason="of before"
    )
    await told(account)
    await run(account)


@pytest.mark.parametrize(
    "story", first_of((reversed_twice, adjusted_lines, written_off, opening_explained), keep=2)
)
@pytest.mark.parametrize("tables", LOST)
async def test_adjustments_of_people_are_brought_back(
    account: Settlement,
    owner_pool: Pool,
    story: Callable[[Settlement], Awaitable[None]],
    tables: Sequence[str],
) -> None:
    await story(account)
    before, balances, logged = await record(account), await account.balances(), await events(account)
    await lose(owner_pool, *tables)
    found = await rebuild(account)
    assert found.rebuilt.differences == ()
    assert found.rebuilt.adjustments > 0
    after = await record(account)
    # What is matched without a line is matched by another run then: the log has no event of it.
    assert after[:3] == before[:3]
    assert after[4:] == before[4:]
    assert (await account.balances(), await events(account)) == (balances, logged)
    assert await is_sound(account)
    assert (await rebuild(account)).rebuilt == RebuiltRecord(files=0, runs=0)


async def test_adjustment_of_a_break_that_is_not_found_stands_alone(
    account: Settlement, owner_pool: Pool
) -> None:
    await written_off(account)
    balances, logged = await account.balances(), await events(account)
    await lose(owner_pool, *RECORD)
    # Nothing says any more that statements cover the time of the payment.
    await set_back(owner_pool, "update reconciliation.files set period_end = period_start")
    assert (await rebuild(account)).rebuilt.adjustments == 1
    (row,) = await account.rows("select break_id from reconciliation.adjustments")
    assert row["break_id"] is None
    assert (await account.balances(), await events(account)) == (balances, logged)
    assert await is_sound(account)


async def test_run_that_is_missing_before_a_known_one_is_refused(
    account: Settlement, owner_pool: Pool
) -> None:
    await days_passed(account)
    await set_back(
        owner_pool,
        "delete from reconciliation.runs where run_no = (select min(run_no) from reconciliation.runs)",
    )
    with pytest.raises(RebuildRefused, match="restore a backup of it that is whole"):
        await rebuild(account)


async def test_ages_of_breaks_are_those_of_their_runs(account: Settlement, owner_pool: Pool) -> None:
    one, other = await happen(account), await happen(account)
    await account.fetched([line("payment", 9_999, -320, references=one.lines[0].references), *other.lines])
    await run(account)
    opened = "select opened_at from reconciliation.breaks where class = 'amount'"
    before = await account.rows(opened)
    await lose(owner_pool, *RECORD)
    await rebuild(account)
    assert await account.rows(opened) == before


async def test_command_says_that_nothing_is_lost(
    dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FINCORE_EVENTSTORE_DSN", dsn)
    monkeypatch.setenv("FINCORE_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["fincore", "rebuild", "reconciliation"])
    with pytest.raises(SystemExit) as ended:
        await asyncio.to_thread(main)
    assert ended.value.code == 0
    told = capsys.readouterr().out
    assert "LedgerDB has every file and run that the log tells of" in told
    assert "0 files booked, 0 lines matched" in told
    assert "lost" not in told


async def test_break_is_adjusted_after_lines_have_other_numbers(
    account: Settlement, owner_pool: Pool
) -> None:
    """A file that was refused took a number. Derived anew, the second line has that of the first, of which the break was adjusted."""
    numbers = "alter table reconciliation.lines alter column line_no restart with {}"
    await set_back(owner_pool, numbers.format(2))
    await account.fetched([line("adjustment", -700), line("adjustment", -55)])
    await run(account)
    (first,) = await account.rows("select * from reconciliation.breaks where amount_minor = -700")
    decision = Decision(kind="adjustment", amount_minor=-700, by="ada", reason="agreed")
    acts = Adjustments(account.ledgerdb, LIMITS, account.adjustments)
    booked = await acts.adjust(first["break_id"], decision)
    await told(account)
    await lose(owner_pool, *RECORD, *FILES)
    await set_back(owner_pool, numbers.format(1))
    await rebuild(account)
    (second,) = await account.rows("select * from reconciliation.breaks where closed_at is null")
    assert (second["amount_minor"], second["subject"]) == (-55, first["subject"])
    other = await acts.adjust(
        second["break_id"], msgspec.structs.replace(decision, amount_minor=-55, by="bea")
    )
    assert other.adjustment_id != booked.adjustment_id
    await told(account)
    await run(account)
    assert await account.breaks() == []
