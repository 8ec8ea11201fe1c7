"""Charges under review against everything that can happen to them: nothing is taken before a person approves."""

from datetime import timedelta
from typing import Final

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule, run_state_machine_as_test

from fincore.domain.risk import ReviewVerdict
from fincore.domain.risk_review import review_status
from fixtures.risk_engines import NamedEngine
from fixtures.scripted_psp import SteppedClock
from simulation.machine import _HOW, How, Payments
from simulation.psp_model import Nature
from simulation.psps import Psps
from simulation.queue_model import QueueModel
from simulation.test_simulation import EXAMPLES, TIMEOUT_SECONDS, _settings
from simulation.world import StoreInMemory, World

PAST_THE_TIME_TO_DECIDE: Final = timedelta(hours=73)


class ReviewedPayments(Payments):
    """The same world, with rules that send every charge to review."""

    def new_world(self, nature: Nature, seed: int) -> World:
        clock = SteppedClock()
        queue = QueueModel(clock)
        store = StoreInMemory(clock, queue)
        engine = NamedEngine("review")
        return World(self.loop, clock, queue, store, Psps(clock, nature), seed=seed, risk=engine)

    @precondition(lambda self: self.charges())
    @rule(data=st.data(), verdict=st.sampled_from(["approved", "declined"]), how=_HOW)
    def staff_decide(self, data: st.DataObject, verdict: ReviewVerdict, how: How) -> None:
        held = self.charges("authorized") or self.charges()
        self._carry(self.world.staff_decide(data.draw(st.sampled_from(held)), verdict), how)

    @precondition(lambda self: len(self.charges("authorized")) > 0)
    @rule(data=st.data())
    def two_persons_decide_at_once(self, data: st.DataObject) -> None:
        charge_id = data.draw(st.sampled_from(self.charges("authorized")))
        world = self.world
        errands = [world.staff_decide(charge_id, verdict) for verdict in ("approved", "declined")]
        while under_way := [errand for errand in errands if not errand.is_over]:
            world.stage.step(world.random.choice(under_way))
        assert [errand.result for errand in errands].count(None) >= 1, "one of two is refused"

    @rule()
    def the_time_to_decide_passes(self) -> None:
        self.world.pass_time(PAST_THE_TIME_TO_DECIDE.total_seconds())

    def end(self) -> None:
        super().end()
        charges = self.world.charges()
        assert [one for one, charge in charges.items() if review_status(charge) == "open"] == []


@pytest.mark.sampled
@pytest.mark.timeout(TIMEOUT_SECONDS)
def test_random_faults_take_no_money_before_approval() -> None:
    run_state_machine_as_test(ReviewedPayments, settings=_settings(max(EXAMPLES // 4, 1), 40))
