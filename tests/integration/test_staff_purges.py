"""What the limits and proposals of staff need no more is deleted, and the database refuses to delete it earlier."""

from datetime import timedelta
from typing import Final

import asyncpg
import pytest

from fincore.postgres.pool import Pool
from fincore.write.staff.purges import (
    COUNTED_REFUNDS_KEPT_FOR,
    ENDED_PROPOSALS_KEPT_FOR,
    StaffPurges,
)

DAYS: Final = timedelta(days=1)


async def add_proposal(owner: Pool, number: int, status: str, proposed: timedelta, ended: timedelta) -> str:
    """A proposal of long ago, with the step that ended it, if one did."""
    proposal_id = f"prop_{number:026}"
    async with owner.acquire() as connection:
        await connection.execute("set session_replication_role = replica")
        await connection.execute(
            "insert into staff.proposals (proposal_id, kind, object_id, act, proposer_subject, proposer_username,"
            " proposer_counted_for, reason, needed_because, status, proposed_at, expires_at)"
            " values ($1, 'live_key', 'key_1', '{}', 'sub-lea', 'lea', 'lea', 'new', 'always', $2::text, clock_timestamp() - $3::interval,"
            " clock_timestamp() - $3::interval + interval '7 days')",
            proposal_id,
            status,
            proposed,
        )
        if status != "proposed":
            step = "approve" if status == "approved" else "expire"
            await connection.execute(
                "insert into staff.proposal_steps (proposal_id, status_before, step, taken_at, subject, username, counted_for, reason)"
                " select $1, 'proposed', $2::text, clock_timestamp() - $3::interval, who, who, who, who"
                " from (select case when $2 = 'approve' then 'max' end) as of_person (who)",
                proposal_id,
                step,
                ended,
            )
        await connection.execute("set session_replication_role = origin")
    return proposal_id


async def ids_of(pool: Pool) -> list[str]:
    rows = await pool.fetch("select proposal_id from staff.proposals order by proposal_id")
    return [row["proposal_id"] for row in rows]


async def test_ended_proposals_of_long_ago_are_deleted_in_steps(pool: Pool, owner_pool: Pool) -> None:
    for number in range(3):
        await add_proposal(owner_pool, number, "expired", 500 * DAYS, 493 * DAYS)
    kept = [
        await add_proposal(owner_pool, 3, "expired", 390 * DAYS, 383 * DAYS),
        await add_proposal(owner_pool, 4, "expired", 500 * DAYS, 100 * DAYS),
        await add_proposal(owner_pool, 5, "approved", 500 * DAYS, 495 * DAYS),
        await add_proposal(owner_pool, 6, "proposed", 500 * DAYS, 500 * DAYS),
    ]
    purges = StaffPurges(pool)
    deleted = [await purges.ended_proposals(kept_for=ENDED_PROPOSALS_KEPT_FOR, rows_max=2) for _ in range(3)]
    assert deleted == [2, 1, 0]
    assert await ids_of(pool) == kept
    steps = await pool.fetch("select proposal_id from staff.proposal_steps")
    assert {row["proposal_id"] for row in steps} == set(kept[:3])


async def test_proposal_is_not_deleted_before_its_time(pool: Pool, owner_pool: Pool) -> None:
    await add_proposal(owner_pool, 1, "expired", 399 * DAYS, 392 * DAYS)
    await add_proposal(owner_pool, 2, "approved", 500 * DAYS, 392 * DAYS)
    for statement in (
        "delete from staff.proposals where status = 'expired'",
        "delete from staff.proposals where status = 'approved'",
        "delete from staff.proposal_steps",
        "update staff.proposals set reason = 'other'",
    ):
        for store in (pool, owner_pool):
            with pytest.raises((asyncpg.RestrictViolationError, asyncpg.InsufficientPrivilegeError)):
                await store.execute(statement)


async def test_counted_refunds_are_deleted_after_their_month(pool: Pool, owner_pool: Pool) -> None:
    for number, days in enumerate((0, 29, 32, 40)):
        await owner_pool.execute(
            "insert into staff.counted_refunds (owner, livemode, key, fingerprint, counted_for, currency, amount_minor, counted_at)"
            " values ('staff:lea', false, $1, '', 'lea', 'usd', 1, clock_timestamp() - $2::interval)",
            str(number),
            days * DAYS,
        )
    purges = StaffPurges(pool)
    assert await purges.counted_refunds(kept_for=COUNTED_REFUNDS_KEPT_FOR, rows_max=1) == 1
    assert await purges.counted_refunds(kept_for=COUNTED_REFUNDS_KEPT_FOR, rows_max=9) == 1
    with pytest.raises(asyncpg.RestrictViolationError):
        await purges.counted_refunds(kept_for=timedelta(0), rows_max=9)
    rows = await pool.fetch("select key from staff.counted_refunds order by key")
    assert [row["key"] for row in rows] == ["0", "1"]
