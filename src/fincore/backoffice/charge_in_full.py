"""A charge with all that the stores hold of it, part by part, so that a page can show the first while it asks for the next."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from fincore.audit.charge_checks import ChargeCheck, ChargeEvidence, check_charge
from fincore.audit.invariants.money_events_have_entries import events_without_entry
from fincore.backoffice.charge_timeline import TimelineEvent, timeline_of
from fincore.backoffice.charge_waits import Wait, waits_of
from fincore.backoffice.psp_calls import PspCall, calls_of
from fincore.domain.charge import Charge
from fincore.domain.charge_fold import evolve
from fincore.domain.clock import Clock
from fincore.domain.events import ChargeEvent
from fincore.domain.ids import ChargeId, StreamId, stream_of
from fincore.domain.outcome import PspAccount, PspName
from fincore.domain.recorded_event import RecordedEvent
from fincore.eventstore.log import EventLog, LoggedEvent
from fincore.observability.logs import redact
from fincore.postgres.pool import Pool
from fincore.read.ledgerdb.queries import BookedEntry, LedgerQueries
from fincore.read.paymentdb.staff_charge_queries import StaffChargeQueries
from fincore.read.paymentdb.staff_lists import Scope
from fincore.write.psp.held_reports import WaitingReport, list_held_reports
from fincore.write.psp.inbox import ReceivedReport, received_reports
from fincore.write.queue.port import ChargeJobState, JobInspection

HELD_REPORTS_MAX: Final = 100


class Stop(NamedTuple):
    """The first version of a charge's stream that cannot be applied, and why."""

    version: int
    reason: str


class LoadedCharge(NamedTuple):
    """A charge as its events leave it, up to `stop` where one cannot be applied, and all its events."""

    charge_id: ChargeId
    charge: Charge
    stop: Stop | None
    events: Sequence[LoggedEvent[ChargeEvent]]

    @property
    def readable(self) -> list[RecordedEvent[ChargeEvent]]:
        """The events that can be read."""
        return [one for one in self.events if isinstance(one, RecordedEvent)]


class ChargeStores(NamedTuple):
    """Where parts of a charge are: the log with its inbox, the view, the ledger, and the job queue."""

    eventstore: Pool
    paymentdb: Pool
    ledgerdb: Pool
    jobs: JobInspection
    clock: Clock


class ChargeInFull:
    """Reads charges of any merchant, from the log itself: nothing lags but the view, the ledger and what follows from them."""

    def __init__(self, log: EventLog[ChargeEvent], stores: ChargeStores) -> None:
        self._log = log
        self._stores = stores

    async def load(self, charge_id: ChargeId) -> LoadedCharge | None:
        """A charge; None where the log has none, or where its first event cannot be read and it is not known which merchant it is of."""
        events = await self._log.load_logged(stream_of(charge_id))
        charge: Charge | None = None
        stop: Stop | None = None
        for one in events:
            if not isinstance(one, RecordedEvent):
                stop = Stop(one.version, one.reason)
                break
            try:
                charge = evolve(charge, one.event)
            except Exception as error:  # noqa: BLE001 -- an event that cannot follow is what staff come to see
                stop = Stop(one.version, redact(f"{type(error).__name__}: {error}"))
                break
        return None if charge is None else LoadedCharge(charge_id, charge, stop, events)

    async def timeline(self, loaded: LoadedCharge) -> list[TimelineEvent]:
        """What happened, with who caused it."""
        unreadable = [one.event_id for one in loaded.events if not isinstance(one, RecordedEvent)]
        stored = await self._log.load_stored(unreadable) if unreadable else []
        provenances = await self._log.provenances(stream_of(loaded.charge_id))
        return timeline_of(loaded.events, provenances, {one.event_id: one.recorded_at for one in stored})

    async def jobs(self, loaded: LoadedCharge) -> list[ChargeJobState]:
        """The jobs that name it."""
        return await self._stores.jobs.jobs_of_charge(loaded.charge_id)

    async def waits(self, loaded: LoadedCharge) -> list[Wait]:
        """What it waits for now."""
        return waits_of(loaded.charge, await self.jobs(loaded))

    async def held_reports(self, loaded: LoadedCharge) -> list[WaitingReport]:
        """The reports of its PSP that wait for a person."""
        if not loaded.charge.held_reports:
            return []
        return await list_held_reports(
            self._stores.eventstore, charge_id=loaded.charge_id, limit=HELD_REPORTS_MAX
        )

    async def psp_calls(self, loaded: LoadedCharge) -> list[PspCall]:
        """The calls of PSPs that its events tell of."""
        provenances = await self._log.provenances(stream_of(loaded.charge_id))
        request_ids = {version: one.psp_request_ids for version, one in provenances.items()}
        return calls_of(loaded.charge_id, loaded.readable, request_ids)

    async def reports(self, loaded: LoadedCharge) -> list[ReceivedReport]:
        """The PSP's reports that changed it or are held, as they arrived."""
        provenances = await self._log.provenances(stream_of(loaded.charge_id))
        told = {
            (PspName(one.actor.removeprefix("webhook:")), one.causation)
            for one in provenances.values()
            if one.actor.startswith("webhook:") and one.causation is not None
        }
        keys = [
            (psp, account, psp_event_id)
            for psp, psp_event_id in sorted(told)
            for account in _accounts_of(loaded.charge, psp)
        ]
        return await received_reports(self._stores.eventstore, keys)

    async def ledger_entries(self, loaded: LoadedCharge) -> list[BookedEntry]:
        """What is booked for it."""
        return await LedgerQueries(self._stores.ledgerdb).entries_of(loaded.charge_id)

    async def checks(self, loaded: LoadedCharge) -> list[ChargeCheck]:
        """The invariants, evaluated for it."""
        charge, now = loaded.charge, self._stores.clock.now()
        view = await StaffChargeQueries(self._stores.paymentdb).find(
            Scope(livemode=charge.livemode), loaded.charge_id
        )
        unbooked = await events_without_entry(self._stores, StreamId(stream_of(loaded.charge_id)))
        last = loaded.events[-1]
        heard_at = max(one.recorded_at for one in loaded.readable)
        return check_charge(
            ChargeEvidence(
                charge=charge,
                versions=[one.version for one in loaded.events],
                stop=None if loaded.stop is None else f"version {loaded.stop.version}: {loaded.stop.reason}",
                view=None if view is None else view.charge,
                entries=await self.ledger_entries(loaded),
                unbooked=[violation.what for violation in unbooked],
                ledger_lags=await LedgerQueries(self._stores.ledgerdb).has_come_to(last.tx, last.pos)
                is False,
                jobs=await self.jobs(loaded),
                heard_at=heard_at,
                now=now,
            )
        )


def _accounts_of(charge: Charge, psp: PspName) -> list[PspAccount]:
    """The accounts at a PSP that a charge ever went to."""
    accounts = {attempt.psp_account for attempt in charge.abandoned_attempts if attempt.psp == psp}
    return sorted(accounts | ({charge.psp_account} if charge.psp == psp else set()))
