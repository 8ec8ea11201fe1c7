"""Failover never charges twice: three PSPs do anything, workers die or are taken for dead, webhooks come in any order."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from itertools import permutations
from typing import Any, Final

import msgspec
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from fincore.domain.events import ChargeRerouted
from fincore.domain.ids import ChargeId
from fincore.write.payments.payment_method_request import KeptCardPaymentMethod
from fincore.write.queue.job_payloads import ChargeJob
from fixtures.routes import EUROPE
from fixtures.scripted_psp import TEST_ACCOUNT, SteppedClock
from simulation.card_edge_model import card_of
from simulation.errands import Errand
from simulation.machine import How
from simulation.merchant import Token, offered
from simulation.oracle import at_any_time, at_rest
from simulation.orders_model import DECISIONS, Decision, OrdersModel
from simulation.psp_model import FAULTS, Fault, Nature
from simulation.psp_records import Payment
from simulation.psps import Psps
from simulation.queue_model import QueuedJob, QueueModel
from simulation.test_simulation import EXAMPLES, TIMEOUT_SECONDS, _settings
from simulation.world import StoreInMemory, World

SOON: Final = timedelta(hours=12)
IN_THE_END: Final = timedelta(days=60)
PLAN_KINDS: Final = ("stripe", "paypal", "adyen")
TOKENS: Final[tuple[Token, ...]] = (
    "pm_pays",
    "pm_pays",
    "pm_pays",
    "pm_pays",
    "pm_challenges",
    "pm_takes_its_time",
    "pm_declines",
)
_PLANS: Final = st.sampled_from(
    [
        plan
        for accounts in (3, 2, 1)
        for plan in permutations(PLAN_KINDS, accounts)
        # Most begin where money moves at once.
        if plan[0] != "paypal" or accounts == 3
    ]
)
_FAULTS: Final = st.lists(st.sampled_from(("not_sent", "not_sent", "busy", *FAULTS)), max_size=4)
_HOW: Final = st.one_of(
    st.just("through"),
    st.just("through"),
    st.tuples(st.sampled_from(["leave", "leave", "crash"]), st.integers(0, 7)),
)


class Failover(RuleBasedStateMachine):
    """Charges with plans, and everything that can befall their attempts."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.world: World

    @initialize(
        seed=st.integers(0, 2**16),
        nature=st.sampled_from(["telling", "wild", "silent"]),
        plans=st.lists(
            st.tuples(_PLANS, st.sampled_from(TOKENS), st.booleans(), st.booleans()), min_size=1, max_size=3
        ),
    )
    def the_day_begins(
        self, seed: int, nature: Nature, plans: list[tuple[Sequence[str], Token, bool, bool]]
    ) -> None:
        self.world = new_world(self.loop, nature, seed)
        for kinds, token, capture, is_kept in plans:
            accepted(self.world, kinds, token, capture=capture, is_kept=is_kept)

    @precondition(lambda self: self.world.queue.due)
    @rule(data=st.data(), how=_HOW, faults=_FAULTS)
    def a_worker_takes_a_job(self, data: st.DataObject, how: How, faults: list[Fault]) -> None:
        """Also one that another has in hand, who was taken for dead."""
        job = data.draw(st.sampled_from(self.world.queue.due))
        self.world.psps.fail_next(faults)
        self._carry(self.world.work_on(job), how)

    @precondition(lambda self: self.world.queue.due)
    @rule(jobs=st.integers(2, 4), faults=_FAULTS)
    def much_happens_at_once(self, jobs: int, faults: list[Fault]) -> None:
        world = self.world
        world.psps.fail_next(faults)
        errands: list[Errand[Any]] = [
            world.work_on(world.random.choice(world.queue.due)) for _ in range(jobs)
        ]
        while under_way := [errand for errand in errands if not errand.is_over]:
            world.stage.step(world.random.choice(under_way))

    @precondition(lambda self: self.authorizations)
    @rule(
        data=st.data(),
        dies=st.booleans(),
        card_goes=st.booleans(),
        fault=st.sampled_from(["none", "lost_after", "not_sent"]),
        jobs=st.integers(0, 6),
    )
    def a_worker_and_its_psp_are_lost(
        self, data: st.DataObject, fault: Fault, jobs: int, *, dies: bool, card_goes: bool
    ) -> None:
        """A worker dies, or is held up, with the PSP's response in its hands; then no connection to that PSP is made.

        A kept card may be deleted at that moment.
        """
        world = self.world
        job = data.draw(st.sampled_from(self.authorizations))
        charge_id = msgspec.json.decode(job.payload, type=ChargeJob).charge_id
        world.psps.by_name[world.charges()[charge_id].psp].comes_back()
        world.psps.fail_next([fault])
        errand = world.work_on(job)
        while not errand.is_over and not (errand.place or "").endswith("answered"):
            world.stage.step(errand)
        if dies:
            world.crash(errand)
        if card_goes:
            world.card_edge.deletes_all()
        world.psps.fail_next([])
        world.psps.by_name[world.charges()[charge_id].psp].goes_away(30)
        for _ in range(jobs):
            if world.queue.due:
                world.stage.finish(world.work_on(world.random.choice(world.queue.due)))
            world.pass_time(1)

    @precondition(lambda self: self.authorizations and self.world.psps.nature == "wild")
    @rule(data=st.data(), jobs=st.integers(20, 60))
    def a_call_arrives_after_it_was_given_up(self, data: st.DataObject, jobs: int) -> None:
        """The janitor finds nothing for twenty minutes, as it must; the call takes effect later than any call may."""
        world = self.world
        job = data.draw(st.sampled_from(self.authorizations))
        charge_id = msgspec.json.decode(job.payload, type=ChargeJob).charge_id
        world.psps.by_name[world.charges()[charge_id].psp].comes_back()
        lost: list[Fault] = ["lost_before"] * 9
        world.psps.fail_next(["late", *lost])
        world.stage.finish(world.work_on(job))
        until = world.clock.now() + timedelta(hours=1)
        for _ in range(jobs):
            due_at = world.queue.next_due_at
            if due_at is None or due_at > until:
                return
            world.pass_time(max((due_at - world.clock.now()).total_seconds(), 0.0))
            if world.queue.due:
                next_job = world.random.choice(world.queue.due)
                world.psps.fail_next(["none", "lost_before"] if next_job.kind == "charge.resolve" else [])
                world.stage.finish(world.work_on(next_job))

    @property
    def authorizations(self) -> list[QueuedJob]:
        return [job for job in self.world.queue.due if job.kind == "charge.authorize"]

    @precondition(lambda self: self.world.stage.errands)
    @rule(data=st.data(), how=_HOW, faults=_FAULTS)
    def an_errand_goes_on(self, data: st.DataObject, how: How, faults: list[Fault]) -> None:
        self.world.psps.fail_next(faults)
        self._carry(data.draw(st.sampled_from(self.world.stage.errands)), how)

    @precondition(lambda self: self.world.queue.next_due_at)
    @rule(times=st.integers(1, 6), faults=_FAULTS)
    def workers_wait_for_work(self, times: int, faults: list[Fault]) -> None:
        world = self.world
        world.psps.fail_next(faults)
        for _ in range(times):
            due_at = world.queue.next_due_at
            if due_at is None or due_at - world.clock.now() > SOON:
                return
            world.pass_time(max((due_at - world.clock.now()).total_seconds(), 0.0))
            if world.queue.due:
                world.stage.finish(world.work_on(world.random.choice(world.queue.due)))

    @precondition(lambda self: self.world.queue.held)
    @rule()
    def an_operator_requeues_what_is_held(self) -> None:
        self.world.queue.requeue()

    @precondition(lambda self: self.world.psps.told)
    @rule(data=st.data(), how=_HOW)
    def a_webhook_arrives(self, data: st.DataObject, how: How) -> None:
        self._carry(self.world.deliver(data.draw(st.sampled_from(self.world.psps.told))), how)

    @precondition(lambda self: self.waiting)
    @rule(data=st.data(), well=st.booleans())
    def a_customer_acts(self, data: st.DataObject, *, well: bool) -> None:
        payment = data.draw(st.sampled_from(self.waiting))
        psp = self.world.psps.by_name[payment.psp]
        if isinstance(psp, OrdersModel):
            psp.customer_approves(payment)
        else:
            psp.customer_finishes(payment, well=well)

    @rule(decides=st.sampled_from(DECISIONS))
    def the_orders_psp_decides_otherwise(self, decides: Decision) -> None:
        self.world.psps.orders.decides = decides

    @rule(data=st.data(), seconds=st.sampled_from([30, 600, 3_000]))
    def a_psp_goes_away(self, data: st.DataObject, seconds: int) -> None:
        data.draw(st.sampled_from(self.world.psps.all)).goes_away(seconds)

    @rule(seconds=st.sampled_from([30, 600, 3_000]), accounts=st.integers(0, 4))
    def the_card_edge_goes_away(self, seconds: int, accounts: int) -> None:
        """And when it is back, accounts at PSPs make no token for a few calls."""
        self.world.card_edge.goes_away(seconds)
        self.world.card_edge.accounts_away = accounts

    @rule(accounts=st.integers(1, 4))
    def accounts_make_no_token(self, accounts: int) -> None:
        self.world.card_edge.accounts_away = accounts

    @rule(is_so=st.sampled_from([False, False, True]))
    def the_customer_has_their_card_deleted(self, *, is_so: bool) -> None:
        if is_so:
            self.world.card_edge.deletes_all()

    @rule(seconds=st.sampled_from([1, 5, 30, 61, 130, 600, 600, 1_200, 3_700, 90_000]))
    def time_passes(self, seconds: int) -> None:
        self.world.pass_time(seconds)

    @invariant()
    def no_charge_is_made_twice(self) -> None:
        if hasattr(self, "world"):
            assert at_any_time(self.world) == []

    @property
    def waiting(self) -> list[Payment]:
        return [one for one in self.world.psps.payments.values() if one.state == "requires_action"]

    def teardown(self) -> None:
        try:
            if hasattr(self, "world"):
                self.end()
        finally:
            self.loop.close()

    def end(self) -> None:
        world = self.world
        world.psps.orders.decides = "takes"
        for _ in range(3):
            # What was given up while a PSP was away is found out once a person asks for it.
            world.rest(within=IN_THE_END)
            world.queue.requeue()
        world.rest(within=IN_THE_END)
        assert at_rest(world) == []

    def _carry(self, errand: Errand[Any], how: How) -> None:
        if how == "through":
            self.world.stage.finish(errand)
            return
        end, steps = how
        self.world.stage.finish(errand, steps=steps)
        if end == "crash":
            self.world.crash(errand)


def new_world(loop: asyncio.AbstractEventLoop, nature: Nature, seed: int) -> World:
    """A world with three PSPs."""
    clock = SteppedClock()
    queue = QueueModel(clock)
    return World(loop, clock, queue, StoreInMemory(clock, queue), Psps(clock, nature, three=True), seed=seed)


def accepted(
    world: World, kinds: Sequence[str], token: Token, *, capture: bool, is_kept: bool = False
) -> ChargeId:
    """A charge just accepted, with these candidates in this order; by a kept card, with all that make tokens of it."""
    offers = {
        "stripe": offered(token, TEST_ACCOUNT),
        "paypal": offered("wallet"),
        "adyen": offered(token, EUROPE),
    }
    methods = [KeptCardPaymentMethod(card=card_of(token))] if is_kept else [offers[kind] for kind in kinds]
    wish = world.merchant.charge(1000, *methods, capture=capture)
    world.stage.finish(world.send(wish, 0))
    assert wish.made
    return ChargeId(wish.made)


@pytest.mark.sampled
@pytest.mark.timeout(TIMEOUT_SECONDS)
def test_failover_among_three_psps_never_charges_twice() -> None:
    run_state_machine_as_test(Failover, settings=_settings(max(EXAMPLES // 2, 1), 40))


def test_psp_out_of_reach_is_left_for_the_next() -> None:
    """The property above would hold as well if no charge were ever rerouted."""
    loop = asyncio.new_event_loop()
    world = new_world(loop, "telling", seed=1)
    charge_id = accepted(world, PLAN_KINDS, "pm_pays", capture=True)
    world.psps.all[0].goes_away(600)
    for _ in range(3):
        for job in world.queue.due:
            world.stage.finish(world.work_on(job))
        world.pass_time(1)
    events = [recorded.event for recorded in world.history()[charge_id]]
    loop.close()
    assert any(isinstance(event, ChargeRerouted) for event in events)


def test_kept_card_goes_on_to_the_next_account_that_takes_it() -> None:
    """The property above would hold as well if no kept card were ever charged, or rerouted."""
    loop = asyncio.new_event_loop()
    world = new_world(loop, "telling", seed=1)
    charge_id = accepted(world, (), "pm_pays", capture=True, is_kept=True)
    world.card_edge.accounts_away = 2
    for _ in range(4):
        for job in world.queue.due:
            world.stage.finish(world.work_on(job))
        world.pass_time(1)
    charge = world.charges()[charge_id]
    loop.close()
    assert (charge.status, charge.psp, charge.attempt_number) == ("succeeded", "adyen", 2)
