"""Arrivals: the one schedule of a run, when each is due, and how workers share it."""

from itertools import pairwise
from statistics import mean, pvariance

import pytest
from hypothesis import given
from hypothesis import strategies as st
from loadtest.generator.arrivals import Spacing, arrivals, share_of
from loadtest.generator.mix import Plan, plan
from loadtest.generator.profile import PROFILES, Stretch, step_at

CARD_ONLY = {"card": 1.0}
STRETCHES = st.lists(
    st.builds(Stretch, st.floats(0.5, 5), st.floats(0, 40), st.floats(0, 40)), min_size=1, max_size=4
)


def planned(*stretches: Stretch) -> Plan:
    """A plan of one scenario."""
    return plan(stretches, CARD_ONLY)


def test_uniform_arrivals_are_evenly_apart() -> None:
    due = [one.due_seconds for one in arrivals(planned(Stretch(2, 5, 5)), seed=1, spacing="uniform")]

    assert due == pytest.approx([0.1 + number * 0.2 for number in range(10)])


def test_a_ramp_offers_more_in_its_second_half() -> None:
    due = [one.due_seconds for one in arrivals(planned(Stretch(10, 0, 20)), seed=1, spacing="uniform")]

    assert len(due) == 100
    assert sum(moment < 5 for moment in due) == 25


def test_poisson_gaps_vary_as_their_mean() -> None:
    due = [one.due_seconds for one in arrivals(planned(Stretch(1_000, 20, 20)), seed=7, spacing="poisson")]
    gaps = [later - earlier for earlier, later in pairwise(due)]

    assert mean(gaps) == pytest.approx(1 / 20, rel=0.05)
    assert pvariance(gaps) == pytest.approx(1 / 400, rel=0.1)


def test_a_seed_repeats_its_schedule() -> None:
    whole = planned(Stretch(10, 5, 30))
    first, again, other = (list(arrivals(whole, seed=seed, spacing="poisson")) for seed in (3, 3, 4))

    assert first == again
    assert first != other


@given(STRETCHES, st.integers(1, 7), st.integers(1, 2**31), st.sampled_from(["poisson", "uniform"]))
def test_workers_together_offer_each_arrival_once(
    stretches: list[Stretch], workers: int, seed: int, spacing: Spacing
) -> None:
    every = list(arrivals(planned(*stretches), seed=seed, spacing=spacing))
    shares = [list(share_of(every, worker=worker, workers=workers)) for worker in range(workers)]

    assert sorted(one for share in shares for one in share) == every
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


@given(STRETCHES, st.integers(1, 2**31), st.sampled_from(["poisson", "uniform"]))
def test_arrivals_are_in_order_and_within_the_run(
    stretches: list[Stretch], seed: int, spacing: Spacing
) -> None:
    whole = planned(*stretches)
    due = [one.due_seconds for one in arrivals(whole, seed=seed, spacing=spacing)]

    assert due == sorted(due)
    assert all(0 <= moment <= whole.seconds + 1e-9 for moment in due)
    if spacing == "uniform":
        assert abs(len(due) - sum(stretch.arrivals for stretch in stretches)) <= 1


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_keeps_to_its_rate_and_length(name: str) -> None:
    stretches = PROFILES[name].stretches(50.0, 600.0)

    assert sum(stretch.seconds for stretch in stretches) == pytest.approx(600)
    assert max(max(stretch.rate_from, stretch.rate_to) for stretch in stretches) == pytest.approx(50)


def test_a_moment_of_the_run_belongs_to_one_step() -> None:
    steps = PROFILES["steps"].stretches(100.0, 100.0)

    assert [step_at(steps, at) for at in (0.0, 9.9, 10.0, 99.0, 200.0)] == [0, 0, 1, 9, 9]


def test_arrivals_do_not_wait_for_a_frozen_server() -> None:
    """The arithmetic of the tester: a server that answers in 10 ms and stands still from second 5 to 10, under both models."""
    rate, frozen_from, frozen_to, answer = 20.0, 5.0, 10.0, 0.01

    def answered(sent: float) -> float:
        return (frozen_to if frozen_from <= sent < frozen_to else sent) + answer

    every = arrivals(planned(Stretch(20, rate, rate)), seed=1, spacing="poisson")
    opened = sorted(answered(one.due_seconds) - one.due_seconds for one in every)
    closed, now = [], 0.0
    while now < 20:
        done = answered(now)
        closed.append(done - now)
        now = max(done, now + 1 / rate)
    closed.sort()

    assert opened[int(len(opened) * 0.99)] > 4.5
    assert closed[int(len(closed) * 0.99)] == pytest.approx(answer)


def test_a_scenario_is_drawn_by_its_weight() -> None:
    whole = plan([Stretch(1_000, 20, 20)], {"card": 3.0, "query": 1.0, "export": 0.0})
    drawn = [one.scenario for one in arrivals(whole, seed=5, spacing="uniform")]

    assert drawn.count("card") / len(drawn) == pytest.approx(0.75, abs=0.02)
    assert "export" not in drawn
