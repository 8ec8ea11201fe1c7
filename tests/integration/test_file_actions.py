"""What people decide about settlement files, and what runs make of it, on real PostgreSQL."""

import asyncio
import re
from collections.abc import AsyncIterator

import asyncpg
import pytest

from fincore.backoffice.settlement_files import list_files, remarks
from fincore.domain.ids import SettlementFileId
from fincore.postgres.pool import create_pool
from fincore.reconciliation import file_actions
from fincore.reconciliation.breaks.break_record import read_break
from fincore.reconciliation.file_actions import DecidedFile, FileNotChanged, decide_file
from fincore.reconciliation.file_decision import FILE_TRANSITIONS, FileAction, FileDecision
from fincore.reconciliation.parsed_file import FileFormat
from fincore.reconciliation.run import RunResult
from fixtures.settlement_account import FoundBreak, Settlement, line, settlement
from fixtures.traffic import store_pool

FEE = line("account_fee", -100)
REFUSED = FoundBreak("file_refused", None, None)
REPLACED = FoundBreak("file_replaced", None, None)
NAME = "STL-20261102.CSV"


@pytest.fixture
async def account(dsn: str) -> AsyncIterator[Settlement]:
    pool = await create_pool(dsn, application_name="tests", role="fincore_service")
    try:
        async with store_pool(dsn, "ledgerdb") as ledgerdb, settlement(pool, ledgerdb) as one:
            yield one
    finally:
        pool.terminate()


async def run(account: Settlement) -> RunResult:
    result = await account.reconciliation.run()
    assert result is not None, "another run has the turn"
    return result


async def decided(
    account: Settlement,
    file_id: SettlementFileId,
    action: FileAction,
    *,
    by: str = "ann",
    file_format: FileFormat | None = None,
    account_id: str | None = None,
) -> DecidedFile:
    decision = FileDecision(
        action=action,
        actor=f"operator:{by}",
        reason="looked at it",
        format=file_format,
        account_id=account_id,
    )
    return await decide_file(account.ledgerdb, file_id, decision)


async def status(account: Settlement, file_id: SettlementFileId) -> str:
    found: str = await account.ledgerdb.fetchval(
        "select status from reconciliation.files where file_id = $1", file_id
    )
    return found


async def replacing(account: Settlement) -> tuple[SettlementFileId, SettlementFileId]:
    """A booked file, and one of another content that came under its name."""
    first = await account.fetched([FEE], name=NAME)
    await run(account)
    second = await account.fetched(
        [line("account_fee", -200)], day=1, name=NAME, replaces=first, beginning_minor={"usd": -100}
    )
    await run(account)
    assert await account.breaks() == [REPLACED]
    return first, second


async def test_released_file_is_read_and_its_break_closes(account: Settlement) -> None:
    _, second = await replacing(account)
    assert (await decided(account, second, "release")).status == "kept"
    result = await run(account)
    assert (result.files_booked, result.breaks_closed) == (1, 1)
    assert await status(account, second) == "booked"
    assert await account.breaks() == []
    assert await account.breaks("matched_late") == [REPLACED]


async def test_dismissed_file_closes_its_break_and_is_not_read(account: Settlement) -> None:
    _, second = await replacing(account)
    dismissed = await decided(account, second, "dismiss")
    assert dismissed.status == "dismissed"
    assert await account.breaks("dismissed") == [REPLACED]
    result = await run(account)
    assert (result.files_booked, result.breaks_opened) == (0, 0)
    assert await status(account, second) == "dismissed"
    (listed,) = await list_files(account.ledgerdb, limit=1, source=None, status="dismissed")
    assert "dismiss by ann: looked at it" in list(remarks(listed))
    assert dismissed.break_id is not None
    record = await read_break(account.ledgerdb, dismissed.break_id)
    assert record is not None
    assert record.file is not None
    assert [(one.action, one.actor) for one in record.file.decisions] == [("dismiss", "operator:ann")]


async def test_file_after_a_dismissed_one_waits_beside_the_booked_one(account: Settlement) -> None:
    first, second = await replacing(account)
    await decided(account, second, "dismiss")
    third = await account.fetched([FEE], name=NAME, replaces=second)
    result = await run(account)
    assert (result.files_booked, await status(account, third)) == (0, "kept")
    assert await account.breaks() == [REPLACED]
    await decided(account, third, "dismiss")
    assert await status(account, first) == "booked"


async def test_file_after_a_dismissed_one_takes_the_place_of_a_refused(account: Settlement) -> None:
    refused = await account.fetched([FEE], refused_at=1, name=NAME)
    await run(account)
    copy = await account.fetched([FEE], refused_at=1, name=NAME, replaces=refused)
    await run(account)
    await decided(account, copy, "dismiss")
    third = await account.fetched([FEE], name=NAME, replaces=copy)
    await run(account)
    assert await status(account, third) == "booked"
    account.understood(2)
    await run(account)
    assert await status(account, refused) == "refused"
    assert await account.breaks() == []
    with pytest.raises(FileNotChanged, match="came in its place"):
        await decided(account, refused, "read_again")


async def test_dismissed_file_that_is_released_is_read(account: Settlement) -> None:
    _, second = await replacing(account)
    await decided(account, second, "dismiss")
    await run(account)
    await decided(account, second, "release")
    assert await account.breaks() == [REPLACED]
    await run(account)
    assert await status(account, second) == "booked"
    assert await account.breaks() == []


async def test_refused_file_that_is_dismissed_has_no_break(account: Settlement) -> None:
    file_id = await account.fetched([FEE], refused_at=1)
    await run(account)
    assert await account.breaks() == [REFUSED]
    await decided(account, file_id, "dismiss")
    account.understood(2)
    await run(account)
    assert await status(account, file_id) == "dismissed"
    assert await account.breaks() == []
    await decided(account, file_id, "release")
    await run(account)
    assert await status(account, file_id) == "booked"


async def test_file_of_a_wrong_account_is_read_as_of_the_one_given(account: Settlement) -> None:
    await account.fetched([FEE], account_id="M1")
    await run(account)
    other = await account.fetched(
        [line("account_fee", -5)], day=1, account_id="M2", beginning_minor={"usd": -100}
    )
    await run(account)
    assert await account.breaks() == [REFUSED]
    await decided(account, other, "read_again", account_id="M2")
    await run(account)
    assert await status(account, other) == "booked"
    assert await account.breaks("matched_late") == [REFUSED]


async def test_file_of_a_wrong_format_is_read_in_the_one_given(account: Settlement) -> None:
    content = await wrong_format(account)
    await decided(account, content, "read_again", file_format="paypal_stl")
    await run(account)
    assert await status(account, content) == "booked"
    (action,) = await account.ledgerdb.fetch(
        "select format, format_before, refusal from reconciliation.file_actions where file_id = $1", content
    )
    assert (action["format"], action["format_before"]) == ("paypal_stl", "stripe_payout_itemized")
    assert "does not reconcile files of the format" in action["refusal"]


async def wrong_format(account: Settlement) -> SettlementFileId:
    """A file that was kept as one of a format that has no parser here."""
    await account.fetched([FEE])
    (content,) = account.file_format.files
    await account.ledgerdb.execute(
        "update reconciliation.sources set format = format where psp_account = $1", account.psp_account
    )
    account.file_format.files[b"the same in another format"] = account.file_format.files[content]
    file_id = await account.kept(
        b"the same in another format", name="other.csv", file_format="stripe_payout_itemized"
    )
    await run(account)
    assert await status(account, file_id) == "refused"
    return file_id


async def test_file_of_an_unknown_format_is_read_by_a_later_parser(account: Settlement) -> None:
    file_id = await wrong_format(account)
    later = account._replace(formats={**account.formats, "stripe_payout_itemized": account.file_format})
    await run(later)
    assert await status(account, file_id) == "booked"


async def test_file_that_the_psp_disproves_is_read_by_no_parser(account: Settlement, dsn: str) -> None:
    file_id = await account.fetched([FEE])
    owner = await asyncpg.connect(dsn)
    try:
        await owner.execute("alter table reconciliation.files disable trigger files_change_their_status_only")
        await owner.execute(
            "update reconciliation.files set status = 'refused', refusal = 'too short', request = '{}' where file_id = $1",
            file_id,
        )
    finally:
        await owner.execute("alter table reconciliation.files enable trigger files_change_their_status_only")
        await owner.close()
    account.understood(2)
    await run(account)
    assert await status(account, file_id) == "refused"
    with pytest.raises(FileNotChanged, match="asks the PSP for it again"):
        await decided(account, file_id, "read_again")


async def test_refused_file_is_not_read_beside_the_one_in_its_place(account: Settlement) -> None:
    refused = await account.fetched([FEE], refused_at=1, name=NAME)
    await run(account)
    second = await account.fetched([FEE], day=0, name=NAME, replaces=refused)
    await run(account)
    assert await status(account, second) == "booked"
    with pytest.raises(FileNotChanged, match="came in its place"):
        await decided(account, refused, "read_again")


async def test_file_in_the_place_of_one_read_again_waits(account: Settlement) -> None:
    refused = await account.fetched([FEE], refused_at=1, name=NAME)
    await run(account)
    second = await account.fetched([FEE], name=NAME, replaces=refused)
    waiting = await account.reconciliation._reader.waiting()
    assert second in waiting
    await decided(account, refused, "read_again")
    assert await account.reconciliation._reader.read(second) is None
    assert await status(account, second) == "kept"
    account.understood(1)
    await run(account)
    assert (await status(account, refused), await status(account, second)) == ("booked", "kept")


async def test_decision_waits_for_a_reader_and_is_refused_in_time(
    account: Settlement, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, second = await replacing(account)
    monkeypatch.setattr(file_actions, "WAIT_MAX", "50ms")
    async with account.ledgerdb.acquire() as reading, reading.transaction():
        await reading.execute("select from reconciliation.files where file_id = $1 for update", second)
        with pytest.raises(FileNotChanged, match="repeat the command later"):
            await decided(account, second, "release")


async def test_second_person_is_told_what_the_first_decided(account: Settlement) -> None:
    _, second = await replacing(account)
    results = await asyncio.gather(
        decided(account, second, "dismiss"),
        decided(account, second, "dismiss", by="bob"),
        return_exceptions=True,
    )
    (refused,) = [one for one in results if isinstance(one, BaseException)]
    assert isinstance(refused, FileNotChanged)
    assert "is dismissed by" in str(refused)
    again = await decided(account, second, "release")
    assert not again.is_repeated
    assert (await decided(account, second, "release")).is_repeated


async def test_unknown_file_is_refused(account: Settlement) -> None:
    with pytest.raises(FileNotChanged, match="fincore reconcile files"):
        await decided(account, SettlementFileId("sf_01h2xcejqtf2nbrexx3vqjhp41"), "dismiss")


async def test_database_has_the_table_of_decisions(account: Settlement) -> None:
    (row,) = await account.rows(
        "select pg_get_constraintdef(oid) as text from pg_constraint where conname = 'file_actions_lead_somewhere'"
    )
    words = re.findall(r"'(\w+)'", row["text"])
    found = list(zip(words[0::3], words[1::3], words[2::3], strict=True))
    assert {(before, action): after for action, before, after in found} == dict(FILE_TRANSITIONS)


@pytest.mark.parametrize(
    "statement",
    [
        "update reconciliation.files set status = 'dismissed' where file_id = $1",
        "update reconciliation.files set format = 'stripe_payout_itemized' where file_id = $1",
        "update reconciliation.files set is_released = true where file_id = $1",
        "delete from reconciliation.file_actions where file_id = $1",
    ],
)
async def test_owner_of_the_database_cannot_decide_without_record(
    account: Settlement, dsn: str, statement: str
) -> None:
    _, second = await replacing(account)
    owner = await asyncpg.connect(dsn)
    try:
        with pytest.raises(asyncpg.RestrictViolationError):
            await owner.execute(statement, second)
    finally:
        await owner.close()


async def test_booked_file_is_beyond_decisions(account: Settlement) -> None:
    first, _ = await replacing(account)
    for action in ("read_again", "release", "dismiss"):
        with pytest.raises(FileNotChanged, match="its lines count"):
            await decided(account, first, action)


async def test_decision_lost_with_its_process_leaves_nothing(
    account: Settlement, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, second = await replacing(account)

    async def dies(*_: object) -> None:
        raise ConnectionError

    with monkeypatch.context() as patched:
        patched.setattr(file_actions, "_act_on_break", dies)
        with pytest.raises(ConnectionError):
            await decided(account, second, "dismiss")
    assert await status(account, second) == "kept"
    assert await account.breaks() == [REPLACED]
    await decided(account, second, "dismiss")
    assert await account.breaks("dismissed") == [REPLACED]
