"""Adjustments that members of staff decide: counted by subject, above a limit with a second person, once for a proposal."""

from collections.abc import AsyncIterator
from functools import partial
from typing import Final

import asyncpg
import pytest

from fincore.domain.adjustment_events import AdjustmentBooked
from fincore.domain.currency import Currency
from fincore.domain.ids import ProposalId, adjustment_stream_of
from fincore.domain.one_person_limits import OnePersonLimit, OnePersonLimits
from fincore.domain.staff_actor import StaffActor
from fincore.domain.staff_decision import Agreement, StaffDecision
from fincore.postgres.pool import create_pool
from fincore.reconciliation.adjustments.acts import AdjustmentRefused, Adjustments, SecondPersonNeeded
from fincore.reconciliation.adjustments.decision import Decision
from fincore.reconciliation.adjustments.telling import AdjustmentTelling
from fixtures.settlement_account import Settlement, line, settlement
from fixtures.traffic import store_pool

TIGHT: Final[OnePersonLimits] = (OnePersonLimit(Currency("usd"), 700, 1_299),)
MAX: Final = StaffActor("sub-max", "max")


def alone(subject: str) -> StaffDecision:
    return StaffDecision(subject)


def agreed(subject: str, proposal: str) -> StaffDecision:
    return StaffDecision(subject, Agreement(ProposalId(proposal), MAX))


@pytest.fixture
async def account(dsn: str) -> AsyncIterator[Settlement]:
    """An account of which two lines name nothing that FinCore knows, of 7.00 and 6.00, and a run that found them."""
    pool = await create_pool(dsn, application_name="tests", role="fincore_service")
    try:
        async with store_pool(dsn, "ledgerdb") as ledgerdb, settlement(pool, ledgerdb) as account:
            await account.fetched([line("adjustment", -700), line("adjustment", -600)])
            assert await account.reconciliation.run() is not None
            yield account
    finally:
        pool.terminate()


async def breaks(account: Settlement) -> list[asyncpg.Record]:
    return await account.rows("select * from reconciliation.breaks order by break_id")


async def adjust(
    account: Settlement,
    found: asyncpg.Record,
    staff: StaffDecision | None,
    *,
    by: str = "lea",
    limits: OnePersonLimits = TIGHT,
) -> AdjustmentBooked:
    decision = Decision(
        kind="adjustment",
        amount_minor=found["amount_minor"],
        by=by,
        reason="agreed with the PSP",
        staff=staff,
    )
    return await Adjustments(account.ledgerdb, limits, account.adjustments).adjust(
        found["break_id"], decision
    )


async def test_day_of_staff_is_counted_by_subject_too(account: Settlement) -> None:
    """A member of staff who took another name counts as before."""
    first, second = await breaks(account)
    await adjust(account, first, alone("sub-lea"))
    with pytest.raises(SecondPersonNeeded, match=r"it would be 13\.00 USD today") as needed:
        await adjust(account, second, alone("sub-lea"), by="lea the second")
    assert needed.value.money.amount_minor == 600
    with pytest.raises(SecondPersonNeeded, match=r"it would be 13\.00 USD today"):
        await adjust(account, second, None)
    await adjust(account, second, alone("sub-ann"), by="ann")


async def test_what_two_people_decided_counts_for_no_limit(account: Settlement) -> None:
    first, second = await breaks(account)
    await adjust(account, first, agreed("sub-lea", "prop_1"), limits=())
    await adjust(account, second, alone("sub-lea"))


async def test_proposal_is_booked_once_though_it_was_reversed(account: Settlement) -> None:
    """Carried out again after another person took it back, it books nothing anew."""
    first, second = await breaks(account)
    staff = agreed("sub-lea", "prop_1")
    booked = await adjust(account, first, staff)
    acts = Adjustments(account.ledgerdb, TIGHT, account.adjustments)
    await AdjustmentTelling(account.ledgerdb, account.adjustments).tell()
    await acts.reverse(booked.adjustment_id, by="ann", reason="it was wrong")
    assert await adjust(account, first, staff) == booked
    assert await adjust(account, second, staff) == booked
    (count,) = await account.rows("select count(*) from reconciliation.adjustments")
    assert count["count"] == 1


async def test_reversal_of_a_namesake_is_not_ones_own(account: Settlement) -> None:
    """Two subjects may have one name: the repetition of one is no repetition of the other."""
    first, _ = await breaks(account)
    booked = await adjust(account, first, agreed("sub-lea", "prop_1"))
    acts = Adjustments(account.ledgerdb, (), account.adjustments)
    await AdjustmentTelling(account.ledgerdb, account.adjustments).tell()
    reverse = partial(acts.reverse, booked.adjustment_id, by="ann", reason="it was wrong")
    reversed_ = await reverse(staff=agreed("sub-ann", "prop_2"))
    assert await reverse(staff=agreed("sub-ann", "prop_2")) == reversed_
    with pytest.raises(AdjustmentRefused):
        await reverse(staff=agreed("sub-eve", "prop_3"))


async def test_log_names_both_people_of_a_proposal(account: Settlement) -> None:
    first, _ = await breaks(account)
    booked = await adjust(account, first, agreed("sub-lea", "prop_1"))
    await AdjustmentTelling(account.ledgerdb, account.adjustments).tell()
    told = await account.adjustments.load(booked.adjustment_id)
    assert told is not None
    assert told.booked.staff == agreed("sub-lea", "prop_1")
    (event,) = await account.rows(
        f"select metadata ->> 'actor' as actor from eventstore.events where stream_id = '{adjustment_stream_of(booked.adjustment_id)}'"  # noqa: S608 -- an id
    )
    assert event["actor"] == "staff:sub-lea"


async def test_database_refuses_a_second_person_who_is_the_first(account: Settlement) -> None:
    first, _ = await breaks(account)
    with pytest.raises(asyncpg.CheckViolationError, match="adjustments_have_two_people"):
        await adjust(account, first, agreed("sub-max", "prop_1"), by="max")


async def test_day_beyond_the_range_of_bigint_is_over_the_limit(account: Settlement) -> None:
    first, second = await breaks(account)
    booked = await adjust(account, first, alone("sub-lea"))
    for number in range(2):
        await account.ledgerdb.execute(
            "insert into reconciliation.adjustments (adjustment_id, break_id, generation, event_id, booked, decided_at, counted_for)"
            " select $1, break_id, generation + $2::int, gen_random_uuid(),"
            "  booked || jsonb_build_object('adjustment_id', $1::text, 'gross_minor', -9223372036854775807),"
            "  decided_at, counted_for from reconciliation.adjustments where adjustment_id = $3",
            f"adj_{number}",
            number + 1,
            booked.adjustment_id,
        )
    with pytest.raises(SecondPersonNeeded, match="today"):
        await adjust(account, second, alone("sub-lea"))
