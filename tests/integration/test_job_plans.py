"""What PostgreSQL does to find the jobs of a charge while 100,000 jobs wait."""

from typing import Final

from fincore.domain.ids import new_charge_id
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool
from fincore.write.queue.job_payloads import authorize_job, resolve_job
from fincore.write.queue.pgqueuer import PgQueuerQueue
from fixtures.plans import plan_of, rows_visited

_SQL = load_sql("fincore.write.queue", "pgqueuer.sql")

WAITING: Final = 100_000


async def test_jobs_of_a_charge_are_found_by_an_index(pool: Pool, owner_pool: Pool) -> None:
    charge_id = new_charge_id()
    jobs = (authorize_job(charge_id), resolve_job(charge_id, delay_seconds=60))
    async with owner_pool.acquire() as connection:
        await connection.execute("set session_replication_role = replica")
        await connection.execute(
            "insert into queue.pgqueuer (priority, entrypoint, payload, execute_after, status, headers)"
            " select 0, 'charge.authorize', convert_to('{\"charge_id\":\"ch_' || lpad(n::text, 26, '0') || '\"}', 'UTF8'), now(), 'queued', '{}'"
            " from generate_series(1, $1::int) n",
            WAITING,
        )
        await connection.execute(
            "insert into queue.pgqueuer (priority, entrypoint, payload, execute_after, status, headers)"
            " select 0, 'charge.authorize', payload, now(), 'queued', '{}' from unnest($1::bytea[]) payload",
            [job.payload for job in jobs],
        )
        await connection.execute("set session_replication_role = origin")
        await connection.execute("analyze queue.pgqueuer")
    plan = await plan_of(pool, _SQL.jobs_of_charge, [charge_id, 100])
    assert not any(node["Node Type"] == "Seq Scan" for node in plan), plan
    assert rows_visited(plan) <= 10
    assert len(await PgQueuerQueue(pool).jobs_of_charge(charge_id)) == 2
