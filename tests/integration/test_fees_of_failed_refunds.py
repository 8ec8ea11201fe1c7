"""Fees that a PSP takes again when a refund fails, and gives back when an attempt is reversed: told by files, learned once, and no breaks."""

from collections.abc import AsyncIterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Final

import msgspec
import pytest

from fincore.audit.invariants.clearing_is_explained import CLEARING_IS_EXPLAINED
from fincore.audit.invariants.clearing_items_equal_postings import CLEARING_ITEMS_EQUAL_POSTINGS
from fincore.audit.invariants.money_events_have_entries import MONEY_EVENTS_HAVE_ENTRIES
from fincore.domain.charge import Charge
from fincore.domain.charge_fold import fold
from fincore.domain.currency import Currency
from fincore.domain.events import (
    CHARGE_EVENTS,
    AttemptFeeReturned,
    ChargeEvent,
    ChargeRerouted,
    FeeReturned,
    FeeTakenAgain,
    RefundRequested,
    event_type,
)
from fincore.domain.ids import StreamId, new_refund_id
from fincore.domain.money import Money
from fincore.domain.outcome import PspAccount, PspName, PspReference
from fincore.domain.payment_method import PayPalWallet
from fincore.eventstore.log import EventLog
from fincore.postgres.pool import create_pool
from fincore.reconciliation.line import SettlementLine
from fincore.reconciliation.run import RunResult
from fixtures.commits import created, new_stream
from fixtures.money_events import (
    MERCHANT,
    attempt_captured,
    attempt_reversed,
    captured,
    refund_failed,
    refunded,
)
from fixtures.settlement_account import FoundBreak, Settlement, line, settlement
from fixtures.settlement_falsified import WHEN
from fixtures.traffic import store_pool

USD: Final = Currency("usd")
EUR: Final = Currency("eur")
PAID: Final = line("payment", 10_000, -320, references=("pay_1",))
BACK: Final = line("refund", -4_000, 110, psp_reference="back_1", parent_reference="pay_1")
CAME: Final = line("refund_failed", 4_000, -110, psp_reference="came_1", parent_reference="back_1")
REVERSED: Final = line("refund", -10_000, 90, psp_reference="rev_1", parent_reference="pay_1")


@pytest.fixture
async def account(dsn: str) -> AsyncIterator[Settlement]:
    pool = await create_pool(dsn, application_name="tests", role="fincore_service")
    try:
        async with store_pool(dsn, "ledgerdb") as ledgerdb, settlement(pool, ledgerdb) as one:
            yield one
    finally:
        pool.terminate()


async def came_back(account: Settlement, *, currency: Currency = USD, **fee: object) -> StreamId:
    """100.00 taken for a fee of 3.20; 40.00 of it given back, which the customer's bank sent back."""
    stream_id, refund_id = new_stream(), new_refund_id()
    common = {"psp": account.psp, "psp_account": account.psp_account, "currency": currency}
    of_refund = common | {
        "refund_id": refund_id,
        "psp_reference": PspReference("back_1"),
        "amount_minor": 4_000,
        "occurred_at": WHEN,
        **fee,
    }
    await account.happen(
        stream_id,
        created(10_000, created_at=WHEN, **common),
        captured(
            psp_reference=PspReference("pay_1"),
            fee_minor=320,
            fee_currency=USD,
            platform_fee_minor=0,
            occurred_at=WHEN,
            **common,
        ),
        RefundRequested(
            refund_id=refund_id,
            merchant_id=MERCHANT,
            livemode=False,
            amount_minor=4_000,
            currency=currency,
            requested_at=WHEN,
        ),
        refunded(**of_refund),
        refund_failed(**of_refund),
    )
    return stream_id


async def reversed_attempt(account: Settlement, **fee: object) -> StreamId:
    """An attempt at the account was abandoned, took 100.00 all the same, and gave it back; another account captured."""
    stream_id = new_stream()
    of_account = {"psp": account.psp, "psp_account": account.psp_account}
    elsewhere = {"psp": PspName("stripe"), "psp_account": PspAccount("other")}
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
            **elsewhere,  # type: ignore[arg-type]
        ),
        captured(psp_reference=PspReference("pi_1"), platform_fee_minor=0, occurred_at=WHEN, **elsewhere),
        attempt_captured(
            **of_account,
            psp_reference=PspReference("pay_1"),
            occurred_at=WHEN + timedelta(minutes=1),
            fee_minor=0,
            fee_currency=None,
        ),
        attempt_reversed(
            **of_account,
            psp_reference=PspReference("pay_1"),
            occurred_at=WHEN + timedelta(minutes=2),
            **{"fee_minor": 0, "fee_currency": None} | fee,
        ),
    )
    return stream_id


async def run(account: Settlement) -> RunResult:
    result = await account.reconciliation.run()
    assert result is not None
    await account.book()
    return result


async def learned(account: Settlement, stream_id: StreamId) -> list[tuple[str, int]]:
    kinds = FeeReturned | FeeTakenAgain | AttemptFeeReturned
    events: list[ChargeEvent] = [one.event for one in await charge_events(account, stream_id)]
    return [(event_type(event), event.fee_minor) for event in events if isinstance(event, kinds)]


async def charge_events(account: Settlement, stream_id: StreamId) -> list[SimpleNamespace]:
    log = EventLog(account.dsn_pool, CHARGE_EVENTS)
    return [SimpleNamespace(event=one.event) for one in await log.load(stream_id)]


async def charge_of(account: Settlement, stream_id: StreamId) -> Charge:
    charge = fold(one.event for one in await charge_events(account, stream_id))
    assert charge is not None
    return charge


async def explained(account: Settlement, fees: dict[str, int]) -> None:
    """Nothing is open, and the PSP's fees at this account are these."""
    assert await account.breaks() == []
    assert {name.split()[0] for name in await account.balances()} <= {"balance"}
    rows = await account.rows(
        "select split_part(name, ':', 2) as kind, balance_minor from ledgerdb.accounts"
        " where name ~ '^expense:.*fees' and balance_minor <> 0 and name !~ ':other:'"
    )
    assert {row["kind"]: row["balance_minor"] for row in rows} == fees
    stores = SimpleNamespace(eventstore=account.dsn_pool, ledgerdb=account.ledgerdb)
    for invariant in (CLEARING_IS_EXPLAINED, CLEARING_ITEMS_EQUAL_POSTINGS, MONEY_EVENTS_HAVE_ENTRIES):
        assert await invariant.check(stores) == []


RETURNED: Final = ("charge.fee_returned", 110)
TAKEN: Final = ("charge.fee_taken_again", 110)


async def test_fee_of_a_failed_refund_is_learned_twice(account: Settlement) -> None:
    """The refund has failed before the first file comes, and what the PSP took again is in the second one."""
    stream_id = await came_back(account)
    await account.fetched([PAID, BACK])
    await run(account)
    assert await learned(account, stream_id) == [RETURNED]
    charge = await charge_of(account, stream_id)
    assert (charge.refunds[0].fee, charge.kept_fee) == (Money(110, USD), Money(210, USD))
    await account.fetched([CAME], day=1, beginning_minor={"usd": 5_790})
    assert (await run(account)).breaks_open == 0
    await explained(account, {"psp_fees": 320})
    assert await learned(account, stream_id) == [RETURNED, TAKEN]
    charge = await charge_of(account, stream_id)
    assert (charge.refunds[0].fee, charge.kept_fee) == (None, Money(320, USD))


async def test_fee_given_and_taken_in_one_file_is_learned(account: Settlement) -> None:
    stream_id = await came_back(account)
    await account.fetched([PAID, BACK, CAME])
    await run(account)
    await explained(account, {"psp_fees": 320})
    assert await learned(account, stream_id) == [RETURNED, TAKEN]
    await run(account)
    assert await learned(account, stream_id) == [RETURNED, TAKEN]


async def test_fee_that_is_taken_again_in_part_is_learned(account: Settlement) -> None:
    stream_id = await came_back(account)
    await account.fetched([PAID, BACK, msgspec.structs.replace(CAME, fee_minor=-80)])
    await run(account)
    await explained(account, {"psp_fees": 290})
    assert (await charge_of(account, stream_id)).kept_fee == Money(290, USD)


async def test_failed_refund_in_another_currency_is_learned(account: Settlement) -> None:
    await came_back(account, currency=EUR)
    shown = (
        msgspec.structs.replace(one, gross_minor=one.gross_minor * 11 // 10, presentment=Money(minor, EUR))
        for one, minor in ((PAID, 10_000), (BACK, -4_000), (CAME, 4_000))
    )
    await account.fetched(list(shown))
    await run(account)
    await explained(account, {"psp_fees": 320})


@pytest.mark.parametrize(
    ("back", "came", "left"),
    [
        (BACK, msgspec.structs.replace(CAME, fee_minor=-111), [FoundBreak("fee", -111, "usd")]),
        (msgspec.structs.replace(BACK, fee_minor=0), CAME, [FoundBreak("fee", -110, "usd")]),
    ],
)
async def test_fee_that_was_not_given_is_not_taken(
    account: Settlement, back: SettlementLine, came: SettlementLine, left: list[FoundBreak]
) -> None:
    """More than came back with the refund, or anything at all where nothing did."""
    stream_id = await came_back(account)
    await account.fetched([PAID, back, came])
    await run(account)
    assert await account.breaks() == left
    assert TAKEN[0] not in dict(await learned(account, stream_id))


async def test_fee_that_the_webhooks_told_is_not_learned(account: Settlement) -> None:
    stream_id = await came_back(account, fee_minor=110, fee_currency=USD)
    await account.fetched([PAID, BACK, CAME])
    await run(account)
    await explained(account, {"psp_fees": 320})
    assert await learned(account, stream_id) == []


async def test_line_told_twice_takes_its_fee_once(account: Settlement) -> None:
    stream_id = await came_back(account)
    await account.fetched([PAID, BACK, BACK, CAME, CAME])
    await run(account)
    assert {one.break_class for one in await account.breaks()} == {"duplicate"}
    await run(account)
    assert await learned(account, stream_id) == [RETURNED, TAKEN]


async def test_fee_of_a_reversed_attempt_is_learned(account: Settlement) -> None:
    stream_id = await reversed_attempt(account)
    await account.fetched([PAID, REVERSED])
    await run(account)
    await explained(account, {"reversal_fees": 230})
    assert await learned(account, stream_id) == [("charge.attempt_fee_returned", 90)]
    assert (await charge_of(account, stream_id)).abandoned_attempts[0].returned_fee == Money(90, USD)
    await run(account)
    assert len(await learned(account, stream_id)) == 1


@pytest.mark.parametrize(
    ("told", "fee", "left"),
    [
        (msgspec.structs.replace(REVERSED, fee_minor=321), {}, {"fee": 321}),
        (msgspec.structs.replace(REVERSED, gross_minor=-9_999), {}, {"amount": 1, "fee": 90}),
        (REVERSED, {"fee_minor": 80, "fee_currency": USD}, {"fee": 10}),
    ],
)
async def test_doubtful_fee_of_an_attempt_is_a_break(
    account: Settlement, told: SettlementLine, fee: dict[str, object], left: dict[str, int]
) -> None:
    """More than the PSP took, another amount than went back, or a fee that its call told."""
    stream_id = await reversed_attempt(account, **fee)
    await account.fetched([PAID, told])
    await run(account)
    assert {one.break_class: one.amount_minor for one in await account.breaks()} == left
    assert await learned(account, stream_id) == []
