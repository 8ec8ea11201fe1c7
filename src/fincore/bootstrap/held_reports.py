"""What operators do about reports of PSPs that are held: list them, release them, have them read again."""

from datetime import datetime
from typing import Final, NamedTuple

import msgspec

from fincore.bootstrap.databases import Databases
from fincore.bootstrap.operations import stores_of
from fincore.bootstrap.processes import running_writer
from fincore.domain.charge import Charge
from fincore.domain.errors import FinCoreError
from fincore.domain.events import ChargeEvent
from fincore.domain.held_report import release_report
from fincore.domain.ids import ChargeId
from fincore.domain.refusal import Refusal
from fincore.eventstore.commit import Commit, Provenance
from fincore.eventstore.log import EventLog
from fincore.postgres.database_clock import measured_clock
from fincore.postgres.pool import Pool
from fincore.write.psp.held_reports import WaitingReport, list_held_reports
from fincore.write.queue.job_payloads import WebhookJob, process_webhook_job
from fincore.write.queue.port import HeldJob
from fincore.write.worker.plumbing.recorder import ChargeRecorder, Contended, NoSuchCharge

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


async def list_held(databases: Databases, *, limit: int) -> Held:
    """The held reports, oldest first."""
    async with stores_of(databases, "eventstore") as stores:
        reports = await list_held_reports(stores.eventstore, limit=limit)
        jobs = await stores.jobs.held(limit=INBOX_JOBS_MAX)
    webhooks = [
        (msgspec.json.decode(job.payload, type=WebhookJob), job)
        for job in jobs
        if job.kind == "webhook.interpret"
    ]
    return Held(reports, webhooks[:limit])


async def release(databases: Databases, selection: Selection, *, by: str, reason: str) -> list[WaitingReport]:
    """Release the selected reports, each with the name and the reason; return them. Raise `NotReleased`."""
    async with stores_of(databases, "eventstore") as stores:
        selected = await _selected(stores.eventstore, selection)
        queue = stores.jobs
        now = (await measured_clock(stores.eventstore)).now()
        async with running_writer(stores.eventstore, queue.enqueue) as writer:
            recorder = ChargeRecorder(EventLog(stores.eventstore), writer, lambda _charge_id, _events: ())
            for report in selected:
                await _release_one(recorder, report, by=by, reason=reason, now=now)
    return selected


async def read_again(databases: Databases, selection: Selection) -> list[WaitingReport]:
    """Have the worker read the selected reports again; one that is understood then is released. Return them."""
    async with stores_of(databases, "eventstore") as stores:
        selected = await _selected(stores.eventstore, selection)
        queue = stores.jobs
        async with running_writer(stores.eventstore, queue.enqueue) as writer:
            for report in selected:
                job = process_webhook_job(report.psp, report.psp_account, report.psp_event_id)
                provenance = Provenance(correlation=report.charge_id, actor="operator")
                await writer.commit(Commit(provenance=provenance, jobs=(job,)))
    return selected


async def _selected(eventstore: Pool, selection: Selection) -> list[WaitingReport]:
    selected = await list_held_reports(eventstore, **selection._asdict(), limit=RELEASED_AT_ONCE_MAX)
    if not selected:
        raise NotReleased("no such report is held: `fincore reports list` shows those that are")
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
            raise NotReleased(f"{report.charge_id}: {recorded.detail}; list the held reports again")
        case NoSuchCharge():
            raise NotReleased(f"{report.charge_id}: the log has no such charge")
        case Contended():
            raise NotReleased(f"{report.charge_id} keeps changing at the moment; try again")
