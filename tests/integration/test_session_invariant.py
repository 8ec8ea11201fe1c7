"""The invariant of checkout sessions: what it lets pass, and each finding."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from fincore.audit.invariants.refunded_within_captured import REFUNDED_WITHIN_CAPTURED
from fincore.audit.invariants.sessions_are_paid_once import SESSIONS_ARE_PAID_ONCE
from fincore.bootstrap.databases import Databases, Stores, open_stores
from fincore.domain.checkout_session_events import (
    CheckoutAttemptClosed,
    CheckoutAttemptStarted,
    CheckoutPaidAgain,
    CheckoutSessionCompleted,
    CheckoutSessionEvent,
    CheckoutSessionExpired,
    SessionPaymentMethod,
)
from fincore.domain.events import ChargeActionRequired, ChargeEvent, RefundFailed, RefundSucceeded
from fincore.domain.ids import RefundId, StreamId, session_charge_id, session_stream_of, stream_of
from fincore.domain.log_events import LOG_EVENTS, LogEvent
from fincore.domain.outcome import PspReference
from fincore.eventstore.commit import Commit, Committed, NewEvent
from fincore.eventstore.writer import Writer
from fincore.postgres.pool import Pool
from fixtures.checkout_sessions import AT, CAPTURED, DECLINED, SESSION, plan_for, session_created
from fixtures.commits import PROVENANCE, created, no_jobs

ACTION = ChargeActionRequired(psp_reference=PspReference("cs_1"), redirect_url="https://psp.example/cs_1")


def started(number: int, method: SessionPaymentMethod = "card") -> CheckoutAttemptStarted:
    return CheckoutAttemptStarted(
        number=number,
        charge_id=session_charge_id(SESSION, number),
        payment_method=method,
        plan=plan_for(method),
        started_at=AT,
    )


def closed(number: int) -> CheckoutAttemptClosed:
    return CheckoutAttemptClosed(
        number=number, charge_id=session_charge_id(SESSION, number), reason="failed", closed_at=AT
    )


def completed(number: int) -> CheckoutSessionCompleted:
    return CheckoutSessionCompleted(
        number=number, charge_id=session_charge_id(SESSION, number), completed_at=AT
    )


def refunded(amount_minor: int) -> RefundSucceeded:
    """A refund of the charge that is captured."""
    return RefundSucceeded(
        refund_id=RefundId(f"re_of_{amount_minor}"),
        merchant_id=CAPTURED.merchant_id,
        livemode=False,
        psp=CAPTURED.psp,
        psp_account=CAPTURED.psp_account,
        psp_reference=PspReference(f"re_of_{amount_minor}"),
        amount_minor=amount_minor,
        currency=CAPTURED.currency,
        occurred_at=AT,
    )


def came_back(refund: RefundSucceeded) -> RefundFailed:
    """The refund, which had succeeded, failed after all."""
    return RefundFailed(
        refund_id=refund.refund_id,
        merchant_id=refund.merchant_id,
        livemode=False,
        psp=refund.psp,
        psp_account=refund.psp_account,
        amount_minor=refund.amount_minor,
        currency=refund.currency,
        code="account_closed",
        was_succeeded=True,
        occurred_at=AT,
    )


ALL, PART = CAPTURED.amount_minor, 500
EXPIRED = CheckoutSessionExpired(reason="time", expired_at=AT)
PAID_AGAIN = CheckoutPaidAgain(number=1, charge_id=session_charge_id(SESSION, 1), found_at=AT)


@pytest.fixture
async def stores(databases: Databases) -> AsyncIterator[Stores]:
    async with open_stores(databases, application_name="tests-invariants") as stores:
        yield stores


async def write(pool: Pool, streams: Sequence[tuple[StreamId, tuple[LogEvent, ...]]]) -> None:
    writer = Writer(pool, no_jobs, LOG_EVENTS)
    running = asyncio.create_task(writer.run())
    for stream_id, events in streams:
        commit: Commit[LogEvent] = Commit(
            provenance=PROVENANCE,
            stream_id=stream_id,
            events=tuple(NewEvent[LogEvent](event) for event in events),
        )
        assert await writer.commit(commit) == Committed()
    writer.close()
    await running


FIRST_TWO = (started(1), closed(1), started(2))


@pytest.mark.parametrize(
    ("session", "charges", "finding"),
    [
        ((started(1),), [(ACTION,)], None),
        ((*FIRST_TWO, completed(2)), [(DECLINED,), (CAPTURED,)], None),
        ((*FIRST_TWO, PAID_AGAIN, completed(2)), [(CAPTURED,), (CAPTURED,)], None),
        ((started(1), closed(1), EXPIRED, PAID_AGAIN), [(CAPTURED,)], None),
        ((*FIRST_TWO, completed(2)), [(CAPTURED,), (CAPTURED,)], "is paid by 2 charges"),
        ((*FIRST_TWO, completed(2)), [(CAPTURED, refunded(ALL)), (CAPTURED,)], None),
        ((*FIRST_TWO, completed(2)), [(CAPTURED, refunded(PART), refunded(ALL - PART)), (CAPTURED,)], None),
        ((*FIRST_TWO, completed(2)), [(CAPTURED, refunded(PART)), (CAPTURED,)], "is paid by 2 charges"),
        ((*FIRST_TWO, completed(2)), [(CAPTURED,), (CAPTURED, refunded(PART))], "is paid by 2 charges"),
        (
            (*FIRST_TWO, completed(2)),
            [(CAPTURED, refunded(ALL), came_back(refunded(ALL))), (CAPTURED,)],
            "is paid by 2 charges",
        ),
        ((started(1), closed(1), EXPIRED), [(CAPTURED,)], "has expired, and a charge of it is paid"),
        (
            (started(1), closed(1), EXPIRED),
            [(CAPTURED, refunded(PART))],
            "has expired, and a charge of it is paid",
        ),
        ((started(1), closed(1), EXPIRED), [(ACTION,)], "has ended, and a charge of it can still be paid"),
        ((started(1), completed(1)), [(DECLINED,)], "is completed, and no charge of it was paid"),
    ],
)
async def test_session_is_judged_by_its_charges(
    stores: Stores,
    owner_pool: Pool,
    session: tuple[CheckoutSessionEvent, ...],
    charges: list[tuple[ChargeEvent, ...]],
    finding: str | None,
) -> None:
    await write(
        stores.eventstore,
        [
            (session_stream_of(SESSION), (session_created(), *session)),
            *(
                (
                    stream_of(session_charge_id(SESSION, number)),
                    (created(checkout_session_id=SESSION), *events),
                )
                for number, events in enumerate(charges, start=1)
            ),
        ],
    )
    assert await SESSIONS_ARE_PAID_ONCE.check(stores) == []
    async with owner_pool.acquire() as connection:
        await connection.execute("set session_replication_role = replica")
        await connection.execute("update eventstore.events set recorded_at = recorded_at - interval '1 hour'")
        await connection.execute("set session_replication_role = origin")
    found = [(one.where, one.what) for one in await SESSIONS_ARE_PAID_ONCE.check(stores)]
    assert found == ([] if finding is None else [(f"checkout session {SESSION}", finding)])


async def test_session_is_judged_as_no_charge_by_its_amounts(stores: Stores) -> None:
    charge = (
        stream_of(session_charge_id(SESSION, 1)),
        (created(amount_minor=CAPTURED.amount_minor, checkout_session_id=SESSION), CAPTURED),
    )
    session = (session_stream_of(SESSION), (session_created(), started(1), completed(1)))
    await write(stores.eventstore, [session, charge])
    assert await REFUNDED_WITHIN_CAPTURED.check(stores) == []
