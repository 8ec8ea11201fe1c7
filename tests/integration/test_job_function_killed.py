"""The worker as functions that are killed at any moment, by a queue that refuses, repeats and forgets answers: every job is done once in effect."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, Final, NamedTuple
from uuid import uuid4

import pytest
from harness.lambda_runtime import Answer, LambdaFunction, lambda_function
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from fincore.domain.events import CHARGE_EVENTS
from fincore.domain.ids import ChargeId, new_charge_id, stream_of
from fincore.domain.payment_method import CardToken
from fincore.eventstore.commit import Committed
from fincore.eventstore.writer import Writer
from fincore.postgres.pool import Pool
from fincore.write.queue.job_payloads import authorize_job
from fincore.write.queue.pgqueuer import PgQueuerQueue
from fixtures.commits import append, created
from fixtures.event_sinks import aws_client
from fixtures.job_messages import refusing_messages, relaying, sqs_jobs
from fixtures.sandbox import SandboxProcess
from fixtures.sqs_mapping import SqsMapping

HANDLER: Final = "fincore.bootstrap.functions.worker.by_message"
CARDS: Final = {
    "pm_card_visa": ("charge.captured", 1),
    "pm_card_visa_chargeDeclined": ("charge.failed", 0),
}
"""What becomes of a charge, and how often its money is taken."""
KILLED_WITHIN_SECONDS: Final = 0.3
"""About as long as a batch takes."""
KILLS_MAX: Final = 12
REFUSED_SHARE: Final = 0.1
REPEATED_SHARE: Final = 0.3
FORGOTTEN_SHARE: Final = 0.1
HIDDEN_SECONDS: Final = 2
HEARTBEAT_TIMEOUT_SECONDS: Final = 1.0
PATIENCE_SECONDS: Final = 120.0

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]


class Killing(NamedTuple):
    """Where functions are killed; what they print goes to the folder."""

    pool: Pool
    dsn: str
    psp: SandboxProcess
    folder: Path


@pytest.fixture
def killing(pool: Pool, dsn: str, psp_sandbox: SandboxProcess, tmp_path: Path) -> Killing:
    return Killing(pool, dsn, psp_sandbox, tmp_path)


class Mortal:
    """A function of which an invocation is killed now and then, and an answer lost: then SQS delivers the whole batch again."""

    def __init__(self, function: LambdaFunction, random: Random) -> None:
        self._function = function
        self._random = random
        self.kills = 0

    async def invoke(self, event: dict[str, Any]) -> Answer:
        """Invoke it, for better or worse."""
        if self.kills == 0 or (self.kills < KILLS_MAX and self._random.random() < 0.5):
            self.kills += 1
            after_seconds = self._random.uniform(0, KILLED_WITHIN_SECONDS)
            return await self._function.invoke_and_kill(event, after_seconds=after_seconds)
        answer = await self._function.invoke(event)
        if self._random.random() < FORGOTTEN_SHARE:
            return Answer(None, "Sandbox.Timedout", "the answer was lost")
        return answer


@settings(
    max_examples=3,
    deadline=None,
    # A number that begins a random run has nothing to shrink to.
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(seed=st.integers(0, 2**32))
async def test_jobs_of_killed_functions_are_done_once_in_effect(
    killing: Killing, aws_url: str, seed: int
) -> None:
    """Two functions and a relay; some batches go to both functions at once."""
    random = Random(seed)
    queue = f"killed-{uuid4().hex[:12]}"
    environment = {
        "FINCORE_EVENTSTORE_DSN": killing.dsn,
        "FINCORE_STRIPE_BASE_URL": killing.psp.url,
        "FINCORE_STRIPE_TEST_SECRET_KEY": "sk_test_killed",
        "FINCORE_PSP_TIMEOUT_SECONDS": "2",
        "FINCORE_WORKER_HEARTBEAT_TIMEOUT_SECONDS": str(int(HEARTBEAT_TIMEOUT_SECONDS)),
    }
    async with contextlib.AsyncExitStack() as opened:
        sqs = await opened.enter_async_context(aws_client("sqs", aws_url))
        proxy = await opened.enter_async_context(
            refusing_messages(aws_url, Random(seed), share=REFUSED_SHARE)
        )
        messages = await opened.enter_async_context(sqs_jobs(aws_url, queue, through=proxy))
        queue_url = (await sqs.get_queue_url(QueueName=queue))["QueueUrl"]
        mortals = [
            Mortal(
                await opened.enter_async_context(
                    lambda_function(HANDLER, environment, log=killing.folder / f"log-{number}")
                ),
                random,
            )
            for number in range(2)
        ]
        mapping = SqsMapping(
            sqs,
            queue_url,
            [mortal.invoke for mortal in mortals],
            hidden_seconds=HIDDEN_SECONDS,
            repeats=lambda: random.random() < REPEATED_SHARE,
        )
        cards = {new_charge_id(): random.choice(list(CARDS)) for _ in range(random.randint(20, 60))}
        await opened.enter_async_context(relaying(killing.pool, messages, HEARTBEAT_TIMEOUT_SECONDS))
        async with mapping.running():
            await put_charges(killing.pool, cards, random)
            async with asyncio.timeout(PATIENCE_SECONDS):
                while await killing.pool.fetchval("select count(*) from queue.pgqueuer"):
                    await asyncio.sleep(0.1)
        assert sum(mortal.kills for mortal in mortals) > 0
        assert any(answer.error_type is None for answer in mapping.answers)
    assert await outcomes(killing.pool, list(cards)) == {
        charge_id: Counter({"charge.created": 1, CARDS[card][0]: 1}) for charge_id, card in cards.items()
    }
    at_psp = killing.psp.state("fincore_charge_id")["by_metadata"]
    taken = {charge_id: (told["intents"], told["succeeded"]) for charge_id, told in at_psp.items()}
    expected = {str(charge_id): (1, CARDS[card][1]) for charge_id, card in cards.items()}
    assert {charge_id: taken.get(charge_id) for charge_id in expected} == expected


async def put_charges(pool: Pool, cards: dict[ChargeId, str], random: Random) -> None:
    """Write charges with their jobs, a few at a time."""
    writer = Writer(pool, PgQueuerQueue(pool).insertion, CHARGE_EVENTS)
    running = asyncio.create_task(writer.run())
    for charge_id, card in cards.items():
        event = created(payment_method=CardToken(card), created_at=datetime.now(UTC))
        commit = append(stream_of(charge_id), event, jobs=[authorize_job(charge_id)])
        assert await writer.commit(commit) == Committed()
        await asyncio.sleep(random.uniform(0, 0.05))
    writer.close()
    await running


async def outcomes(pool: Pool, charges: Sequence[ChargeId]) -> dict[ChargeId, Counter[str]]:
    """How often each type of event is in the stream of each charge."""
    rows = await pool.fetch("select stream_id, type from eventstore.events")
    found: dict[ChargeId, Counter[str]] = {charge_id: Counter() for charge_id in charges}
    by_stream = {stream_of(charge_id): charge_id for charge_id in charges}
    for row in rows:
        if (charge_id := by_stream.get(row["stream_id"])) is not None:
            found[charge_id][row["type"]] += 1
    return found
