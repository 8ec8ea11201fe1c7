"""A Commit: everything that becomes true together or not at all, and what may come of it."""

import hashlib
from datetime import datetime
from typing import Generic, TypeVar

import msgspec

from fincore.domain.ids import EventId, MerchantId, StreamId, new_event_id
from fincore.domain.job import Job
from fincore.domain.outcome import PspAccount, PspName, PspReference
from fincore.domain.staff_decision import Agreement

E_co = TypeVar("E_co", covariant=True)


class Provenance(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where an event came from; stored beside it as metadata.

    `correlation` is the request or job that started it all, `causation` what directly led to it (a PSP event id, a
    job), `actor` who acted (an API key id, `worker`, `janitor`, `staff:` and the subject of a person). Of a person, `by` is the name to
    read, `reason` why they did it, and `agreement` which second person agreed, where one had to. `traceparent` (W3C Trace Context) names the
    span of the commit, where traces are exported. `psp_request_ids` are the PSP's ids of the answers that led to the event, oldest first.
    """

    correlation: str
    actor: str
    causation: str | None = None
    by: str | None = None
    reason: str | None = None
    agreement: Agreement | None = None
    traceparent: str | None = None
    psp_request_ids: tuple[str, ...] = ()


class NewEvent(msgspec.Struct, Generic[E_co], frozen=True):
    """An event about to be appended. Its id is fixed here, so that a repeated commit can recognise its own event."""

    event: E_co
    event_id: EventId = msgspec.field(default_factory=new_event_id)


class RenderedResponse(msgspec.Struct, frozen=True):
    """A response to a client, rendered: HTTP status, body byte for byte, `Location`. It is stored and never read."""

    status: int
    body: bytes
    location: str | None = None


class StoredResponse(msgspec.Struct, frozen=True, kw_only=True):
    """The response an idempotency key will get again.

    Until `in_flight_until` the first request still waits for the outcome and may replace it once.
    """

    fingerprint: bytes
    response: RenderedResponse
    in_flight_until: datetime | None = None


class IdempotencyKey(msgspec.Struct, frozen=True):
    """A key in its scope: the same string of another merchant, or of the other mode, is another key."""

    merchant_id: MerchantId
    livemode: bool
    key: str


class ReceivedWebhook(msgspec.Struct, frozen=True, kw_only=True):
    """A PSP's event as it arrived: verified, not yet understood. `body` is the raw bytes.

    `is_interesting` says whether a job reads it. The body of one that is only kept goes sooner.
    """

    psp: PspName
    psp_account: PspAccount
    psp_event_id: str
    type: str
    body: bytes
    is_interesting: bool = True

    @property
    def body_sha256(self) -> bytes:
        """What stays of the body once its retention is over."""
        return hashlib.sha256(self.body).digest()


class ClaimedReference(msgspec.Struct, frozen=True):
    """A PSP's payment, refund or dispute that the events of a Commit name first: from then on it belongs to their stream."""

    psp: PspName
    psp_account: PspAccount
    psp_reference: PspReference


class Commit(msgspec.Struct, Generic[E_co], frozen=True, kw_only=True):
    """One change. `expected_version` is how many events the decision saw in the stream; 0 for a new one.

    `final_response` replaces the response of a request that waited for its outcome, while that is still in flight.
    """

    provenance: Provenance
    stream_id: StreamId | None = None
    expected_version: int = 0
    events: tuple[NewEvent[E_co], ...] = ()
    jobs: tuple[Job, ...] = ()
    idempotency: tuple[IdempotencyKey, StoredResponse] | None = None
    webhook: ReceivedWebhook | None = None
    final_response: tuple[IdempotencyKey, StoredResponse] | None = None
    references: tuple[ClaimedReference, ...] = ()


class Committed(msgspec.Struct, frozen=True):
    """All of it is durable."""


class Conflict(msgspec.Struct, frozen=True):
    """The stream has moved on since the decision: load it, decide again. Nothing was written."""


class Replayed(msgspec.Struct, frozen=True):
    """The idempotency key was used before; this is what it got then. Nothing was written."""

    stored: StoredResponse


class AlreadyReceived(msgspec.Struct, frozen=True):
    """The PSP delivered this event before. Nothing was written. `is_same`: with this very body."""

    is_same: bool = True


class ReferenceTaken(msgspec.Struct, frozen=True):
    """What the PSP calls `psp_reference` belongs to another stream. Nothing was written, and repeating it is in vain."""

    psp_reference: PspReference
    stream_id: StreamId


CommitResult = Committed | Conflict | Replayed | AlreadyReceived | ReferenceTaken
