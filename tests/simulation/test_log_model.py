"""The store in memory against the real one: the same Commits get the same results and leave the same truth."""

import asyncio
from collections.abc import Callable, Iterator
from typing import NamedTuple
from uuid import uuid4

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fincore.domain.events import ChargeEvent
from fincore.domain.ids import new_event_id
from fincore.domain.job import Job
from fincore.domain.outcome import PspReference
from fincore.eventstore.commit import (
    ClaimedReference,
    Commit,
    IdempotencyKey,
    NewEvent,
    ReceivedWebhook,
    RenderedResponse,
    StoredResponse,
)
from fincore.write.psp.inbox import InboxReader
from fixtures.commits import MERCHANT, PROVENANCE, captured, created, new_stream
from fixtures.sampling import sampled
from fixtures.scripted_psp import STRIPE, TEST_ACCOUNT, SteppedClock
from simulation.postgres_store import StoreInPostgres
from simulation.queue_model import QueueModel
from simulation.world import Store, StoreInMemory

STREAMS = EVENTS = KEYS = WEBHOOKS = CLAIMS = range(3)
NEW = -1
"""An event that no other Commit holds."""


class Attempt(NamedTuple):
    """A Commit by numbers: which stream, events, key, webhook and references of a few; None where it has none."""

    stream: int
    expected_version: int
    events: tuple[int, ...]
    key: int | None
    webhook: int | None
    claims: tuple[int, ...]
    has_job: bool


ATTEMPTS = st.lists(
    st.builds(
        Attempt,
        stream=st.sampled_from(STREAMS),
        expected_version=st.integers(0, 3),
        events=st.sampled_from([(), (NEW,), (NEW, NEW), *((one,) for one in EVENTS), (0, NEW), (NEW, 1)]),
        key=st.none() | st.sampled_from(KEYS),
        webhook=st.none() | st.sampled_from(WEBHOOKS),
        claims=st.sampled_from([(), *((one,) for one in CLAIMS), (0, 1)]),
        has_job=st.booleans(),
    ).filter(lambda attempt: attempt.events or attempt.key is not None or attempt.webhook is not None),
    min_size=1,
    max_size=12,
)


class _Names:
    """The streams, events, keys and webhooks of one example, new to the database."""

    def __init__(self) -> None:
        self.streams = [new_stream() for _ in STREAMS]
        self.events = [NewEvent(captured(), new_event_id()) for _ in EVENTS]
        self.keys = [IdempotencyKey(MERCHANT, False, f"key-{uuid4()}") for _ in KEYS]
        self.webhooks = [f"evt_{uuid4().hex}" for _ in WEBHOOKS]
        self.claims = [
            ClaimedReference(STRIPE, TEST_ACCOUNT, PspReference(f"pi_{uuid4().hex}")) for _ in CLAIMS
        ]

    def commit(self, number: int, attempt: Attempt) -> Commit[ChargeEvent]:
        answer = StoredResponse(fingerprint=b"f" * 32, response=RenderedResponse(201, b"%d" % number))
        job = Job(kind="charge.authorize", payload=b"%d" % number)
        webhook = None if attempt.webhook is None else self._webhook(number, attempt.webhook)
        return Commit(
            provenance=PROVENANCE,
            stream_id=self.streams[attempt.stream] if attempt.events else None,
            expected_version=attempt.expected_version if attempt.events else 0,
            events=tuple(NewEvent(created()) if one == NEW else self.events[one] for one in attempt.events),
            jobs=(job,) if attempt.has_job else (),
            idempotency=None if attempt.key is None else (self.keys[attempt.key], answer),
            webhook=webhook,
            references=tuple(self.claims[claim] for claim in attempt.claims) if attempt.events else (),
        )

    def _webhook(self, number: int, webhook: int) -> ReceivedWebhook:
        return ReceivedWebhook(
            psp=STRIPE,
            psp_account=TEST_ACCOUNT,
            psp_event_id=self.webhooks[webhook],
            type="told",
            body=b"%d" % number,
        )


@pytest.fixture
def postgres(
    loop: asyncio.AbstractEventLoop, fresh_dsn: Callable[[], str]
) -> Iterator[tuple[StoreInPostgres, QueueModel]]:
    clock = SteppedClock()
    queue = QueueModel(clock)
    store = StoreInPostgres(fresh_dsn(), queue, clock)
    loop.run_until_complete(store.open())
    yield store, queue
    loop.run_until_complete(store.close())


async def _truth(store: Store, names: _Names) -> list[object]:
    """All that can be read of what an example wrote."""
    inbox = InboxReader(store.inbox_pool)
    streams = [await store.log.load(stream) for stream in names.streams]
    webhooks = [await inbox.find(STRIPE, TEST_ACCOUNT, webhook) for webhook in names.webhooks]
    return [
        [[(one.version, one.event_id, one.event) for one in stream] for stream in streams],
        [await store.writer.find_response(key) for key in names.keys],
        # When a webhook arrived, each tells by its own clock.
        [stored and (stored.type, stored.body) for stored in webhooks],
        [await store.log.stream_of_reference(*msgspec.structs.astuple(claim)) for claim in names.claims],
    ]


@pytest.mark.sampled
def test_the_model_does_with_every_commit_what_the_writer_does(
    loop: asyncio.AbstractEventLoop, postgres: tuple[StoreInPostgres, QueueModel]
) -> None:
    @settings(
        max_examples=sampled(60),
        deadline=None,
        print_blob=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.nested_given],
    )
    @given(ATTEMPTS)
    def play(attempts: list[Attempt]) -> None:
        names = _Names()
        commits = [names.commit(number, attempt) for number, attempt in enumerate(attempts)]
        clock = SteppedClock()
        queue = QueueModel(clock)
        model = StoreInMemory(clock, queue)
        real, real_queue = postgres
        jobs_before = len(real_queue.waiting)
        told = [loop.run_until_complete(model.writer.commit(commit)) for commit in commits]
        real_told = [loop.run_until_complete(real.writer.commit(commit)) for commit in commits]
        assert told == real_told
        assert loop.run_until_complete(_truth(model, names)) == loop.run_until_complete(_truth(real, names))
        assert [job.payload for job in queue.waiting] == [
            job.payload for job in real_queue.waiting[jobs_before:]
        ]

    play()
