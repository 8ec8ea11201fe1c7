"""The worker as a function of Lambda, under AWS's own runtime client: what SQS deletes after an invocation is done, and nothing else."""

from pathlib import Path
from typing import Any

from harness.lambda_runtime import lambda_function
from harness.sqs_event import sqs_event

from fincore.aws.job_message import text_of
from fincore.domain.ids import new_charge_id
from fincore.domain.job import Job
from fincore.postgres.pool import Pool
from fincore.write.queue.job_payloads import review_job
from fincore.write.queue.pgqueuer import PgQueuerQueue
from fixtures.commits import put_jobs

HANDLER = "fincore.bootstrap.functions.worker.by_message"


def event(*bodies: str) -> dict[str, Any]:
    """Messages with these texts, named m0, m1 ..."""
    return sqs_event(
        [
            {"MessageId": f"m{number}", "ReceiptHandle": "r", "Body": body}
            for number, body in enumerate(bodies)
        ]
    )


def failures(*names: str) -> dict[str, Any]:
    return {"batchItemFailures": [{"itemIdentifier": name} for name in names]}


async def put(pool: Pool, *jobs: Job) -> list[str]:
    async with pool.acquire() as connection, connection.transaction():
        await put_jobs(connection, PgQueuerQueue(pool).insertion, jobs)
    return [str(row["id"]) for row in await pool.fetch("select id from queue.pgqueuer order by id")]


async def test_function_does_jobs_and_names_what_is_left(
    pool: Pool, owner_pool: Pool, dsn: str, tmp_path: Path
) -> None:
    unknown_charge = review_job(new_charge_id(), delay_seconds=0.0)
    broken = Job(kind="charge.authorize", payload=b"not JSON")
    later = review_job(new_charge_id(), delay_seconds=3_600.0)
    first, second, third = await put(pool, unknown_charge, broken, later)
    await owner_pool.execute(
        "insert into queue.pgqueuer (priority, entrypoint, payload, status) values (0, 'of.tomorrow', '', 'queued')"
    )
    newer = str(await pool.fetchval("select max(id) from queue.pgqueuer"))
    environment = {"FINCORE_EVENTSTORE_DSN": dsn}
    async with lambda_function(HANDLER, environment, log=tmp_path / "log") as function:
        texts = [text_of(one) for one in (first, second, second, third, newer, "987654321")]
        answer = await function.invoke(event(*texts, "of another form"))
        assert answer.returned == failures("m4", "m6"), (tmp_path / "log").read_text()
        assert (await function.invoke({"Records": [{"kinesis": {}}]})).error_type == "NoBatch"
        rows = await pool.fetch(
            "select id::text, status::text from queue.pgqueuer where status <> 'failed' order by id"
        )
        assert [tuple(row) for row in rows] == [(third, "queued"), (newer, "queued")]
        await owner_pool.execute("alter table queue.pgqueuer rename to away")
        assert (await function.invoke(event(text_of(third)))).error_type == "FunctionFailed"
        await owner_pool.execute("alter table queue.away rename to pgqueuer")
        assert (await function.invoke(event(text_of(third)))).returned == failures()
        assert function.starts == 1
