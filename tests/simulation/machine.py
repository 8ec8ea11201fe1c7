"""The rules of the game: a merchant, customers, banks, two PSPs and operators do anything, and processes die anywhere."""

import asyncio
from datetime import timedelta
from typing import Any, Final, Literal

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from fincore.domain.currency import Currency
from fincore.domain.events import ChargeStatus
from fincore.domain.fee_plan import FeePlan
from fincore.domain.ids import ChargeId
from fincore.domain.money import Money
from fixtures.scripted_psp import SteppedClock
from simulation.errands import Errand
from simulation.merchant import PaymentMethod, Wish, offered
from simulation.oracle import at_any_time, at_rest, held_without_good_reason
from simulation.orders_model import DECISIONS, Decision, OrdersModel
from simulation.psp_model import FAULTS, Fault, Nature, PspModel
from simulation.psp_records import (
    Payment,
    PspDispute,
    PspRefund,
    RefundState,
    dispute_moves_of,
    refund_moves_of,
)
from simulation.psps import Psps
from simulation.queue_model import QueueModel
from simulation.world import API_PROCESSES, StoreInMemory, World

SOON: Final = timedelta(hours=8)
"""Long enough for the janitor, for a customer who never comes back, and for a look at a pending refund."""
WISHES_MAX: Final = 20
IN_THE_END: Final = timedelta(days=40)
"""Long enough for holds to lapse and for every job to be done or held."""

Methods = tuple[PaymentMethod, ...]
METHODS: Final[tuple[Methods, ...]] = (
    ("pm_pays",),
    ("pm_pays_late_fee",),
    ("pm_challenges",),
    ("pm_challenges_late_fee",),
    ("pm_takes_its_time",),
    ("pm_declines",),
    ("wallet",),
    ("pm_pays", "wallet"),
    ("wallet", "pm_pays"),
)
"""What the merchant offers in one charge, the preferred one first: the next is tried where an account cannot be reached."""
FEE_PLANS: Final = (None, FeePlan(basis_points=250, fixed_minor=3), FeePlan(basis_points=0, fixed_minor=500))
_AMOUNTS: Final = st.sampled_from([400, 600, 1000, 1])
_APIS: Final = st.integers(0, API_PROCESSES - 1)
_FAULTS: Final = st.lists(st.sampled_from(FAULTS), max_size=3)
_HOW: Final = st.one_of(
    st.just("through"),
    st.just("through"),
    st.tuples(st.sampled_from(["leave", "crash"]), st.integers(0, 7)),
)
"""How far an errand gets at once: to its end, or through so many gates, where it is left standing or dies."""
How = Literal["through"] | tuple[Literal["leave", "crash"], int]


class Payments(RuleBasedStateMachine):
    """One installation, one merchant, one PSP; a few charges, and everything that can befall them."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.world: World

    @initialize(
        seed=st.integers(0, 2**16),
        nature=st.sampled_from(["telling", "wild", "silent"]),
        sold=st.lists(
            st.tuples(st.sampled_from([("pm_pays",), ("wallet",), *METHODS]), st.booleans()),
            min_size=1,
            max_size=3,
        ),
        plan=st.sampled_from(FEE_PLANS),
    )
    def the_day_begins(
        self, seed: int, nature: Nature, sold: list[tuple[Methods, bool]], plan: FeePlan | None
    ) -> None:
        self.world = self.new_world(nature, seed)
        self.world.merchant.fee_plan = plan
        for methods, capture in sold:
            self.world.stage.finish(self.world.send(self.wish_of(methods, capture=capture), 0))
        self._work(len(sold))

    def new_world(self, nature: Nature, seed: int) -> World:
        """A world of its own for each example."""
        clock = SteppedClock()
        queue = QueueModel(clock)
        return World(self.loop, clock, queue, StoreInMemory(clock, queue), Psps(clock, nature), seed=seed)

    # --- the merchant

    @precondition(lambda self: len(self.world.merchant.wishes) < WISHES_MAX)
    @rule(methods=st.sampled_from(METHODS), capture=st.booleans(), api=_APIS, how=_HOW)
    def the_merchant_charges(
        self,
        *,
        methods: Methods,
        capture: bool,
        api: int,
        how: How,
    ) -> None:
        self._carry(self.world.send(self.wish_of(methods, capture=capture), api), how)

    @precondition(lambda self: self.charges("authorized"))
    @rule(data=st.data(), amount_minor=st.none() | _AMOUNTS, api=_APIS, how=_HOW)
    def the_merchant_captures(
        self, data: st.DataObject, amount_minor: int | None, api: int, how: How
    ) -> None:
        charge_id = data.draw(st.sampled_from(self.charges("authorized")))
        self._carry(self.world.send(self.world.merchant.capture(charge_id, amount_minor), api), how)

    @precondition(lambda self: self.charges("authorized", "requires_action"))
    @rule(data=st.data(), api=_APIS, how=_HOW)
    def the_merchant_cancels(self, data: st.DataObject, api: int, how: How) -> None:
        charge_id = data.draw(st.sampled_from(self.charges("authorized", "requires_action")))
        self._carry(self.world.send(self.world.merchant.cancel(charge_id), api), how)

    @precondition(lambda self: self.charges("succeeded"))
    @rule(data=st.data(), amount_minor=st.none() | _AMOUNTS, api=_APIS, how=_HOW)
    def the_merchant_refunds(self, data: st.DataObject, amount_minor: int | None, api: int, how: How) -> None:
        charge_id = data.draw(st.sampled_from(self.charges("succeeded")))
        self._carry(self.world.send(self.world.merchant.refund(charge_id, amount_minor), api), how)

    @precondition(lambda self: self.charges() and len(self.world.merchant.wishes) < WISHES_MAX)
    @rule(data=st.data(), amount_minor=_AMOUNTS, api=_APIS)
    def the_merchant_asks_for_what_may_not_be(self, data: st.DataObject, amount_minor: int, api: int) -> None:
        charge_id = data.draw(st.sampled_from(self.charges()))
        merchant = self.world.merchant
        match data.draw(st.sampled_from(["capture", "cancel", "refund"])):
            case "capture":
                wish = merchant.capture(charge_id, amount_minor)
            case "cancel":
                wish = merchant.cancel(charge_id)
            case _:
                wish = merchant.refund(charge_id, amount_minor)
        self._carry(self.world.send(wish, api), "through")

    @precondition(lambda self: self.world.merchant.wishes)
    @rule(data=st.data(), api=_APIS, how=_HOW)
    def the_merchant_asks_again(self, data: st.DataObject, api: int, how: How) -> None:
        wish = data.draw(st.sampled_from(self.world.merchant.wishes))
        self._carry(self.world.send(wish, api), how)

    # --- FinCore

    @rule(plan=st.sampled_from(FEE_PLANS))
    def the_platform_changes_its_prices(self, plan: FeePlan | None) -> None:
        self.world.merchant.fee_plan = plan

    @precondition(lambda self: self.world.queue.due)
    @rule(data=st.data(), how=_HOW, faults=_FAULTS, refunds_begin=st.sampled_from(["succeeded", "pending"]))
    def a_worker_takes_a_job(
        self, data: st.DataObject, how: How, faults: list[Fault], refunds_begin: RefundState
    ) -> None:
        job = data.draw(st.sampled_from(self.world.queue.due))
        for psp in self.world.psps.all:
            psp.refunds_begin = refunds_begin
        self._with_faults(faults)
        self._carry(self.world.work_on(job), how)

    @precondition(lambda self: self.world.queue.due)
    @rule(jobs=st.integers(1, 8), faults=_FAULTS)
    def workers_work(self, jobs: int, faults: list[Fault]) -> None:
        self._with_faults(faults)
        self._work(jobs)

    @precondition(lambda self: len(self.world.queue.due) > 1)
    @rule(jobs=st.integers(2, 4), faults=_FAULTS, refunds=st.integers(0, 2))
    def much_happens_at_once(self, jobs: int, faults: list[Fault], refunds: int) -> None:
        """Workers, and the merchant, a step each in any order."""
        world = self.world
        self._with_faults(faults)
        due, refundable = world.queue.due, self.charges("succeeded")
        errands: list[Errand[Any]] = [
            world.work_on(job) for job in world.random.sample(due, min(jobs, len(due)))
        ]
        if len(world.merchant.wishes) < WISHES_MAX and refundable:
            for api in range(refunds):
                wish = world.merchant.refund(world.random.choice(refundable), 600)
                errands.append(world.send(wish, api))
        while under_way := [errand for errand in errands if not errand.is_over]:
            world.stage.step(world.random.choice(under_way))

    @precondition(lambda self: self.world.queue.next_due_at)
    @rule(times=st.integers(1, 6), faults=_FAULTS)
    def workers_wait_for_work(self, times: int, faults: list[Fault]) -> None:
        self._with_faults(faults)
        for _ in range(times):
            due_at = self.world.queue.next_due_at
            if due_at is None or due_at - self.world.clock.now() > SOON:
                return
            self.world.pass_time(max((due_at - self.world.clock.now()).total_seconds(), 0.0))
            self._work(1)

    @precondition(lambda self: self.world.psps.told)
    @rule(share=st.integers(1, 4))
    def webhooks_arrive(self, share: int) -> None:
        told = self.world.psps.told
        for event in self.world.random.sample(told, len(told) * share // 4):
            self.world.stage.finish(self.world.deliver(event))

    @precondition(lambda self: self.world.stage.errands)
    @rule(data=st.data(), how=_HOW, faults=_FAULTS)
    def an_errand_goes_on(self, data: st.DataObject, how: How, faults: list[Fault]) -> None:
        errand = data.draw(st.sampled_from(self.world.stage.errands))
        self._with_faults(faults)
        self._carry(errand, how)

    @precondition(lambda self: self.world.queue.held)
    @rule()
    def an_operator_requeues_what_is_held(self) -> None:
        self.world.queue.requeue()

    # --- the PSP

    @precondition(lambda self: self.world.psps.told)
    @rule(data=st.data(), how=_HOW)
    def a_webhook_arrives(self, data: st.DataObject, how: How) -> None:
        event = data.draw(st.sampled_from(self.world.psps.told))
        self._carry(self.world.deliver(event), how)

    @precondition(lambda self: self.charges())
    @rule(data=st.data())
    def a_webhook_lies(self, data: st.DataObject) -> None:
        """It is of another account, or forged under a signature that holds; it names a charge of ours."""
        psps, charge_id = self.world.psps, data.draw(st.sampled_from(self.charges()))
        psp: PspModel = psps.orders
        orders = list(psps.orders.payments.values())
        if data.draw(st.booleans()) and orders:
            psps.orders.forges(charge_id, data.draw(st.sampled_from(orders)))
        else:
            psp = psps.by_name[self.world.charges()[charge_id].psp]
            psp.other_account_tells(charge_id, Money(1000, Currency("usd")))
        self.world.stage.finish(self.world.deliver(psp.told[-1]))

    @rule(data=st.data(), seconds=st.sampled_from([20, 300, 2_000, 100_000]))
    def a_psp_goes_away(self, data: st.DataObject, seconds: int) -> None:
        data.draw(st.sampled_from(self.world.psps.all)).goes_away(seconds)

    @rule(decides=st.sampled_from(DECISIONS))
    def the_orders_psp_decides_otherwise(self, decides: Decision) -> None:
        self.world.psps.orders.decides = decides

    @precondition(lambda self: self.charges("requires_action"))
    @rule(data=st.data(), how=_HOW)
    def a_customer_returns(self, data: st.DataObject, how: How) -> None:
        """From the PSP's page, whether they did there what they were sent for or not."""
        charge_id = data.draw(st.sampled_from(self.charges("requires_action")))
        self._carry(self.world.customer_returns(charge_id), how)

    @precondition(lambda self: self.open_payments)
    @rule(data=st.data(), amount_minor=_AMOUNTS)
    def something_happens_at_the_psp(self, data: st.DataObject, amount_minor: int) -> None:
        """A customer comes back from the bank, or staff use the PSP's dashboard."""
        payment = data.draw(st.sampled_from(self.open_payments))
        psp = self.world.psps.by_name[payment.psp]
        chance = data.draw(st.integers(0, 2))
        if payment.state == "requires_action" and isinstance(psp, OrdersModel):
            psp.customer_approves(payment)
        elif payment.state == "requires_action":
            psp.customer_finishes(payment, well=chance > 0)
        elif payment.state == "declined":
            psp.customer_tries_again(payment)
        elif payment.state == "captured":
            psp.dashboard_refunds(payment, min(amount_minor, payment.left_minor))
        elif chance:
            psp.dashboard_captures(payment, min(amount_minor, payment.money.amount_minor))
        else:
            psp.dashboard_cancels(payment)

    @precondition(lambda self: self.moving_refunds)
    @rule(data=st.data())
    def a_refund_moves(self, data: st.DataObject) -> None:
        payment, refund = data.draw(st.sampled_from(self.moving_refunds))
        move = data.draw(st.sampled_from(refund_moves_of(refund)))
        self.world.psps.by_name[payment.psp].refund_moves(payment, refund, move)

    @precondition(lambda self: self.payments("captured"))
    @rule(data=st.data(), amount_minor=_AMOUNTS, is_inquiry=st.booleans())
    def a_customer_disputes(self, data: st.DataObject, amount_minor: int, *, is_inquiry: bool) -> None:
        payment = data.draw(st.sampled_from(self.payments("captured")))
        if len(payment.disputes) < 2:
            disputed_minor = min(amount_minor, payment.captured_minor)
            psp = self.world.psps.by_name[payment.psp]
            psp.dispute_opens(payment, disputed_minor, is_inquiry=is_inquiry)

    @precondition(lambda self: self.moving_disputes)
    @rule(data=st.data())
    def a_dispute_moves(self, data: st.DataObject) -> None:
        payment, dispute = data.draw(st.sampled_from(self.moving_disputes))
        self.world.pass_time(1 if dispute.verdicts else data.draw(st.integers(0, 1)))
        move = data.draw(st.sampled_from(dispute_moves_of(dispute)))
        self.world.psps.by_name[payment.psp].dispute_moves(payment, dispute, move)

    # --- time

    @rule(
        seconds=st.sampled_from(
            [1, 5, 30, 30, 61, 61, 130, 130, 600, 600, 600, 3_700, 3_700, 90_000, 700_000]
        )
    )
    def time_passes(self, seconds: int) -> None:
        self.world.pass_time(seconds)

    @precondition(lambda self: self.world.psps.tells)
    @rule()
    def everything_comes_to_rest(self) -> None:
        self.comes_to_rest(SOON)

    # --- invariants

    @invariant()
    def the_laws_hold(self) -> None:
        _expect_none(at_any_time(self.world))

    def teardown(self) -> None:
        try:
            if hasattr(self, "world"):
                self.end()
        finally:
            self.loop.close()

    def end(self) -> None:
        world = self.world
        for payment, refund in self.moving_refunds:
            if refund.state == "pending":
                psp = world.psps.by_name[payment.psp]
                psp.refund_moves(payment, refund, world.random.choice(refund_moves_of(refund)))
        for psp in world.psps.all:
            psp.refunds_begin = "succeeded"
        world.psps.orders.decides = "takes"
        self.comes_to_rest(IN_THE_END)
        _expect_none([f"{job} is held: {job.held}" for job in world.queue.held])
        _expect_none([f"{job} is left, due at {job.due_at}" for job in world.queue.waiting])

    def comes_to_rest(self, within: timedelta) -> None:
        """Nothing is left to do, and all records must agree."""
        self.world.rest(within=within)
        _expect_none([*at_any_time(self.world), *held_without_good_reason(self.world)])
        # What was given up while the PSP was away is found out once a person asks for it.
        self.world.queue.requeue()
        self.world.rest(within=within)
        _expect_none(at_rest(self.world))

    # --- what there is

    def wish_of(self, methods: Methods, *, capture: bool) -> Wish:
        """A charge that the merchant intends."""
        return self.world.merchant.charge(1000, *map(offered, methods), capture=capture)

    def charges(self, *states: ChargeStatus) -> list[ChargeId]:
        """The charges the merchant knows of, in one of some states or in any."""
        wishes, found = self.world.merchant.wishes, self.world.charges()
        known = [ChargeId(wish.made) for wish in wishes if wish.kind == "charge" and wish.made]
        return [charge_id for charge_id in known if not states or found[charge_id].status in states]

    def payments(self, state: str) -> list[Payment]:
        return [payment for payment in self.world.psps.payments.values() if payment.state == state]

    @property
    def open_payments(self) -> list[Payment]:
        refundable = [one for one in self.payments("captured") if one.left_minor > 0 and not one.is_disputed]
        # If webhooks are lost, it cannot be known that a payment was tried again.
        declined = self.payments("declined") if self.world.psps.tells else []
        return [*self.payments("requires_action"), *self.payments("authorized"), *refundable, *declined]

    @property
    def moving_refunds(self) -> list[tuple[Payment, PspRefund]]:
        return [
            (payment, refund)
            for payment in self.world.psps.payments.values()
            for refund in payment.refunds.values()
            if refund_moves_of(refund)
        ]

    @property
    def moving_disputes(self) -> list[tuple[Payment, PspDispute]]:
        return [
            (payment, dispute)
            for payment in self.world.psps.payments.values()
            for dispute in payment.disputes.values()
            if dispute_moves_of(dispute)
        ]

    def _work(self, jobs_max: int) -> None:
        for _ in range(jobs_max):
            if due := self.world.queue.due:
                self.world.stage.finish(self.world.work_on(self.world.random.choice(due)))

    def _with_faults(self, faults: list[Fault]) -> None:
        self.world.psps.fail_next(faults)

    def _carry(self, errand: Errand[Any], how: How) -> None:
        if how == "through":
            self.world.stage.finish(errand)
            return
        end, steps = how
        self.world.stage.finish(errand, steps=steps)
        if end == "crash":
            self.world.crash(errand)


def _expect_none(findings: list[str]) -> None:
    if findings:
        raise AssertionError("\n".join(findings))
