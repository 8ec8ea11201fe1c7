"""Reports of PSPs that are held: list them, release them, have the worker read them again."""

from datetime import datetime
from typing import Final, NamedTuple

import msgspec

from fincore.domain.charge import Charge
from fincore.domain.clock import Clock
from fincore.domain.errors import FinCoreError
from fincore.domain.events import CHARGE_EVENTS, ChargeEvent
from fincore.domain.held_report import release_report
from fincore.domain.ids import ChargeId
from fincore.domain.refusal import Refusal
from fincore.eventstore.commit import Commit, Provenance
from fincore.eventstore.log import EventLog
from fincore.eventstore.recorder import Contended
from fincore.eventstore.writer import Writer
from fincore.postgres.pool import Pool
from fincore.write.psp.held_reports import WaitingReport, list_held_reports
from fincore.write.queue.job_payloads import WebhookJob, process_webhook_job
from fincore.write.queue.port import DeadLetters, HeldJob
from fincore.write.worker.plumbing.recorder import ChargeRecorder, NoSuchCharge

RELEASED_AT_ONCE_MAX: Final = 1_000
"""Reports that one command releases or has read again; what is left is listed again."""
INBOX_JOBS_MAX: Final = 10_000
"""Dead letters that are looked through for webhooks that name no charge."""


class NotReleased(FinCoreError):
    """A report could not be released; the message says why and what to do."""


class Held(NamedTuple):
    """What waits: reports held on charges, and webhooks in the inbox that name no charge."""

    reports: list[WaitingReport]
    in_inbox: list[tuple[WebhookJob, HeldJob]]


class Selection(NamedTuple):
    """Which held reports are meant: one, or those of a charge, of a kind, or all."""

    charge_id: ChargeId | None = None
    psp_event_id: str | None = None
    report_type: str | None = None


async def list_held(eventstore: Pool, jobs: DeadLetters, *, limit: int) -> Held:
    """The held reports, oldest first."""
    reports = await list_held_reports(eventstore, limit=limit)
    webhooks = [
        (msgspec.json.decode(job.payload, type=WebhookJob), job)
        for job in await jobs.held(limit=INBOX_JOBS_MAX)
        if job.kind == "webhook.interpret"
    ]
    return Held(reports, webhooks[:limit])


async def release(
    eventstore: Pool, writer: Writer[ChargeEvent], clock: Clock, selection: Selection, *, by: str, reason: str
) -> list[WaitingReport]:
    """Release the selected reports, each with the name and the reason; return them. Raise `NotReleased`."""
    selected = await _selected(eventstore, selection)
    recorder = ChargeRecorder(
        EventLog(eventstore, CHARGE_EVENTS),
        writer,
        lambda _charge_id, _psp, _events: (),
        lambda _charge, _events: (),
    )
    now = clock.now()
    for report in selected:
        await _release_one(recorder, report, by=by, reason=reason, now=now)
    return selected


async def read_again(
    eventstore: Pool, writer: Writer[ChargeEvent], selection: Selection
) -> list[WaitingReport]:
    """Have the worker read the selected reports again; return them. One that it understands is then released."""
    selected = await _selected(eventstore, selection)
    for report in selected:
        job = process_webhook_job(report.psp, report.psp_account, report.psp_event_id)
        provenance = Provenance(correlation=report.charge_id, actor="operator")
        await writer.commit(Commit(provenance=provenance, jobs=(job,)))
    return selected


async def _selected(eventstore: Pool, selection: Selection) -> list[WaitingReport]:
    selected = await list_held_reports(eventstore, **selection._asdict(), limit=RELEASED_AT_ONCE_MAX)
    if not selected:
        raise NotReleased("no held report matches: `fincore reports list` lists the held reports")
    return selected


async def _release_one(
    recorder: ChargeRecorder, report: WaitingReport, *, by: str, reason: str, now: datetime
) -> None:
    def decide(charge: Charge) -> tuple[ChargeEvent, ...] | Refusal:
        return release_report(
            charge.held_reports,
            report.psp_event_id,
            released_by=by,
            reason=reason,
            now=now,
        )

    provenance = Provenance(correlation=report.charge_id, actor=f"operator:{by}")
    recorded = await recorder.record(report.charge_id, decide, provenance)
    match recorded:
        case Refusal():
            raise NotReleased(f"{report.charge_id}: {recorded.detail}: list the held reports again")
        case NoSuchCharge():
            raise NotReleased(f"{report.charge_id}: the log has no such charge")
        case Contended():
            raise NotReleased(f"{report.charge_id} keeps changing: repeat the command")
