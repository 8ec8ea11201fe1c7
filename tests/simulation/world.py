"""FinCore as it is, its API twice, its worker and its inbox, among models of all that is outside of it.

What FinCore decides, writes and sends is its own code, composed as its roles compose it. The PSPs, the queue, the merchant and the clock are models; the
store is a model or PostgreSQL.
"""

import asyncio
import random
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Protocol, cast

from fincore.backoffice.operator_recorder import Resolver
from fincore.backoffice.risk_reviews import ReviewNotDecided, decide
from fincore.bootstrap.payment_services import payment_services
from fincore.domain.charge import Charge
from fincore.domain.charge_fold import fold
from fincore.domain.events import ChargeEvent
from fincore.domain.ids import ChargeId, StreamId, charge_of
from fincore.domain.job import JobKind
from fincore.domain.log_events import LogEvent
from fincore.domain.outcome import PspAccount, PspName, PspReference
from fincore.domain.recorded_event import RecordedEvent
from fincore.domain.risk import ReviewVerdict
from fincore.eventstore.commit import (
    Commit,
    CommitResult,
    IdempotencyKey,
    Provenance,
    StoredResponse,
)
from fincore.eventstore.log import EventLog
from fincore.eventstore.watch import StreamWatch
from fincore.eventstore.writer import Writer
from fincore.postgres.pool import Pool
from fincore.write.payments.acceptance import ChargeCommand
from fincore.write.payments.idempotent_requests import Refused, Responded
from fincore.write.payments.inquiries import Inquiries
from fincore.write.payments.kept_card_check import KeptCardLookup
from fincore.write.payments.operation import OperationCommand
from fincore.write.psp.inbox import WebhookInbox
from fincore.write.psp.port import CouldNotCheck, SignatureRefused
from fincore.write.queue.port import DeadLetters, Handler, JobResult, JobRunner
from fincore.write.risk.engine import RiskEngine
from fincore.write.routing.account_router import AccountRouter
from fincore.write.routing.breaker import BreakerPolicy
from fincore.write.routing.breakers import Breakers
from fincore.write.worker.worker import Worker
from fixtures.commits import MERCHANT
from fixtures.scripted_psp import SteppedClock
from simulation.card_edge_model import CardEdgeModel
from simulation.errands import Errand, Stage, gate
from simulation.log_model import LogModel
from simulation.merchant import Merchant, Wish
from simulation.psp_model import PspEvent
from simulation.psps import Psps
from simulation.queue_model import QueuedJob, QueueModel

HELD_UP_SECONDS_MAX: Final = 35
"""How long a process may be held up in the middle of something before it counts as dead. With a call that arrives late
it stays within the 90 seconds that the janitor takes for the longest a call may be on its way.
"""
JOBS_MAX: Final = 3_000
"""Runs of jobs until the world must have come to rest."""
API_PROCESSES: Final = 2
BREAKERS: Final = BreakerPolicy(calls_min=2)
"""They open soon: an account gets few calls."""


class Store(Protocol):
    """Where the truth is kept."""

    @property
    def writer(self) -> Writer[ChargeEvent]: ...

    @property
    def log(self) -> EventLog[ChargeEvent]: ...

    @property
    def inbox_pool(self) -> Pool: ...

    async def history(self) -> dict[StreamId, list[RecordedEvent[ChargeEvent]]]:
        """Everything that ever happened, by stream."""
        ...


class StoreInMemory:
    """The model of the store. It fits the real one's types by shape, which is why they are cast."""

    def __init__(self, clock: SteppedClock, queue: QueueModel) -> None:
        self._model = LogModel(clock, queue.put)
        self.writer = cast("Writer[ChargeEvent]", self._model)
        self.log = cast("EventLog[ChargeEvent]", self._model)
        self.inbox_pool = cast("Pool", self._model)

    async def history(self) -> dict[StreamId, list[RecordedEvent[ChargeEvent]]]:
        return self._model.streams


class GatedWriter:
    """The writer, with a gate before each commit and one before its acknowledgement."""

    def __init__(self, writer: Writer[ChargeEvent]) -> None:
        self._writer = writer

    async def commit(self, commit: Commit[ChargeEvent]) -> CommitResult:
        await gate("commit")
        result = await self._writer.commit(commit)
        await gate("committed")
        return result

    async def find_response(self, key: IdempotencyKey) -> StoredResponse | None:
        await gate("find answer")
        return await self._writer.find_response(key)


class GatedLog:
    """The log, with a gate before each look at it."""

    def __init__(self, log: EventLog[ChargeEvent]) -> None:
        self._log = log

    async def load(self, stream_id: StreamId) -> list[RecordedEvent[ChargeEvent]]:
        await gate("load")
        return await self._log.load(stream_id)

    async def stream_of_reference(
        self, psp: PspName, psp_account: PspAccount, psp_reference: PspReference
    ) -> StreamId | None:
        await gate("look up")
        return await self._log.stream_of_reference(psp, psp_account, psp_reference)


class ApiProcess:
    """The two payment services as one API process has them, with what it keeps in memory."""

    def __init__(
        self,
        writer: Writer[ChargeEvent],
        log: EventLog[ChargeEvent],
        clock: SteppedClock,
        router: AccountRouter,
        *,
        risk: RiskEngine | None,
        kept_cards: KeptCardLookup,
    ) -> None:
        self._services = payment_services(
            router=router,
            writer=cast("Writer[LogEvent]", writer),
            log=log,
            # No request waits for an outcome, so no stream is watched.
            watch=cast("StreamWatch", None),
            clock=clock,
            risk=risk,
            public_url="https://pay.example",
            kept_cards=kept_cards,
            in_flight_wait_seconds=0.0,
        )

    async def answer(self, command: ChargeCommand | OperationCommand) -> Responded | Refused:
        if isinstance(command, ChargeCommand):
            return await self._services.payments.charge(command)
        return await self._services.operations.carry_out(command)


class World:
    """All parts together. The caller decides what happens next, and what is killed where."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        clock: SteppedClock,
        queue: QueueModel,
        store: Store,
        psps: Psps,
        *,
        seed: int,
        risk: RiskEngine | None = None,
    ) -> None:
        self._risk = risk
        self.clock = clock
        self.queue = queue
        self.store = store
        self.stage = Stage(loop, clock)
        self.psps = psps
        self.merchant = Merchant()
        self.random = random.Random(seed)
        self._charges: dict[ChargeId, Charge] = {}
        self._history: dict[ChargeId, Sequence[RecordedEvent[ChargeEvent]]] = {}
        self._history_read_at = -1
        self.raised: list[str] = []
        """What handlers raised: each is a defect."""
        self._requests: dict[Errand[Responded | Refused], tuple[Wish, int]] = {}
        """Requests under way: of which merchant, and in which API process."""
        self._writer = cast("Writer[ChargeEvent]", GatedWriter(store.writer))
        self._log = cast("EventLog[ChargeEvent]", GatedLog(store.log))
        self._router = AccountRouter(psps.accounts)
        self.card_edge = CardEdgeModel(store.log, clock)
        self._apis = [self._api() for _ in range(API_PROCESSES)]
        self._inbox = WebhookInbox(self._writer, psps.by_name, clock)
        self._breakers = Breakers(None, BREAKERS, monotonic=lambda: clock.now().timestamp())
        self._handlers: Mapping[JobKind, Handler] = Worker(
            queue=cast("JobRunner", queue),
            pool=store.inbox_pool,
            log=self._log,
            writer=cast("Writer[LogEvent]", self._writer),
            gateways=psps.by_name,
            webhooks=psps.by_name,
            clock=clock,
            breaker=self._breakers,
            card_tokens=self.card_edge,
            draw=self.random.random,
        ).handlers

    # --- what FinCore is asked to do

    def send(self, wish: Wish, api: int) -> Errand[Responded | Refused]:
        """The merchant sends a request, for the first time or again, to one of the API processes."""

        def answered(errand: Errand[Responded | Refused]) -> None:
            del self._requests[errand]
            if errand.result is not None:
                is_last = not any(wish is other for other, _ in self._requests.values())
                wish.hear(errand.result, is_last=is_last)
            elif errand.error is not None and type(errand.error).__name__ not in (
                "StoreUnavailable",
                "Overloaded",
            ):
                self.raised.append(f"{errand.name}: {errand.error!r}")

        work = self._apis[api].answer(wish.under(self.merchant.fee_plan))
        errand = self.stage.prepare(f"{wish.kind} {wish.key}", work, answered)
        self._requests[errand] = (wish, api)
        wish.is_in_doubt = wish.is_in_doubt or not wish.answers
        self.stage.begin(errand)
        return errand

    def deliver(self, event: PspEvent) -> Errand[str | SignatureRefused | CouldNotCheck]:
        """The PSP delivers a webhook, for the first time or again."""

        def acknowledged(errand: Errand[str | SignatureRefused | CouldNotCheck]) -> None:
            event.is_acknowledged = event.is_acknowledged or isinstance(errand.result, str)

        work = self._inbox.receive(event.psp, event.account, {}, event.event_id.encode())
        return self.stage.begin(self.stage.prepare(f"webhook {event.event_id}", work, acknowledged))

    def customer_returns(self, charge_id: ChargeId) -> Errand[None]:
        """A customer is back from the PSP's page, and FinCore's own page has a worker ask the PSP."""
        provenance = Provenance(correlation=charge_id, actor="customer")
        work = Inquiries(self._writer).ask(charge_id, (MERCHANT, False), provenance)
        return self.stage.begin(self.stage.prepare(f"return {charge_id}", work, lambda _errand: None))

    def staff_decide(self, charge_id: ChargeId, verdict: ReviewVerdict) -> Errand[list[str] | None]:
        """A person approves or declines a charge under review, whether or not that may be."""
        limits = {name: psp.limits for name, psp in self.psps.by_name.items()}
        writer, no_jobs = cast("Writer[LogEvent]", self._writer), cast("DeadLetters", None)
        resolver = Resolver(self._log, writer, no_jobs, self.clock, limits)

        async def decided() -> list[str] | None:
            try:
                return await decide(resolver, charge_id, verdict, by="ada", reason="Called the customer.")
            except ReviewNotDecided:
                return None

        return self.stage.begin(self.stage.prepare(f"{verdict} {charge_id}", decided(), lambda _errand: None))

    def work_on(self, job: QueuedJob) -> Errand[JobResult]:
        """A worker takes a job, perhaps one that another has in hand."""

        def settled(errand: Errand[JobResult]) -> None:
            if errand.error is not None:
                self.raised.append(f"{errand.name}: {errand.error!r}")
            self.queue.settle(job.job_id, errand.error or cast("JobResult", errand.result))

        work = self._handlers[job.kind](self.queue.claim(job))
        return self.stage.begin(self.stage.prepare(str(job), work, settled))

    def crash(self, errand: Errand[Any]) -> None:
        """Kill the process that is on an errand; an API process takes all its requests and its memory with it."""
        if errand.is_over:
            return
        _, api = self._requests.pop(cast("Errand[Responded | Refused]", errand), (None, None))
        self.stage.crash(errand)
        if api is None:
            return
        for other in [one for one, (_, its_api) in self._requests.items() if its_api == api]:
            del self._requests[other]
            self.stage.crash(other)
        self._apis[api] = self._api()

    # --- time

    def pass_time(self, seconds: float) -> None:
        """Let time pass; a process that is held up for too long by then is dead."""
        until = self.clock.now() + timedelta(seconds=seconds)
        for errand in list(self.stage.errands):
            if not errand.is_over and (until - errand.started_at).total_seconds() > HELD_UP_SECONDS_MAX:
                self.crash(errand)
        while (moment := self.psps.next_at) is not None and moment <= until:
            self._advance_to(moment)
        self._advance_to(until)

    def rest(self, *, within: timedelta) -> None:
        """Let everything come to rest: errands end, clients ask again, the PSP answers and tells, jobs are done."""
        self.psps.comes_back()
        self.card_edge.comes_back()
        for errand in list(self.stage.errands):
            self.stage.finish(errand)
        for wish in self.merchant.wishes:
            while wish.is_in_doubt:
                self.stage.finish(self.send(wish, self.random.randrange(API_PROCESSES)))
        until = self.clock.now() + within
        for _ in range(JOBS_MAX):
            if self.psps.tells:
                self._deliver_all()
            due = self.queue.due
            if due:
                self.stage.finish(self.work_on(self.random.choice(due)))
            elif not self._skip_to_next(until):
                return
        raise AssertionError(f"the world does not come to rest: {self.queue.due}")

    def _advance_to(self, moment: datetime) -> None:
        self.clock.advance(seconds=max((moment - self.clock.now()).total_seconds(), 0.0))
        self.psps.tick()
        # What a breaker learns from the database in a second, it decides alone here.
        self.stage.run(self._breakers.sync())

    def _skip_to_next(self, until: datetime) -> bool:
        """To the next moment at which anything is due; False when that is too far away."""
        moments = [moment for moment in (self.queue.next_due_at, self.psps.next_at) if moment is not None]
        if not moments or min(moments) > until:
            return False
        self.pass_time(max((min(moments) - self.clock.now()).total_seconds(), 0.0))
        return True

    def _deliver_all(self) -> None:
        untold = [event for event in self.psps.told if not event.is_acknowledged]
        self.random.shuffle(untold)
        for event in untold:
            self.stage.finish(self.deliver(event))

    # --- looking

    def history(self) -> dict[ChargeId, Sequence[RecordedEvent[ChargeEvent]]]:
        """Every charge's events, in order. Rules and invariants look many times between two writes: it is read once."""
        if self._history_read_at != self.stage.runs:
            streams = self.stage.look(self.store.history())
            self._history = {charge_of(stream_id): events for stream_id, events in streams.items()}
            self._history_read_at = self.stage.runs
        return self._history

    def charges(self) -> dict[ChargeId, Charge]:
        """Every charge as its events tell it."""
        history = self.history()
        for charge_id, events in history.items():
            if charge_id not in self._charges or self._charges[charge_id].version != len(events):
                charge = fold(recorded.event for recorded in events)
                assert charge is not None
                self._charges[charge_id] = charge
        return self._charges

    def _api(self) -> ApiProcess:
        kept_cards = KeptCardLookup(self.card_edge, self.card_edge)
        return ApiProcess(
            self._writer, self._log, self.clock, self._router, risk=self._risk, kept_cards=kept_cards
        )
