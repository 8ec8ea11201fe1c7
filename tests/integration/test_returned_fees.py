"""Fees that come back, and those of abandoned attempts, which only a settlement file tells: events of the charge, each once, and no breaks."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from types import SimpleNamespace
from typing import Final

import msgspec
import pytest

from fincore.audit.invariants.clearing_is_explained import CLEARING_IS_EXPLAINED
from fincore.audit.invariants.clearing_items_equal_postings import CLEARING_ITEMS_EQUAL_POSTINGS
from fincore.audit.invariants.money_events_have_entries import MONEY_EVENTS_HAVE_ENTRIES
from fincore.domain.charge_fold import fold
from fincore.domain.currency import Currency
from fincore.domain.events import (
    CHARGE_EVENTS,
    AttemptFeeAssessed,
    ChargeEvent,
    ChargeRerouted,
    DisputeOpened,
    FeeReturned,
    RefundRequested,
    RefundSucceeded,
)
from fincore.domain.ids import StreamId, new_dispute_id, new_refund_id
from fincore.domain.money import Money
from fincore.domain.outcome import PspAccount, PspName, PspReference
from fincore.domain.payment_method import PayPalWallet
from fincore.eventstore.log import EventLog
from fincore.postgres.pool import create_pool
from fincore.reconciliation.line import SettlementLine
from fincore.reconciliation.run import RunResult
from fixtures.commits import created, new_stream
from fixtures.money_events import attempt_captured, captured, refunded
from fixtures.settlement_account import FoundBreak, Settlement, line, settlement
from fixtures.settlement_falsified import WHEN
from fixtures.traffic import store_pool

USD: Final = Currency("usd")
EUR: Final = Currency("eur")
PAID: Final = line("payment", 10_000, -320, references=("pay_1",))


@pytest.fixture
async def account(dsn: str) -> AsyncIterator[Settlement]:
    pool = await create_pool(dsn, application_name="tests", role="fincore_service")
    try:
        async with store_pool(dsn, "ledgerdb") as ledgerdb, settlement(pool, ledgerdb) as one:
            yield one
    finally:
        pool.terminate()


async def paid(
    account: Settlement, *further: ChargeEvent, currency: Currency = USD, **changes: object
) -> StreamId:
    """100.00 taken for a fee of 3.20, and what comes after it."""
    stream_id = new_stream()
    common: dict[str, object] = {"psp": account.psp, "psp_account": account.psp_account, "currency": currency}
    taken = {
        "psp_reference": PspReference("pay_1"),
        "fee_minor": 320,
        "fee_currency": USD,
        "platform_fee_minor": 0,
        "occurred_at": WHEN,
    }
    await account.happen(
        stream_id,
        created(10_000, created_at=WHEN, **common),
        captured(**common | taken | changes),
        *(
            msgspec.structs.replace(
                event, **{name: of for name, of in common.items() if name in event.__struct_fields__}
            )
            for one in further
            for event in _with_request(one)
        ),
    )
    return stream_id


def _with_request(event: ChargeEvent) -> Sequence[ChargeEvent]:
    """A refund was asked for before it succeeded."""
    if not isinstance(event, RefundSucceeded):
        return (event,)
    return (
        RefundRequested(
            refund_id=event.refund_id,
            merchant_id=event.merchant_id,
            livemode=event.livemode,
            amount_minor=event.amount_minor,
            currency=event.currency,
            requested_at=WHEN,
        ),
        event,
    )


def given_back(amount_minor: int = 4_000, reference: str = "back_1", **changes: object) -> ChargeEvent:
    """40.00 given back, of which no call told a fee."""
    return refunded(
        refund_id=new_refund_id(),
        psp_reference=PspReference(reference),
        amount_minor=amount_minor,
        occurred_at=WHEN,
        **changes,
    )


def told(fee_minor: int = 110, amount_minor: int = 4_000, reference: str = "back_1") -> SettlementLine:
    """Its line, with a part of the fee."""
    return line("refund", -amount_minor, fee_minor, psp_reference=reference, references=(reference, "pay_1"))


def reversal(fee_minor: int = 20, **naming: object) -> SettlementLine:
    """A part of the fee that comes back by itself."""
    return line("fee_reversal", 0, fee_minor, **({"parent_reference": "pay_1"} | naming))


async def run(account: Settlement) -> RunResult:
    result = await account.reconciliation.run()
    assert result is not None
    await account.book()
    return result


async def learned(account: Settlement, stream_id: StreamId) -> list[FeeReturned]:
    return [one.event for one in await account.log.load(stream_id) if isinstance(one.event, FeeReturned)]


async def explained(account: Settlement, fees: dict[str, int], *, breaks: Sequence[str] = ()) -> None:
    """Nothing else is open than breaks of these classes, and the PSP's fees are these."""
    assert [one.break_class for one in await account.breaks()] == list(breaks)
    assert {name.split()[0] for name in await account.balances()} <= {"balance"}
    rows = await account.rows(
        "select split_part(name, ':', 2) as kind, balance_minor from ledgerdb.accounts"
        " where name ~ '^expense:.*fees' and balance_minor <> 0"
    )
    assert {row["kind"]: row["balance_minor"] for row in rows} == fees
    stores = SimpleNamespace(eventstore=account.dsn_pool, ledgerdb=account.ledgerdb)
    for invariant in (CLEARING_IS_EXPLAINED, CLEARING_ITEMS_EQUAL_POSTINGS, MONEY_EVENTS_HAVE_ENTRIES):
        assert await invariant.check(stores) == []


async def test_fee_that_comes_back_with_a_refund_is_learned(account: Settlement) -> None:
    stream_id = await paid(account, given_back())
    await account.fetched([PAID, told()])
    assert (await run(account)).breaks_opened == 0
    await explained(account, {"psp_fees": 210})
    (event,) = await learned(account, stream_id)
    assert (event.fee_minor, event.psp_reference, event.refund_id is not None) == (110, "back_1", True)
    await run(account)
    assert len(await learned(account, stream_id)) == 1


async def test_fees_of_two_refunds_are_learned_at_once(account: Settlement) -> None:
    stream_id = await paid(account, given_back(), given_back(6_000, "back_2"))
    await account.fetched([PAID, told(110), told(210, 6_000, "back_2")])
    assert (await run(account)).breaks_opened == 0
    await explained(account, {})
    assert len(await learned(account, stream_id)) == 2


async def test_refund_in_another_currency_has_its_fee_back(account: Settlement) -> None:
    await paid(account, given_back(), currency=EUR)
    payment = msgspec.structs.replace(PAID, gross_minor=10_800, presentment=Money(10_000, EUR))
    back = msgspec.structs.replace(told(), gross_minor=-4_400, presentment=Money(-4_000, EUR))
    await account.fetched([payment, back])
    assert (await run(account)).breaks_opened == 0
    await explained(account, {"psp_fees": 210})


async def test_line_before_the_refund_tells_its_fee_later(account: Settlement) -> None:
    await account.fetched([PAID, told()])
    await run(account)
    assert len(await account.breaks()) == 2
    stream_id = await paid(account, given_back())
    await run(account)
    await explained(account, {"psp_fees": 210})
    assert len(await learned(account, stream_id)) == 1


async def test_learned_fee_is_that_of_its_refund(account: Settlement) -> None:
    """The charge knows the fee of the refund, which its failure takes again."""
    stream_id = await paid(account, given_back())
    await account.fetched([PAID, told()])
    await run(account)
    events = await EventLog(account.dsn_pool, CHARGE_EVENTS).load(stream_id)
    charge = fold(one.event for one in events)
    assert charge is not None
    assert charge.refunds[0].fee == Money(110, USD)
    assert charge.kept_fee == Money(210, USD)


async def test_line_told_twice_gives_its_fee_back_once(account: Settlement) -> None:
    stream_id = await paid(account, given_back())
    await account.fetched([PAID, told(), told()])
    await run(account)
    assert await account.breaks() == [FoundBreak("duplicate", -3_890, "usd")]
    assert [one.fee_minor for one in await learned(account, stream_id)] == [110]


@pytest.mark.parametrize(
    ("line_of", "left"),
    [
        (told(321), {"fee": 321}),
        (told(110, 3_999), {"amount": 1, "fee": 110}),
        (msgspec.structs.replace(told(), currency=EUR), {"currency": -3_890}),
    ],
)
async def test_fee_of_a_doubtful_refund_line_stays_a_break(
    account: Settlement, line_of: SettlementLine, left: dict[str, int]
) -> None:
    """More than the PSP keeps, another amount, or another currency."""
    stream_id = await paid(account, given_back())
    await account.fetched([PAID, line_of])
    await run(account)
    assert {one.break_class: one.amount_minor for one in await account.breaks()} == left
    assert await learned(account, stream_id) == []


async def test_fee_of_a_refund_that_its_call_told_is_not_learned(account: Settlement) -> None:
    stream_id = await paid(account, given_back(fee_minor=100, fee_currency=USD))
    await account.fetched([PAID, told(110)])
    await run(account)
    assert await account.breaks() == [FoundBreak("fee", 10, "usd")]
    assert await learned(account, stream_id) == []


@pytest.mark.parametrize("months", [0, 7])
async def test_fee_that_comes_back_by_itself_is_learned(account: Settlement, months: int) -> None:
    """Months later, in a file of its own and with none between; named by way of the line of the fee."""
    stream_id = await paid(account)
    fee = line("account_fee", -1, psp_reference="fee_row", parent_reference="pay_1")
    first = [PAID, fee]
    later = [reversal(parent_reference="fee_row")]
    if months:
        await account.fetched(first)
        await run(account)
        await account.fetched(later, day=30 * months, beginning_minor={"usd": 9_679})
    else:
        await account.fetched([*first, *later])
    await run(account)
    await explained(account, {"psp_fees": 300, "account_fees": 1}, breaks=["file_gap"] if months else [])
    assert [one.refund_id for one in await learned(account, stream_id)] == [None]


async def test_fees_come_back_up_to_what_the_psp_took(account: Settlement) -> None:
    stream_id = await paid(account)
    await account.fetched([PAID, *(reversal(160, psp_reference=f"fr_{number}") for number in range(3))])
    await run(account)
    assert await account.breaks() == [FoundBreak("missing_here", 160, "usd")]
    assert len(await learned(account, stream_id)) == 2


async def test_fee_that_comes_back_twice_in_one_line_is_learned_once(account: Settlement) -> None:
    stream_id = await paid(account)
    await account.fetched([PAID, *(reversal(psp_reference="fr_1") for _ in range(2))])
    await run(account)
    assert [one.break_class for one in await account.breaks()] == ["duplicate"]
    assert len(await learned(account, stream_id)) == 1


@pytest.mark.parametrize(
    "naming",
    [
        {"parent_reference": "pay_9"},
        {"parent_reference": None},
        {"parent_reference": None, "our_reference": "ch_01k0bcdefghjkmnpqrstvwxyz0"},
        {"references": ("pay_2",)},
    ],
)
async def test_fee_of_an_object_not_named_stays_a_break(
    account: Settlement, naming: dict[str, object]
) -> None:
    """No payment of ours, or two of them."""
    first = await paid(account)
    second = await paid(account, psp_reference=PspReference("pay_2"))
    other = msgspec.structs.replace(PAID, psp_reference="tx_2", references=("pay_2",))
    await account.fetched([PAID, other, reversal(20, **naming)])
    await run(account)
    assert [one.break_class for one in await account.breaks()] == ["missing_here"]
    assert [await learned(account, one) for one in (first, second)] == [[], []]


async def test_fee_beside_a_dispute_stays_a_break(account: Settlement) -> None:
    """It may be the fee of the dispute."""
    opened = DisputeOpened(
        dispute_id=new_dispute_id(),
        psp_reference=PspReference("dp_1"),
        amount_minor=10_000,
        currency=USD,
        reason="fraudulent",
        status="needs_response",
        is_inquiry=False,
        occurred_at=WHEN,
    )
    stream_id = await paid(account, opened)
    await account.fetched([PAID, reversal()])
    await run(account)
    assert await account.breaks() == [FoundBreak("missing_here", 20, "usd")]
    assert await learned(account, stream_id) == []


async def test_crash_after_a_returned_fee_was_told_tells_it_once(
    account: Settlement, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream_id = await paid(account, given_back())
    await account.fetched([PAID, told(), reversal()])
    dying = account.reconciliation

    async def die() -> None:
        raise asyncio.CancelledError

    with monkeypatch.context() as patch:
        patch.setattr(dying._lost, "take_over", die)
        with pytest.raises(asyncio.CancelledError):
            await dying.run()
    assert len(await learned(account, stream_id)) == 2
    await run(account)
    await explained(account, {"psp_fees": 190})
    assert len(await learned(account, stream_id)) == 2


async def failed_over(account: Settlement, **changes: object) -> StreamId:
    """An attempt at the account was abandoned, and took 100.00 all the same, by a record without a fee; another account captured."""
    stream_id = new_stream()
    of_account = {"psp": account.psp, "psp_account": account.psp_account}
    stripe, other = PspName("stripe"), PspAccount("other")
    elsewhere = {"psp": stripe, "psp_account": other}
    await account.happen(
        stream_id,
        created(10_000, created_at=WHEN, **of_account),
        ChargeRerouted(
            abandoned_attempt=1,
            abandoned_psp=account.psp,
            abandoned_psp_account=account.psp_account,
            payment_method=PayPalWallet(),
            code="never_happened",
            reason="its record does not show it",
            requested_at=WHEN,
            psp=stripe,
            psp_account=other,
        ),
        captured(psp_reference=PspReference("pi_1"), platform_fee_minor=0, occurred_at=WHEN, **elsewhere),
        attempt_captured(
            **of_account,
            psp_reference=PspReference("pay_1"),
            occurred_at=WHEN + timedelta(minutes=1),
            **{"fee_minor": 0, "fee_currency": None} | changes,
        ),
    )
    return stream_id


async def attempt_fees(account: Settlement, stream_id: StreamId) -> Sequence[int]:
    events = [one.event for one in await account.log.load(stream_id)]
    return [event.fee_minor for event in events if isinstance(event, AttemptFeeAssessed)]


async def test_fee_of_an_abandoned_attempt_is_learned(account: Settlement) -> None:
    stream_id = await failed_over(account)
    await account.fetched([PAID, PAID])
    await run(account)
    assert await account.breaks() == [FoundBreak("duplicate", 9_680, "usd")]
    await run(account)
    assert await attempt_fees(account, stream_id) == [320]
    rows = await account.rows(
        "select balance_minor from ledgerdb.accounts where name like 'expense:reversal_fees:%'"
    )
    assert [row["balance_minor"] for row in rows] == [320]


@pytest.mark.parametrize(
    ("changes", "fee_minor"), [({"fee_minor": 300, "fee_currency": USD}, -320), ({}, -5_001)]
)
async def test_fee_of_an_attempt_that_is_known_or_too_much_is_a_break(
    account: Settlement, changes: dict[str, object], fee_minor: int
) -> None:
    stream_id = await failed_over(account, **changes)
    await account.fetched([msgspec.structs.replace(PAID, fee_minor=fee_minor)])
    await run(account)
    assert [one.break_class for one in await account.breaks()] == ["fee"]
    assert await attempt_fees(account, stream_id) == []


async def test_stream_that_cannot_be_followed_keeps_no_run(account: Settlement) -> None:
    """The refund was never asked for: its fee stays a break."""
    stream_id = await paid(account)
    other = new_stream()
    of_account = {"psp": account.psp, "psp_account": account.psp_account}
    await account.happen(
        other, created(10_000, created_at=WHEN, **of_account), given_back(4_000, "back_9", **of_account)
    )
    await account.fetched([PAID, told(110, 4_000, "back_9"), reversal()])
    await run(account)
    assert len(await learned(account, stream_id)) == 1
    assert FoundBreak("fee", 110, "usd") in await account.breaks()
