"""Fees that only a settlement file tells: each becomes an event of its charge, once, and then the line matches."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from fincore.domain.charge_fold import fold
from fincore.domain.currency import Currency
from fincore.domain.events import CHARGE_EVENTS, ChargeEvent, FeeAssessed
from fincore.domain.ids import StreamId
from fincore.domain.money import Money
from fincore.domain.outcome import PspReference, SubReference
from fincore.eventstore.commit import Conflict
from fincore.eventstore.log import EventLog
from fincore.postgres.pool import create_pool
from fincore.reconciliation.run import RunResult
from fixtures.commits import created, new_stream
from fixtures.money_events import captured
from fixtures.settlement_account import FoundBreak, Settlement, line, settlement
from fixtures.settlement_falsified import WHEN
from fixtures.traffic import store_pool

USD = Currency("usd")


@pytest.fixture
async def account(dsn: str) -> AsyncIterator[Settlement]:
    pool = await create_pool(dsn, application_name="tests", role="fincore_service")
    try:
        async with store_pool(dsn, "ledgerdb") as ledgerdb, settlement(pool, ledgerdb) as one:
            yield one
    finally:
        pool.terminate()


def payment(
    account: Settlement,
    *,
    reference: str = "pay_1",
    capture: str | None = None,
    currency: Currency = USD,
    **changes: object,
) -> list[ChargeEvent]:
    """100.00 taken, of which the PSP has not told its fee."""
    common = {"psp": account.psp, "psp_account": account.psp_account, "currency": currency}
    parts = (SubReference(kind="capture", psp_reference=PspReference(capture)),) if capture else ()
    return [
        created(10_000, created_at=WHEN, **common),
        captured(
            **common
            | {
                "psp_reference": PspReference(reference),
                "sub_references": parts,
                "fee_minor": 0,
                "fee_currency": None,
                "occurred_at": WHEN,
            }
            | changes
        ),
    ]


async def happen(account: Settlement, **changes: object) -> StreamId:
    stream_id = new_stream()
    await account.happen(stream_id, *payment(account, **changes))  # type: ignore[arg-type]
    return stream_id


async def run(account: Settlement) -> RunResult:
    result = await account.reconciliation.run()
    assert result is not None
    return result


async def fees(account: Settlement, stream_id: StreamId) -> list[FeeAssessed]:
    events = [one.event for one in await account.log.load(stream_id)]
    return [event for event in events if isinstance(event, FeeAssessed)]


async def explained(account: Settlement) -> None:
    await account.book()
    assert await account.breaks() == []
    assert {name.split()[0] for name in await account.balances()} == {"balance"}


@pytest.mark.parametrize("capture", [None, "cap_1"])
async def test_fee_that_only_the_file_tells_is_booked(account: Settlement, capture: str | None) -> None:
    stream_id = await happen(account, capture=capture)
    await account.fetched([line("payment", 10_000, -320, references=(capture or "pay_1",))])
    result = await run(account)
    assert result.breaks_opened == 0
    await explained(account)
    (told,) = await fees(account, stream_id)
    assert (told.fee_minor, told.currency, told.psp_reference) == (320, USD, "pay_1")
    events = await EventLog(account.dsn_pool, CHARGE_EVENTS).load(stream_id)
    charge = fold(one.event for one in events)
    assert charge is not None
    assert charge.fee == Money(320, USD)


async def test_fee_of_a_capture_in_parts_is_their_sum(account: Settlement) -> None:
    """Stripe tells the whole hold and what a partial capture gives back as two lines of one payment."""
    stream_id = await happen(account)
    await account.fetched(
        [
            line("payment", 15_000, -465, references=("pay_1",)),
            line("payment", -5_000, 145, references=("pay_1",)),
        ]
    )
    await run(account)
    await explained(account)
    assert [one.fee_minor for one in await fees(account, stream_id)] == [320]


async def test_line_before_its_event_tells_the_fee_later(account: Settlement) -> None:
    await account.fetched([line("payment", 10_000, -320, references=("pay_1",))])
    await run(account)
    assert await account.breaks() == [FoundBreak("missing_here", 9_680, "usd")]
    stream_id = await happen(account)
    await run(account)
    await explained(account)
    assert len(await fees(account, stream_id)) == 1


async def test_line_told_twice_tells_its_fee_once(account: Settlement) -> None:
    stream_id = await happen(account)
    told = line("payment", 10_000, -320, references=("pay_1",))
    await account.fetched([told, told])
    await run(account)
    assert await account.breaks() == [FoundBreak("duplicate", 9_680, "usd")]
    assert [one.fee_minor for one in await fees(account, stream_id)] == [320]


@pytest.mark.parametrize(
    ("gross_minor", "fee_minor", "naming", "left"),
    [
        (10_001, -320, {"references": ("pay_1",)}, {"amount": 1, "fee": -320}),
        (10_000, -5_001, {"references": ("pay_1",)}, {"fee": -5_001}),
        (10_000, 320, {"references": ("pay_1",)}, {"fee": 320}),
        (10_000, -320, {"parent_reference": "pay_1"}, {"fee": -320}),
    ],
)
async def test_fee_of_a_doubtful_line_stays_a_break(
    account: Settlement, gross_minor: int, fee_minor: int, naming: dict[str, object], left: dict[str, int]
) -> None:
    """Another amount, a fee above half of it, a fee that comes back, or a line that does not name the payment itself."""
    stream_id = await happen(account)
    await account.fetched([line("payment", gross_minor, fee_minor, **naming)])
    await run(account)
    assert {one.break_class: one.amount_minor for one in await account.breaks()} == left
    assert await fees(account, stream_id) == []


@pytest.mark.parametrize("known_minor", [0, 300])
@pytest.mark.parametrize("currency", [USD, Currency("eur")])
async def test_line_that_names_two_charges_tells_no_fee(
    account: Settlement, known_minor: int, currency: Currency
) -> None:
    """The fee of the second may be known, or its currency be another one: the line may still be about either."""
    first = await happen(account)
    second = await happen(
        account,
        reference="pay_2",
        currency=currency,
        fee_minor=known_minor,
        fee_currency=currency if known_minor else None,
    )
    await account.fetched([line("payment", 10_000, -320, references=("pay_1", "pay_2"))])
    await run(account)
    assert [await fees(account, one) for one in (first, second)] == [[], []]
    assert FoundBreak("fee", -320, "usd") in await account.breaks()


async def test_file_of_another_account_tells_no_fee(account: Settlement) -> None:
    stream_id = await happen(account)
    other = account._replace(psp_account="another")  # type: ignore[arg-type]
    await other.fetched([line("payment", 10_000, -320, references=("pay_1",))])
    await run(account)
    assert await other.breaks() == [FoundBreak("missing_here", 9_680, "usd")]
    assert await fees(account, stream_id) == []


async def test_fee_that_the_psp_told_before_the_file_counts(account: Settlement) -> None:
    stream_id = await happen(account, fee_minor=300, fee_currency=USD)
    await account.fetched([line("payment", 10_000, -320, references=("pay_1",))])
    await run(account)
    assert await account.breaks() == [FoundBreak("fee", -20, "usd")]
    assert await fees(account, stream_id) == []


async def test_crash_after_a_fee_was_told_tells_it_once(
    account: Settlement, monkeypatch: pytest.MonkeyPatch
) -> None:
    streams = [await happen(account, reference=f"pay_{number}") for number in range(3)]
    await account.fetched(
        [line("payment", 10_000, -320, references=(f"pay_{number}",)) for number in range(3)]
    )
    dying = account.reconciliation
    record, told = dying._fee_lines._fees.record, 0

    async def die(*given: object) -> bool:
        nonlocal told
        told += 1
        if told == 2:
            raise asyncio.CancelledError
        return await record(*given)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(dying._fee_lines._fees, "record", die)
        with pytest.raises(asyncio.CancelledError):
            await dying.run()
    await run(account)
    await explained(account)
    assert [len(await fees(account, one)) for one in streams] == [1, 1, 1]


async def test_fee_of_a_contended_charge_is_told_by_a_later_run(
    account: Settlement, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until then it is a break, which closes by itself."""
    stream_id = await happen(account)
    await account.fetched([line("payment", 10_000, -320, references=("pay_1",))])
    busy = account.reconciliation

    async def conflict(*_: object) -> Conflict:
        return Conflict()

    with monkeypatch.context() as patch:
        patch.setattr(busy._fee_lines._fees, "_writer", type("Busy", (), {"commit": staticmethod(conflict)}))
        await busy.run()
    assert await account.breaks() == [FoundBreak("fee", -320, "usd")]
    await run(account)
    assert await account.breaks("matched_late") == [FoundBreak("fee", -320, "usd")]
    await explained(account)
    assert len(await fees(account, stream_id)) == 1
