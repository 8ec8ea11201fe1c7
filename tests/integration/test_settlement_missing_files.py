"""Files that are late or missing are breaks: found once, kept with owner and age, and closed by the file alone."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import NamedTuple

import pytest

from fincore.domain.ids import SettlementFileId
from fincore.postgres.pool import Pool, create_pool
from fincore.reconciliation.breaks.break_actions import act, lock_break
from fincore.reconciliation.breaks.break_decision import Done
from fincore.reconciliation.report.reports import checked_report
from fincore.reconciliation.report.run_report import report_json
from fincore.reconciliation.run import RunResult
from fixtures.merchant_api import serving_api
from fixtures.settlement_account import Settlement, line, settlement
from fixtures.staff_server import serving_staff
from fixtures.traffic import store_pool

FEE = line("account_fee", -100)
DAYS_2_TO_4 = "2026-11-03T00:00:00Z/2026-11-05T00:00:00Z"


@pytest.fixture
async def account(dsn: str) -> AsyncIterator[Settlement]:
    pool = await create_pool(dsn, application_name="tests", role="fincore_service")
    try:
        async with store_pool(dsn, "ledgerdb") as ledgerdb, settlement(pool, ledgerdb) as one:
            yield one
    finally:
        pool.terminate()


class Found(NamedTuple):
    """A break about a file."""

    break_id: int
    break_class: str
    reference: str
    status: str
    owner: str | None
    opened_by: int


async def run(account: Settlement) -> RunResult:
    result = await account.reconciliation.run()
    assert result is not None, "another run has the turn"
    return result


async def found(account: Settlement) -> list[Found]:
    rows = await account.rows(
        "select break_id, class, reference, status, owner, opened_by from reconciliation.breaks"
        " where class in ('file_late', 'file_gap') order by break_id"
    )
    return [Found(*row) for row in rows]


async def standing(account: Settlement) -> list[tuple[str, str]]:
    return [(one.reference, one.status) for one in await found(account)]


async def done(account: Settlement, number: int, action: str, **more: str) -> None:
    async with account.ledgerdb.acquire() as connection, connection.transaction():
        known = await lock_break(connection, number)
        await act(connection, known, Done(action=action, actor="operator:ann", **more))  # type: ignore[arg-type]


async def waits(account: Settlement, owner_pool: Pool, hours: int) -> str:
    """Have the source of the account expect a file a day since so many hours ago; its name."""
    source = await account.source_of("paypal_stl")
    await owner_pool.execute(
        "update reconciliation.sources set late_after = interval '24 hours', declared_at = now() - $1::interval where source = $2",
        timedelta(hours=hours),
        source,
    )
    return source


async def came(account: Settlement, file_id: SettlementFileId, finding: str = "new") -> None:
    """A source offers what is kept as this file."""
    await account.ledgerdb.execute(
        "insert into reconciliation.arrivals (source, name, size_bytes, remote_mtime, file_id, finding)"
        " select source, name || $2, size_bytes, remote_mtime, file_id, $2 from reconciliation.files where file_id = $1",
        file_id,
        finding,
    )


async def days(account: Settlement, *numbers: int) -> list[SettlementFileId]:
    """A run with files of these days after the first one."""
    kept = [await account.fetched([FEE], day=number, states_balances=False) for number in numbers]
    await run(account)
    return kept


async def test_late_file_is_one_break_until_one_comes(account: Settlement, owner_pool: Pool) -> None:
    source = await waits(account, owner_pool, hours=23)
    await run(account)
    assert await found(account) == []
    await waits(account, owner_pool, hours=25)
    await run(account)
    (late,) = await found(account)
    assert late[1:5] == ("file_late", source, "open", None)
    await done(account, late.break_id, "assign", owner="bob")
    await done(account, late.break_id, "claim", reference="case-7")
    await run(account)
    assert await found(account) == [late._replace(owner="bob", status="claimed")]
    await came(account, await account.fetched([FEE]))
    await run(account)
    assert await found(account) == [late._replace(owner="bob", status="matched_late")]


async def test_copy_of_a_file_does_not_end_a_late_break(account: Settlement, owner_pool: Pool) -> None:
    first = await account.fetched([FEE])
    await came(account, first)
    await waits(account, owner_pool, hours=72)
    async with owner_pool.acquire() as connection:
        await connection.execute("set session_replication_role = replica")
        await connection.execute(
            "update reconciliation.arrivals set arrived_at = now() - interval '25 hours'"
        )
        await connection.execute("reset session_replication_role")
    await run(account)
    await came(account, first, "doubled")
    await run(account)
    assert [one.status for one in await found(account)] == ["open"]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param("withdrawn_at = now()", id="withdrawn"),
        pytest.param("late_after = interval '9 days'", id="expected-later", marks=pytest.mark.long),
        pytest.param("late_after = null", id="expected-at-no-time", marks=pytest.mark.long),
    ],
)
async def test_change_of_a_source_does_not_close_its_break(
    account: Settlement, owner_pool: Pool, change: str
) -> None:
    await waits(account, owner_pool, hours=25)
    await run(account)
    await owner_pool.execute(f"update reconciliation.sources set {change}")  # noqa: S608 -- of constants
    await run(account)
    assert [one.status for one in await found(account)] == ["open"]
    await came(account, await account.fetched([FEE]))
    await run(account)
    assert [one.status for one in await found(account)] == ["matched_late"]


async def test_missing_period_is_one_break_until_all_came(account: Settlement) -> None:
    await days(account, 0, 3)
    (gap,) = await found(account)
    assert gap[1:5] == ("file_gap", DAYS_2_TO_4, "open", None)
    await done(account, gap.break_id, "assign", owner="bob")
    await days(account, 4)
    await days(account, 1)
    assert await found(account) == [gap._replace(owner="bob")]
    await days(account, 2)
    assert await found(account) == [gap._replace(owner="bob", status="matched_late")]


@pytest.mark.long
async def test_gap_that_is_split_goes_on_as_explained(account: Settlement) -> None:
    await days(account, 0, 6)
    (gap,) = await found(account)
    await done(account, gap.break_id, "explain", reason="the account was closed")
    await days(account, 3)
    assert await found(account) == [gap._replace(status="explained")]
    await days(account, 8)
    assert await standing(account) == [
        (gap.reference, "explained"),
        ("2026-11-09T00:00:00Z/2026-11-10T00:00:00Z", "open"),
    ]


async def numbered(account: Settlement, sequence: int, *, continued: bool = False) -> None:
    await account.fetched([FEE], sequence=sequence, continued=continued, states_balances=False)
    await run(account)


async def test_each_missing_number_is_a_break_until_it_comes(account: Settlement) -> None:
    day = "2026-11-02T00:00:00Z"
    await numbered(account, 1)
    assert await found(account) == []
    await numbered(account, 3, continued=True)
    assert await standing(account) == [(f"{day} #2", "open"), (f"{day} #4", "open")]
    await numbered(account, 5)
    await numbered(account, 2)
    assert await standing(account) == [(f"{day} #2", "matched_late"), (f"{day} #4", "open")]


async def test_number_beyond_reason_makes_bounded_breaks(account: Settlement) -> None:
    """A file states its number freely."""
    await numbered(account, 2_147_483_647, continued=True)
    assert len(await found(account)) == 101


async def test_report_and_api_have_the_late_and_the_missing(
    account: Settlement, pool: Pool, owner_pool: Pool
) -> None:
    source = await waits(account, owner_pool, hours=25)
    await days(account, 0, 3)
    first = await checked_report(account.ledgerdb, None)
    assert first.is_sound
    assert [
        (one.break_class, one.reference, one.amount_minor)
        for one in first.report.breaks
        if one.amount_minor is None
    ] == [("file_late", source, None), ("file_gap", DAYS_2_TO_4, None)]
    async with serving_api(pool) as api, serving_staff(api, ledgerdb=account.ledgerdb) as staff:
        finance = staff.person("finance")
        for break_class in ("file_late", "file_gap"):
            (one,) = (await finance.get(f"/staff/v1/breaks?mode=test&class={break_class}")).json()["data"]
            assert (one["status"], one["currency"], one["amount_minor"]) == ("open", None, None)
            shown = (await finance.get(f"/staff/v1/breaks/{one['id']}")).json()
            assert shown["may"] == ["assign", "note", "explain", "claim"]
            assert "Ask the PSP for" in shown["next_step"]
    await came(account, (await days(account, 1, 2))[0])
    await run(account)
    assert {one.status for one in await found(account)} == {"matched_late"}
    again = await checked_report(account.ledgerdb, first.report.run_id)
    assert report_json(again.report) == report_json(first.report)
