"""FinCore among three PSPs: charges with a plan, workers that die or are taken for dead, PSPs that are out of reach."""

import asyncio
from collections import deque
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, cast

from fincore.domain.events import ChargeCreated
from fincore.domain.ids import ChargeId, new_charge_id, stream_of
from fincore.domain.outcome import PspAccount, PspName, PspReference
from fincore.domain.payment_method import CardToken
from fincore.domain.route_plan import PlannedAttempt
from fincore.eventstore.commit import Commit, NewEvent, Provenance
from fincore.write.psp.inbox import WebhookInbox
from fincore.write.queue.job_payloads import authorize_job
from fincore.write.queue.port import JobRunner
from fincore.write.worker.worker import Worker
from fixtures.commits import created
from fixtures.routes import ADYEN, EUROPE, THEN_PAYPAL, routed
from fixtures.scripted_psp import STRIPE, TEST_ACCOUNT, SteppedClock
from simulation.errands import Errand
from simulation.orders_model import OrdersModel
from simulation.psp_model import Fault, Nature, PspEvent, PspModel
from simulation.psp_records import Payment
from simulation.queue_model import QueueModel
from simulation.world import StoreInMemory, World


class SecondIntents(PspModel):
    """A PSP like the first, with another account of another name."""

    name: PspName = ADYEN
    account: PspAccount = EUROPE


class Psps:
    """All PSPs as `World` deals with one."""

    def __init__(self, *psps: PspModel) -> None:
        self.all = psps

    def of(self, psp: PspName) -> PspModel:
        """The one with this name."""
        return next(one for one in self.all if one.name == psp)

    @property
    def payments(self) -> dict[PspReference, Payment]:
        return {name: payment for psp in self.all for name, payment in psp.payments.items()}

    @property
    def complaints(self) -> list[str]:
        return [complaint for psp in self.all for complaint in psp.complaints]

    @property
    def told(self) -> list[PspEvent]:
        return [event for psp in self.all for event in psp.told]

    @property
    def tells(self) -> bool:
        return self.all[0].tells

    @property
    def next_at(self) -> datetime | None:
        return min((psp.next_at for psp in self.all if psp.next_at is not None), default=None)

    def tick(self) -> None:
        for psp in self.all:
            psp.tick()

    def comes_back(self) -> None:
        for psp in self.all:
            psp.comes_back()

    def fail_next(self, faults: Sequence[Fault]) -> None:
        """What goes wrong with the next calls of each."""
        for psp in self.all:
            psp.faults = deque(faults)


PLAN_KINDS: Final = ("stripe", "paypal", "adyen")


class FailoverWorld(World):
    """A world with three PSPs; charges are written as acceptance writes them, each with a plan of its own."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, clock: SteppedClock, *, nature: Nature, seed: int
    ) -> None:
        queue = QueueModel(clock)
        super().__init__(loop, clock, queue, StoreInMemory(clock, queue), nature=nature, seed=seed)
        self.orders = OrdersModel(clock, nature)
        self.psps = Psps(PspModel(clock, nature), self.orders, SecondIntents(clock, nature))
        self.psp = cast("PspModel", self.psps)
        by_name = {psp.name: psp for psp in self.psps.all}
        self._inbox = WebhookInbox(self._writer, by_name, clock)
        self._handlers = Worker(
            queue=cast("JobRunner", queue),
            pool=self.store.inbox_pool,
            log=self._log,
            writer=self._writer,
            gateways=by_name,
            webhooks=by_name,
            clock=clock,
            draw=self.random.random,
        ).handlers

    def charge(self, kinds: Sequence[str], token: str, *, capture: bool) -> ChargeId:
        """A charge just accepted, with the candidates in this order."""
        candidates = {
            "stripe": PlannedAttempt(STRIPE, TEST_ACCOUNT, CardToken(token)),
            "paypal": THEN_PAYPAL,
            "adyen": PlannedAttempt(ADYEN, EUROPE, CardToken(token)),
        }
        charge_id = new_charge_id()
        event: ChargeCreated = created(
            created_at=self.clock.now(),
            capture_method="automatic" if capture else "manual",
            return_url="https://shop.example/back",
            **routed(*(candidates[kind] for kind in kinds)),
        )
        commit = Commit(
            provenance=Provenance(correlation="req", actor="merchant"),
            stream_id=stream_of(charge_id),
            events=(NewEvent(event),),
            jobs=(authorize_job(charge_id),),
        )
        self.stage.run(self.store.writer.commit(cast("Any", commit)))
        return charge_id

    def deliver(self, event: PspEvent) -> Errand[Any]:
        """The PSP delivers a webhook, for the first time or again."""
        psp = next(one for one in self.psps.all if event in one.told)

        def acknowledged(errand: Errand[Any]) -> None:
            event.is_acknowledged = event.is_acknowledged or isinstance(errand.result, str)

        work = self._inbox.receive(psp.name, psp.account, {}, event.event_id.encode())
        return self.stage.begin(self.stage.prepare(f"webhook {event.event_id}", work, acknowledged))
