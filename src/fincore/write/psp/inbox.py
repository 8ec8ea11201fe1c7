"""The inbox: webhooks of PSPs, verified and kept raw before they are read."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Literal, Never, get_args

import msgspec
import structlog

from fincore.domain.clock import Clock
from fincore.domain.outcome import PspAccount, PspName
from fincore.eventstore.commit import AlreadyReceived, Commit, Provenance, ReceivedWebhook
from fincore.eventstore.writer import Writer
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool
from fincore.postgres.shared_fetch import SharedFetch
from fincore.write.psp.metrics import WEBHOOKS_RECEIVED
from fincore.write.psp.port import (
    CouldNotCheck,
    PspWebhooks,
    SignatureRefused,
    VerifiedWebhook,
    WebhookRefusal,
)
from fincore.write.queue.job_payloads import process_webhook_job

_SQL = load_sql("fincore.write.psp", "inbox.sql")
_log = structlog.get_logger(__name__)

VERIFY_SECONDS_MAX: Final = 5.0
"""How long the check of one webhook may take where it calls the PSP."""
VERIFY_RETRY_AFTER_SECONDS: Final = 30
_RESULTS: Final = (
    "accepted",
    "duplicate",
    "duplicate_differs",
    "could_not_check",
    *(f"refused_{reason}" for reason in get_args(WebhookRefusal)),
)


class WebhookInbox:
    """Takes webhooks in: one commit holds the raw event and, where it matters, the job that will read it."""

    def __init__(self, writer: Writer[Never], webhooks: Mapping[PspName, PspWebhooks], clock: Clock) -> None:
        self._writer = writer
        self._webhooks = webhooks
        self._clock = clock
        for psp in webhooks:
            for result in _RESULTS:
                # A series that begins at 0 tells of the first one, too.
                WEBHOOKS_RECEIVED.labels(psp, result)

    async def receive(
        self, psp: PspName, psp_account: PspAccount, headers: Mapping[str, str], body: bytes
    ) -> Literal["accepted", "duplicate"] | SignatureRefused | CouldNotCheck:
        """Verify and store an event. Header names are lower case; `body` is exactly what arrived.

        When this returns `accepted` or `duplicate` the event is durable: answer 2xx. `SignatureRefused`: answer 4xx;
        `CouldNotCheck`, which is returned after `VERIFY_SECONDS_MAX` too: answer 503. Raises `StoreUnavailable` or
        `Overloaded` as the writer does: answer 503 and the PSP will send it again.
        """
        webhooks = self._webhooks.get(psp)
        if webhooks is None:
            return self._refused(psp, SignatureRefused("unknown_account"))
        verified = await self._verify(webhooks, psp_account, headers, body)
        if isinstance(verified, SignatureRefused):
            return self._refused(psp, verified)
        if isinstance(verified, CouldNotCheck):
            WEBHOOKS_RECEIVED.labels(psp, "could_not_check").inc()
            _log.warning("psp.webhook_not_checked", psp=psp, psp_account=psp_account, reason=verified.reason)
            return verified
        event = ReceivedWebhook(
            psp=psp,
            psp_account=psp_account,
            psp_event_id=verified.psp_event_id,
            type=verified.type,
            body=body,
            is_interesting=verified.is_interesting,
        )
        commit: Commit[Never] = Commit(
            provenance=Provenance(correlation=verified.psp_event_id, actor=f"webhook:{psp}"),
            webhook=event,
            jobs=(process_webhook_job(psp, psp_account, verified.psp_event_id),)
            if verified.is_interesting
            else (),
        )
        committed = await self._writer.commit(commit)
        if not isinstance(committed, AlreadyReceived):
            WEBHOOKS_RECEIVED.labels(psp, "accepted").inc()
            return "accepted"
        WEBHOOKS_RECEIVED.labels(psp, "duplicate" if committed.is_same else "duplicate_differs").inc()
        if not committed.is_same:
            _log.warning(
                "psp.webhook_differs",
                psp=psp,
                psp_account=psp_account,
                psp_event_id=verified.psp_event_id,
                type=verified.type,
            )
        return "duplicate"

    async def _verify(
        self, webhooks: PspWebhooks, psp_account: PspAccount, headers: Mapping[str, str], body: bytes
    ) -> VerifiedWebhook | SignatureRefused | CouldNotCheck:
        try:
            async with asyncio.timeout(VERIFY_SECONDS_MAX):
                return await webhooks.verify(psp_account, headers, body, self._clock.now())
        except TimeoutError:
            return CouldNotCheck(
                reason=f"the check took longer than {VERIFY_SECONDS_MAX:g} s",
                retry_after_seconds=VERIFY_RETRY_AFTER_SECONDS,
            )

    def _refused(self, psp: PspName, refused: SignatureRefused) -> SignatureRefused:
        # A sender may name any PSP: only those that are configured become labels.
        label = psp if psp in self._webhooks else "unknown"
        WEBHOOKS_RECEIVED.labels(label, f"refused_{refused.reason}").inc()
        _log.warning("psp.webhook_refused", psp=label, reason=refused.reason)
        return refused


_EventKey = tuple[PspName, PspAccount, str]


class StoredReport(msgspec.Struct, frozen=True):
    """A PSP's event as stored in the inbox: its type in the PSP's words, its raw bytes, and when it arrived."""

    type: str
    body: bytes
    received_at: datetime


class ReceivedReport(msgspec.Struct, frozen=True):
    """A PSP's event as it arrived: its type in the PSP's words. Its body is kept for a time only (`has_body`)."""

    psp: PspName
    psp_account: PspAccount
    psp_event_id: str
    type: str
    received_at: datetime
    has_body: bool


async def received_reports(
    pool: Pool, keys: Sequence[tuple[PspName, PspAccount, str]]
) -> list[ReceivedReport]:
    """Some events by PSP, account and id, in the order in which they arrived; those that never did are left out."""
    if not keys:
        return []
    rows = await pool.fetch(_SQL.received_reports, *map(list, zip(*keys, strict=True)))
    return [ReceivedReport(*row) for row in rows]


class InboxReader:
    """Reads events stored in the inbox."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._stored: SharedFetch[_EventKey, StoredReport] = SharedFetch(self._find)

    async def find(self, psp: PspName, psp_account: PspAccount, psp_event_id: str) -> StoredReport | None:
        """An event, or None if it never arrived or its body's retention is over."""
        return await self._stored.find((psp, psp_account, psp_event_id))

    async def _find(self, keys: Sequence[_EventKey]) -> dict[_EventKey, StoredReport]:
        psps, accounts, events = (list(column) for column in zip(*keys, strict=True))
        rows = await self._pool.fetch(_SQL.stored_reports, psps, accounts, events)
        return {
            (row["psp"], row["psp_account"], row["psp_event_id"]): StoredReport(
                row["type"], row["body"], row["received_at"]
            )
            for row in rows
        }


class InboxBodies:
    """Lets go of the raw bodies of webhooks. What is still to be read, or waits for a person, keeps its body."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def purge(self, *, kept_for: timedelta, rows_max: int) -> int:
        """Purge bodies received longer ago by the database's clock, at most `rows_max`; return how many."""
        return await self._purge(kept_for, rows_max, only_uninteresting=False)

    async def purge_uninteresting(self, *, kept_for: timedelta, rows_max: int) -> int:
        """The same for types of events that no job reads."""
        return await self._purge(kept_for, rows_max, only_uninteresting=True)

    async def _purge(self, kept_for: timedelta, rows_max: int, *, only_uninteresting: bool) -> int:
        status = await self._pool.execute(_SQL.purge_bodies, kept_for, only_uninteresting, rows_max)
        return int(status.rpartition(" ")[2])
