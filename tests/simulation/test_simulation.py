"""Payments against everything that can happen to them.

    FINCORE_SIMULATION_EXAMPLES=20000 .venv/bin/pytest tests/simulation --hypothesis-seed=random

plays for longer; what fails prints the seed and a line that plays it again.
"""

import os
from collections.abc import Callable
from datetime import timedelta
from typing import Final

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test

from fixtures.sampling import sampled
from fixtures.scripted_psp import SteppedClock
from simulation.machine import Payments
from simulation.postgres_store import CONSUMERS, RUNNERS, StoreInPostgres
from simulation.psp_model import Nature
from simulation.psps import Psps
from simulation.queue_model import QueueModel
from simulation.world import World

EXAMPLES: Final = int(os.environ.get("FINCORE_SIMULATION_EXAMPLES", sampled(105)))
"""Examples in memory; on PostgreSQL it is a fortieth of them."""
EXPLORES: Final = "FINCORE_SIMULATION_EXAMPLES" in os.environ
"""A run that names a number looks for new examples; every other run repeats the same ones, so that it is red or green."""
TIMEOUT_SECONDS: Final = 300 + EXAMPLES


def _settings(examples: int, steps: int) -> settings:
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        print_blob=True,
        derandomize=not EXPLORES,
        # An example has many steps, and is slow by nature; the first few are no measure of the others.
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
    )


@pytest.mark.sampled
@pytest.mark.timeout(TIMEOUT_SECONDS)
def test_random_faults_leave_fincore_and_psp_in_agreement() -> None:
    run_state_machine_as_test(Payments, settings=_settings(EXAMPLES, 50))


@pytest.mark.sampled
@pytest.mark.timeout(TIMEOUT_SECONDS)
def test_random_faults_on_postgresql_break_no_invariant(
    fresh_dsn: Callable[[], str],
) -> None:
    class PaymentsOnPostgres(Payments):
        store: StoreInPostgres

        def new_world(self, nature: Nature, seed: int) -> World:
            clock = SteppedClock()
            queue = QueueModel(clock)
            self.store = StoreInPostgres(fresh_dsn(), queue, clock)
            self.loop.run_until_complete(self.store.open())
            return World(self.loop, clock, queue, self.store, Psps(clock, nature), seed=seed)

        @rule(consumer=st.integers(0, CONSUMERS - 1), runner=st.integers(0, RUNNERS - 1))
        def a_consumer_follows(self, consumer: int, runner: int) -> None:
            self.world.stage.run(self.store.follow(consumer, runner))

        def comes_to_rest(self, within: timedelta) -> None:
            super().comes_to_rest(within)
            assert self.world.stage.run(self.store.broken_invariants()) == []
            if self.world.psps.tells:
                owed_minor = sum(payment.net_minor for payment in self.world.psps.payments.values())
                assert self.world.stage.run(self.store.owed_minor()) == owed_minor

        def end(self) -> None:
            try:
                super().end()
            finally:
                self.loop.run_until_complete(self.store.close())

    run_state_machine_as_test(PaymentsOnPostgres, settings=_settings(max(EXAMPLES // 40, 1), 30))
