"""What people do with breaks, beside runs, on real PostgreSQL."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from types import SimpleNamespace
from typing import cast

import asyncpg
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from fincore.audit.invariants.breaks_follow_their_actions import BREAKS_FOLLOW_THEIR_ACTIONS
from fincore.backoffice.breaks import NoSuchBreak, list_breaks, read_break
from fincore.postgres.pool import Connection, Pool, create_pool
from fincore.reconciliation.breaks import break_actions
from fincore.reconciliation.breaks.break_actions import ActedBreak, BreakNotChanged, act, lock_break
from fincore.reconciliation.breaks.break_decision import Done
from fincore.reconciliation.breaks.break_status import TRANSITIONS, PersonAction
from fincore.reconciliation.breaks.listing import BreakFilters, measure_breaks
from fincore.reconciliation.matching import break_writer, matcher
from fincore.reconciliation.report.reports import checked_report
from fincore.reconciliation.run import RunResult
from fixtures.sampling import sampled
from fixtures.settlement_account import FoundBreak, Settlement, line, settlement
from fixtures.settlement_falsified import Lived, Payment, live
from fixtures.traffic import store_pool

PLAIN = Payment(10_000, 320, "usd", fee_is_late=False, by_parent=False, refunds=(), dispute="")
MISSING_THERE = FoundBreak("missing_there", -9_680, "usd")


@asynccontextmanager
async def opened(dsn: str) -> AsyncIterator[Settlement]:
    pool = await create_pool(dsn, application_name="tests", role="fincore_service")
    try:
        async with store_pool(dsn, "ledgerdb") as ledgerdb, settlement(pool, ledgerdb) as account:
            yield account
    finally:
        pool.terminate()


@pytest.fixture
async def account(dsn: str) -> AsyncIterator[Settlement]:
    async with opened(dsn) as one:
        yield one


async def run(account: Settlement) -> RunResult:
    result = await account.reconciliation.run()
    assert result is not None, "another run has the turn"
    return result


async def break_id(account: Settlement) -> int:
    (row,) = await account.ledgerdb.fetch(
        "select break_id from reconciliation.breaks where psp_account = $1", account.psp_account
    )
    found: int = row["break_id"]
    return found


async def dropped(account: Settlement) -> tuple[int, Lived]:
    """A payment that no statement has told of: the number of its break."""
    one = live(PLAIN, account.psp, account.psp_account)
    await account.happen(one.stream_id, *one.events)
    await account.fetched([])
    await run(account)
    assert await account.breaks() == [MISSING_THERE]
    return await break_id(account), one


async def done(ledgerdb: Pool, number: int, action: PersonAction, by: str = "ann", **more: str) -> ActedBreak:
    async with ledgerdb.acquire() as connection, connection.transaction():
        known = await lock_break(connection, number)
        return await act(connection, known, Done(action=action, actor=f"operator:{by}", **more))


async def actions(account: Settlement, number: int) -> list[tuple[str, str, str, str | None]]:
    return [
        (row["action"], row["status"], row["actor"], row["owner"])
        for row in await account.ledgerdb.fetch(
            "select * from reconciliation.break_actions where break_id = $1 order by action_no", number
        )
    ]


async def standing(account: Settlement, number: int) -> tuple[str, str | None]:
    (row,) = await account.ledgerdb.fetch(
        "select status, owner from reconciliation.breaks where break_id = $1", number
    )
    return row["status"], row["owner"]


async def test_database_has_the_table_of_transitions(account: Settlement) -> None:
    rows = await account.rows("select status_before, action, status from reconciliation.break_transitions")
    assert {(row["status_before"], row["action"]): row["status"] for row in rows} == dict(TRANSITIONS)


async def test_explained_break_stays_explained_while_nothing_changes(account: Settlement) -> None:
    number, _ = await dropped(account)
    await done(account.ledgerdb, number, "assign", owner="bob")
    acted = await done(account.ledgerdb, number, "explain", reason="the file lacks its last page")
    assert (acted.status, acted.owner) == ("explained", "bob")
    await account.fetched([], day=1)
    result = await run(account)
    assert (result.breaks_opened, result.breaks_closed) == (0, 0)
    assert await standing(account, number) == ("explained", "bob")
    assert await break_id(account) == number


async def test_claimed_break_closes_when_the_missing_side_comes(account: Settlement) -> None:
    number, one = await dropped(account)
    await done(account.ledgerdb, number, "claim", reference="case 4711", reason="asked by mail")
    await account.fetched(one.lines, day=1)
    await run(account)
    assert await standing(account, number) == ("matched_late", None)
    assert await actions(account, number) == [
        ("claim", "claimed", "operator:ann", None),
        ("match", "matched_late", "reconciliation", None),
    ]


async def test_explained_break_of_another_amount_is_open_again(account: Settlement) -> None:
    number, one = await dropped(account)
    await done(account.ledgerdb, number, "assign", owner="bob")
    await done(account.ledgerdb, number, "explain", reason="comes tomorrow")
    (told,) = one.lines
    await account.fetched([msgspec.structs.replace(told, gross_minor=told.gross_minor - 100)], day=1)
    await run(account)
    assert await account.breaks() == [FoundBreak("amount", -100, "usd")]
    assert await actions(account, number) == [
        ("assign", "open", "operator:ann", "bob"),
        ("explain", "explained", "operator:ann", "bob"),
        ("change", "open", "reconciliation", "bob"),
    ]


async def test_second_person_at_once_is_told_what_the_first_did(account: Settlement) -> None:
    number, _ = await dropped(account)
    results = await asyncio.gather(
        done(account.ledgerdb, number, "explain", reason="known"),
        done(account.ledgerdb, number, "claim", "bob", reference="case 1"),
        return_exceptions=True,
    )
    (refused,) = [one for one in results if isinstance(one, BaseException)]
    assert isinstance(refused, BreakNotChanged)
    assert re.search(r"\((explain by ann|claim by bob) at .*\): reopen it first", str(refused))
    assert len(await actions(account, number)) == 1


async def test_repeated_action_is_recorded_once(account: Settlement) -> None:
    number, _ = await dropped(account)
    first, again = [await done(account.ledgerdb, number, "explain", reason="known") for _ in range(2)]
    assert (first.is_repeated, again.is_repeated) == (False, True)
    assert len(await actions(account, number)) == 1


async def test_action_waits_for_a_run_and_is_refused_in_time(
    account: Settlement, monkeypatch: pytest.MonkeyPatch
) -> None:
    number, _ = await dropped(account)
    monkeypatch.setattr(break_actions, "WAIT_MAX", "50ms")
    async with account.ledgerdb.acquire() as running, running.transaction():
        await running.execute("select pg_advisory_xact_lock(hashtext('fincore.reconciliation.breaks'))")
        with pytest.raises(BreakNotChanged, match="repeat the command later"):
            await done(account.ledgerdb, number, "explain", reason="known")
    await done(account.ledgerdb, number, "explain", reason="known")


async def test_action_on_an_unknown_break_is_refused(account: Settlement) -> None:
    with pytest.raises(BreakNotChanged, match="there is no break"):
        await done(account.ledgerdb, 2**63 - 1, "note", reason="lost")


@pytest.mark.parametrize(
    "statement",
    [
        "update reconciliation.break_actions set reason = 'other' where break_id = $1",
        "delete from reconciliation.break_actions where break_id = $1",
    ],
)
async def test_owner_of_the_database_cannot_change_actions(
    account: Settlement, dsn: str, statement: str
) -> None:
    number, _ = await dropped(account)
    await done(account.ledgerdb, number, "note", reason="seen")
    connection = await asyncpg.connect(dsn)
    try:
        with pytest.raises(asyncpg.RestrictViolationError):
            await connection.execute(statement, number)
    finally:
        await connection.close()


async def test_service_cannot_set_a_status_without_an_action(account: Settlement) -> None:
    number, _ = await dropped(account)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await account.ledgerdb.execute(
            "update reconciliation.breaks set status = 'explained' where break_id = $1", number
        )


@pytest.mark.parametrize(
    ("columns", "error"),
    [
        # An action that is not in the table; one of a status that the break has not got; one after another that is not there.
        ((1, "explain", "open", "claimed"), asyncpg.ForeignKeyViolationError),
        ((1, "reopen", "explained", "open"), asyncpg.RestrictViolationError),
        ((2, "explain", "open", "explained"), asyncpg.RestrictViolationError),
    ],
)
async def test_database_refuses_an_action_that_does_not_follow(
    account: Settlement, columns: tuple[int, str, str, str], error: type[Exception]
) -> None:
    number, _ = await dropped(account)
    with pytest.raises(error):
        await account.ledgerdb.execute(
            "insert into reconciliation.break_actions (break_id, action_no, action, status_before, status, actor)"
            " values ($1, $2, $3, $4, $5, 'operator:ann')",
            number,
            *columns,
        )
    assert await actions(account, number) == []


async def test_closed_break_that_is_found_again_is_open(account: Settlement) -> None:
    number, _ = await dropped(account)
    await done(account.ledgerdb, number, "write_off", reason="too small to ask for")
    await account.fetched([], day=1)
    result = await run(account)
    assert (result.breaks_opened, result.breaks_open) == (0, 1)
    assert await actions(account, number) == [
        ("write_off", "written_off", "operator:ann", None),
        ("find_again", "open", "reconciliation", None),
    ]


async def test_break_that_goes_on_keeps_the_owner_of_the_other(account: Settlement) -> None:
    """A line is known to be of the payment only once the line that it names has come."""
    one = live(PLAIN, account.psp, account.psp_account)
    await account.happen(one.stream_id, *one.events)
    (told,) = one.lines
    stray = line(
        "payment", told.gross_minor - 100, told.fee_minor, parent_reference=f"named-{told.psp_reference}"
    )
    await account.fetched([stray])
    await run(account)
    rows = await account.ledgerdb.fetch(
        "select break_id from reconciliation.breaks where psp_account = $1 order by break_id",
        account.psp_account,
    )
    older, newer = [row["break_id"] for row in rows]
    await done(account.ledgerdb, newer, "assign", owner="bob")
    await done(account.ledgerdb, older, "explain", reason="on its way")
    named = line(
        "account_fee",
        -1,
        psp_reference=stray.parent_reference,
        references=(told.psp_reference, *told.references),
    )
    await account.fetched([named], day=1, beginning_minor={"usd": stray.net_minor})
    await run(account)
    assert await account.breaks() == [FoundBreak("amount", -100, "usd")]
    assert await standing(account, newer) == ("merged", "bob")
    assert await actions(account, older) == [
        ("explain", "explained", "operator:ann", None),
        ("change", "open", "reconciliation", None),
        ("assign", "open", "reconciliation", "bob"),
    ]
    record = await read_break(account.ledgerdb, older)
    assert [(done.break_id, done.action, done.other_break) for done in record.actions] == [
        (newer, "assign", None),
        (older, "explain", None),
        (older, "change", None),
        (older, "assign", newer),
        (newer, "merge", older),
    ]
    assert [one.gross_minor for one in record.lines] == [told.gross_minor - 100]
    assert [(one.gross_minor, one.is_gross_matched, one.is_fee_matched) for one in record.items] == [
        (told.gross_minor, False, True)
    ]


async def test_break_that_is_not_due_any_more_stays_as_it_is(
    account: Settlement, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Statements are said to take longer than before: the item is open, and no statement covers its time."""
    number, one = await dropped(account)
    await done(account.ledgerdb, number, "assign", owner="bob")
    await done(account.ledgerdb, number, "claim", reference="case-1")
    monkeypatch.setattr(matcher, "SETTLEMENT_DELAYS", {"paypal_stl": timedelta(days=30)})
    await run(account)
    assert await standing(account, number) == ("claimed", "bob")
    monkeypatch.undo()
    result = await run(account)
    assert (result.breaks_opened, await standing(account, number)) == (0, ("claimed", "bob"))
    await account.fetched(one.lines, day=1)
    await run(account)
    assert (await standing(account, number))[0] == "matched_late"


async def test_merge_without_a_break_that_goes_on_is_refused(account: Settlement, owner_pool: Pool) -> None:
    number, _ = await dropped(account)
    with pytest.raises(asyncpg.CheckViolationError, match="merges_name_the_break_that_goes_on"):
        await owner_pool.execute(
            """insert into reconciliation.break_actions (break_id, action_no, action, status_before, status, run_no, actor)
            select break_id, 1, 'merge', 'open', 'merged', seen_by, 'reconciliation' from reconciliation.breaks where break_id = $1""",
            number,
        )


async def test_actions_after_a_run_do_not_change_its_report(account: Settlement) -> None:
    number, one = await dropped(account)
    await done(account.ledgerdb, number, "assign", owner="bob")
    await done(account.ledgerdb, number, "claim", reference="case-1", reason="asked by mail")
    await done(account.ledgerdb, number, "note", reason="they answer slowly")
    (unanswered,) = (await checked_report(account.ledgerdb, None)).report.breaks
    assert (unanswered.status, unanswered.owner, unanswered.reason) == ("open", None, None)
    await account.fetched([], day=1)
    second = (await run(account)).run_id
    await done(account.ledgerdb, number, "reopen", reason="they refuse")
    await account.fetched(one.lines, day=2)
    await run(account)
    checked = await checked_report(account.ledgerdb, second)
    assert checked.flaw is None
    (claimed,) = checked.report.breaks
    assert (claimed.status, claimed.owner, claimed.reason) == ("claimed", "bob", "case-1: asked by mail")
    assert [(one.status, one.breaks) for one in checked.report.break_sums] == [("claimed", 1)]
    last = await checked_report(account.ledgerdb, None)
    assert (last.flaw, last.report.breaks) == (None, ())


async def test_answered_breaks_are_counted_apart(account: Settlement) -> None:
    number, _ = await dropped(account)
    await measure_breaks(account.ledgerdb)
    opened_breaks = metric("fincore_breaks_open")
    answered = metric("fincore_breaks_answered", status="explained")
    await done(account.ledgerdb, number, "explain", reason="known")
    await measure_breaks(account.ledgerdb)
    assert metric("fincore_breaks_open") == opened_breaks - 1
    assert metric("fincore_breaks_answered", status="explained") == answered + 1


def metric(name: str, **labels: str) -> float:
    found = REGISTRY.get_sample_value(name, {"class": "missing_there", "mode": "test", **labels})
    return found or 0


async def test_breaks_are_listed_by_what_is_asked_for(account: Settlement, dsn: str) -> None:
    number, _ = await dropped(account)
    await done(account.ledgerdb, number, "assign", owner="bob")
    await done(account.ledgerdb, number, "claim", reference="case-1")
    owner = await asyncpg.connect(dsn)
    try:
        await owner.execute(
            "update reconciliation.breaks set opened_at = opened_at - interval '5 days' where break_id = $1",
            number,
        )
    finally:
        await owner.close()

    async def listed(**filters: object) -> list[int]:
        wanted = BreakFilters(livemode=False, psp=account.psp, psp_account=account.psp_account, **filters)  # type: ignore[arg-type]
        return [one.break_id for one in (await list_breaks(account.ledgerdb, wanted, limit=10)).breaks]

    for asked in (
        {},
        {"break_class": "missing_there"},
        {"status": "claimed"},
        {"owner": "bob"},
        {"days_min": 5},
        {"with_closed": True},
    ):
        assert await listed(**asked) == [number], asked
    for other in (
        {"break_class": "late"},
        {"status": "open"},
        {"owner": ""},
        {"owner": "ann"},
        {"days_min": 6},
    ):
        assert await listed(**other) == [], other
    assert (await list_breaks(account.ledgerdb, BreakFilters(livemode=True), limit=10)).breaks == []


async def test_unknown_break_is_not_shown(account: Settlement) -> None:
    with pytest.raises(NoSuchBreak, match="fincore reconcile breaks"):
        await read_break(account.ledgerdb, 2**63 - 1)


async def violations(account: Settlement) -> list[str]:
    stores = SimpleNamespace(ledgerdb=account.ledgerdb)
    found = await BREAKS_FOLLOW_THEIR_ACTIONS.check(stores)
    return [f"{one.where}: {one.what}" for one in found]


@pytest.mark.parametrize(
    ("statement", "finding"),
    [
        (
            "update reconciliation.breaks set status = 'open', closed_at = null, closed_by = null where break_id = $1",
            "it is open, and its last action left it explained",
        ),
        (
            "update reconciliation.breaks set owner = 'eve' where break_id = $1",
            "its owner is not the one of its last action",
        ),
        (
            "delete from reconciliation.break_actions where break_id = $1 and action_no = 1",
            "action 2: it is about a break",
        ),
    ],
)
async def test_change_past_the_triggers_is_a_violation(
    account: Settlement, dsn: str, statement: str, finding: str
) -> None:
    number, _ = await dropped(account)
    await done(account.ledgerdb, number, "assign", owner="bob")
    await done(account.ledgerdb, number, "explain", reason="known")
    assert not [one for one in await violations(account) if one.startswith(f"break {number}")]
    owner = await asyncpg.connect(dsn)
    try:
        await owner.execute("set session_replication_role = replica")
        await owner.execute(statement, number)
    finally:
        await owner.close()
    assert [one for one in await violations(account) if one.startswith(f"break {number}") and finding in one]


async def test_no_person_acts_while_a_run_writes_what_it_found(
    account: Settlement, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the statements of a run an explanation would be of an amount that the run is about to change."""
    number, one = await dropped(account)
    monkeypatch.setattr(break_actions, "WAIT_MAX", "50ms")
    refused: list[str] = []
    write = break_writer._do

    async def with_a_person_beside(connection: Connection, statement: str, *arguments: object) -> None:
        await write(connection, statement, *arguments)
        if "create temporary table known_breaks" in statement:
            with pytest.raises(BreakNotChanged, match="repeat the command later"):
                await done(account.ledgerdb, number, "explain", reason="known")
            refused.append(statement)

    monkeypatch.setattr(break_writer, "_do", with_a_person_beside)
    (told,) = one.lines
    await account.fetched([msgspec.structs.replace(told, gross_minor=told.gross_minor - 100)], day=1)
    await run(account)
    assert refused
    assert await standing(account, number) == ("open", None)


ACTS = st.lists(
    st.one_of(
        st.tuples(
            st.sampled_from(("assign", "note", "explain", "claim", "reopen", "write_off")), st.integers(0, 2)
        ),
        st.tuples(st.sampled_from(("tell", "tell_another_amount")), st.integers(0, 2)),
        st.just(("run", 0)),
    ),
    min_size=3,
    max_size=14,
)


@pytest.mark.sampled
@settings(max_examples=sampled(8), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=ACTS)
def test_no_order_of_people_and_runs_changes_an_earlier_report(dsn: str, acts: list[tuple[str, int]]) -> None:
    asyncio.run(lived_through(dsn, acts))


async def lived_through(dsn: str, acts: list[tuple[str, int]]) -> None:
    """Three payments that no statement has told of; people act on their breaks, lines come, runs look."""
    async with opened(dsn) as account:
        lives = [live(PLAIN, account.psp, account.psp_account) for _ in range(3)]
        for one in lives:
            await account.happen(one.stream_id, *one.events)
        await account.fetched([])
        runs = [(await run(account)).run_id]
        told: set[int] = set()
        for day, (act_of, place) in enumerate([*acts, ("run", 0)], start=1):
            if act_of == "run":
                runs.append((await run(account)).run_id)
            elif act_of.startswith("tell"):
                if place not in told:
                    told.add(place)
                    (line_of,) = lives[place].lines
                    less_minor = 100 if act_of == "tell_another_amount" else 0
                    changed = msgspec.structs.replace(line_of, gross_minor=line_of.gross_minor - less_minor)
                    await account.fetched([changed], day=day, states_period=False)
            else:
                await act_on_break_of(account, lives[place], act_of)
        for run_id in runs:
            assert (await checked_report(account.ledgerdb, run_id)).flaw is None
        assert await violations(account) == []
        rows = await account.ledgerdb.fetch(
            "select subject, count(*) as breaks from reconciliation.breaks where psp_account = $1 and subject not like 'balance%'"
            " group by subject",
            account.psp_account,
        )
        assert {row["breaks"] for row in rows} == {1}


async def act_on_break_of(account: Settlement, one: Lived, action: str) -> None:
    """A person acts as far as the break allows it; what it does not allow leaves it as it is."""
    number = await account.ledgerdb.fetchval(
        "select break_id from reconciliation.breaks where stream_id = $1 order by break_id limit 1",
        one.stream_id,
    )
    more = {"assign": {"owner": "bob"}, "claim": {"reference": "case-1"}}.get(action, {"reason": "known"})
    with suppress(BreakNotChanged):
        await done(account.ledgerdb, number, cast("PersonAction", action), **more)
