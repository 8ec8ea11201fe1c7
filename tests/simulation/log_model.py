"""The event store in memory: what a Commit does to it and what is answered, as the writer and the log promise.

`test_log_model.py` holds it against the real ones.
"""

import itertools
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import cast

from fincore.domain.clock import Clock
from fincore.domain.events import ChargeEvent
from fincore.domain.ids import EventId, StreamId
from fincore.domain.job import Job
from fincore.domain.log_events import LOG_EVENTS
from fincore.domain.outcome import PspAccount, PspName, PspReference
from fincore.domain.recorded_event import RecordedEvent
from fincore.eventstore.commit import (
    AlreadyReceived,
    ClaimedReference,
    Commit,
    CommitResult,
    Committed,
    Conflict,
    IdempotencyKey,
    ReceivedWebhook,
    ReferenceTaken,
    Replayed,
    StoredResponse,
)

_WebhookKey = tuple[str, str, str]


class LogModel:
    """Each call is one step: nothing happens in the middle of it.

    Fits, by shape, `Writer` as far as it commits and finds answers, `EventLog` as far as it loads streams, and the pool
    behind `InboxReader`.
    """

    def __init__(self, clock: Clock, enqueue: Callable[[Sequence[Job]], None]) -> None:
        self._clock = clock
        self._enqueue = enqueue
        self._positions = itertools.count(1)
        self._event_ids: set[EventId] = set()
        self._answers: dict[IdempotencyKey, StoredResponse] = {}
        self._inbox: dict[_WebhookKey, ReceivedWebhook] = {}
        self._received_at: dict[_WebhookKey, datetime] = {}
        self._references: dict[ClaimedReference, StreamId] = {}
        self.streams: dict[StreamId, list[RecordedEvent[ChargeEvent]]] = {}

    def copy(self) -> "LogModel":
        """Another log with the same past; what happens to one does not happen to the other."""
        other = LogModel(self._clock, self._enqueue)
        other._positions = itertools.count(next(self._positions))
        other._event_ids = set(self._event_ids)
        other._answers = dict(self._answers)
        other._inbox = dict(self._inbox)
        other._received_at = dict(self._received_at)
        other._references = dict(self._references)
        other.streams = dict(self.streams)
        return other

    async def commit(self, commit: Commit[ChargeEvent]) -> CommitResult:
        """Write all of a Commit, or say why none of it."""
        assert commit.final_response is None, "no client of the simulation waits for an outcome"
        stream = self.streams.get(commit.stream_id, []) if commit.stream_id else []
        refusal = self._refusal(commit, stream)
        if refusal is not None:
            return refusal
        if commit.stream_id is not None and commit.events:
            written = [
                RecordedEvent(
                    tx=1,
                    pos=next(self._positions),
                    stream_id=commit.stream_id,
                    version=version,
                    event_id=new.event_id,
                    event=cast("ChargeEvent", LOG_EVENTS.decode(*LOG_EVENTS.encode(new.event))),
                    recorded_at=self._clock.now(),
                )
                for version, new in enumerate(commit.events, start=commit.expected_version + 1)
            ]
            self.streams[commit.stream_id] = [*stream, *written]
            self._event_ids.update(new.event_id for new in commit.events)
        if commit.idempotency is not None:
            key, answer = commit.idempotency
            self._answers[key] = answer
        if commit.webhook is not None:
            self._inbox[_key_of(commit.webhook)] = commit.webhook
            self._received_at[_key_of(commit.webhook)] = self._clock.now()
        if commit.stream_id is not None:
            self._references.update(dict.fromkeys(commit.references, commit.stream_id))
        self._enqueue(commit.jobs)
        return Committed()

    async def find_response(self, key: IdempotencyKey) -> StoredResponse | None:
        """What a key got."""
        return self._answers.get(key)

    async def load(self, stream_id: StreamId) -> list[RecordedEvent[ChargeEvent]]:
        """A stream as it is now."""
        return list(self.streams.get(stream_id, ()))

    async def fetch(
        self, _statement: str, psps: Sequence[str], accounts: Sequence[str], events: Sequence[str]
    ) -> list[dict[str, object]]:
        """Webhooks as they arrived: the one statement of `InboxReader`."""
        names = ("psp", "psp_account", "psp_event_id", "type", "body")
        found = [self._inbox[key] for key in zip(psps, accounts, events, strict=True) if key in self._inbox]
        return [
            {name: getattr(webhook, name) for name in names}
            | {"received_at": self._received_at[_key_of(webhook)]}
            for webhook in found
        ]

    async def stream_of_reference(
        self, psp: PspName, psp_account: PspAccount, psp_reference: PspReference
    ) -> StreamId | None:
        """The stream that something at a PSP belongs to."""
        return self._references.get(ClaimedReference(psp, psp_account, psp_reference))

    def _refusal(
        self, commit: Commit[ChargeEvent], stream: Sequence[RecordedEvent[ChargeEvent]]
    ) -> CommitResult | None:
        follows = stream[commit.expected_version :]
        if commit.events and follows and follows[0].event_id == commit.events[0].event_id:
            return Committed()
        if commit.idempotency is not None and commit.idempotency[0] in self._answers:
            return Replayed(self._answers[commit.idempotency[0]])
        if commit.webhook is not None and (earlier := self._inbox.get(_key_of(commit.webhook))):
            return AlreadyReceived(is_same=earlier.body == commit.webhook.body)
        if commit.events and follows:
            return Conflict()
        for claim in commit.references:
            owner = self._references.get(claim, commit.stream_id)
            if owner is not None and owner != commit.stream_id:
                return ReferenceTaken(claim.psp_reference, owner)
        is_used = any(new.event_id in self._event_ids for new in commit.events)
        if commit.events and (len(stream) != commit.expected_version or is_used):
            return Conflict()
        return None


def _key_of(webhook: ReceivedWebhook) -> _WebhookKey:
    return cast("_WebhookKey", (webhook.psp, webhook.psp_account, webhook.psp_event_id))
