"""The traffic mix: what arrives with which weight, and what its phases change."""

from dataclasses import replace
from typing import Final

import msgspec
import pytest
from loadtest.generator.load_settings import BadSettings, LoadSettings
from loadtest.generator.mix import (
    NAMES,
    PHASES,
    SCENARIOS,
    Needs,
    Phase,
    mix_table,
    phase_at,
    phase_table,
    plan,
    weights_for,
)
from loadtest.generator.profile import Stretch
from loadtest.generator.till import EXPORTS, Till

from fincore.domain.card_number import holds_card_number
from fincore.http.json_body import decode_body
from fincore.staff.exports.requests import (
    StaffChargeExport,
    StaffExport,
    StaffRefundExport,
    StaffTrialBalanceExport,
)

ALL: Final[tuple[Needs, ...]] = ("api", "card_edge", "sandbox", "staff")
SETTINGS = LoadSettings(api_url="http://127.0.0.1:8080", api_key="sk_test_1", seed=1)


def test_each_scenario_of_the_mix_can_be_carried_out() -> None:
    assert [name for name in NAMES if not callable(getattr(Till, f"_{name}", None))] == []


def test_no_key_of_an_arrival_can_be_taken_for_a_card_number() -> None:
    """An arrival with such a key would be refused, and count as an error of FinCore."""
    settings = replace(SETTINGS, run_id="load-t1795812369-x405050", seed=1_245_478_596)
    assert [number for number in range(2_000) if holds_card_number(settings.key_of(number))] == []
    assert any(holds_card_number(f"load-40da50-{settings.seed}-{number}") for number in range(2_000))


def test_weights_of_the_usual_traffic_are_percentages() -> None:
    assert sum(scenario.weight for scenario in SCENARIOS) == 100


def test_phases_follow_each_other_and_name_scenarios() -> None:
    edges = [edge for phase in PHASES for edge in (phase.begins, phase.ends)]

    assert edges == sorted(edges)
    assert {name for phase in PHASES for name in phase.weights} <= set(NAMES)


def test_a_phase_adds_its_traffic_to_the_usual() -> None:
    burst = Phase("burst", 0.5, 0.75, "", rate_factor=1.5, weights={"card_testing": 50})
    whole = plan([Stretch(100, 20, 20)], {"card": 100.0, "card_testing": 0.0}, [burst])

    assert [(one.stretch.seconds, one.stretch.rate_from) for one in whole.parts] == [
        (50, 20),
        (25, 30),
        (25, 20),
    ]
    assert dict(whole.parts[1].weights) == {"card": 100, "card_testing": 50}
    assert whole.rate_at(60) == 30
    assert whole.rate_at(101) == 0


def test_a_scenario_that_cannot_be_had_takes_its_rate_along() -> None:
    """The others keep theirs: a burst of exports without staff is no burst of anything else."""
    burst = Phase("burst", 0.0, 1.0, "", rate_factor=1.5, weights={"export": 50})
    whole = plan([Stretch(100, 20, 20)], {"card": 100.0}, [burst])

    assert whole.rate_at(50) == pytest.approx(20)


def test_a_ramp_is_cut_where_a_phase_begins() -> None:
    whole = plan([Stretch(100, 0, 100)], {"card": 1.0}, [Phase("half", 0.5, 0.6, "", rate_factor=0.5)])

    assert [tuple(one.stretch) for one in whole.parts] == [
        pytest.approx((50, 0, 50)),
        pytest.approx((10, 25, 30)),
        pytest.approx((40, 60, 100)),
    ]


def test_scenarios_without_their_server_have_no_weight() -> None:
    assert "raw_card" not in weights_for(ALL[:1])
    assert "paypal" not in weights_for(ALL[:2])
    assert set(weights_for(ALL)) == set(NAMES)


def test_a_scenario_that_is_wanted_alone_has_a_weight() -> None:
    assert weights_for(ALL, ["card_testing"]) == {"card_testing": 1.0}


def test_a_phase_ends_where_the_usual_traffic_goes_on() -> None:
    first = PHASES[0]

    assert phase_at(PHASES, first.begins) == first
    assert phase_at(PHASES, first.ends) is None


def test_tables_of_the_mix_have_a_row_for_each_entry() -> None:
    assert len(mix_table()) == len(SCENARIOS) + 1
    assert len(phase_table()) == len(PHASES) + 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"api_key": "sk_live_1"}, "test mode only"),
        ({"api_key": ""}, "test mode only"),
        ({"rate": 0.0}, "rate is 0"),
        ({"rate": float("nan")}, "rate is nan"),
        ({"seconds": 1e9}, "seconds is"),
        ({"workers": 0}, "workers is 0"),
        ({"profile": "storm"}, "no profile 'storm'"),
        ({"spacing": "even"}, "no spacing 'even'"),
        ({"scenarios": ("paypal",)}, "'paypal' does not exist, or lacks a server"),
        ({"api_url": ""}, "no address"),
        ({"api_url": "ftp://127.0.0.1"}, "no address"),
    ],
)
def test_settings_that_cannot_be_are_refused(change: dict[str, object], said: str) -> None:
    settings = LoadSettings(**{"api_url": SETTINGS.api_url, "api_key": "sk_test_1", **change})  # type: ignore[arg-type]

    with pytest.raises(BadSettings, match=said):
        settings.check()


def test_tasks_share_the_rate() -> None:
    alone = LoadSettings(api_url="http://127.0.0.1:1", rate=100, has_phases=False, profile="steps").plan
    fourth = LoadSettings(
        api_url="http://127.0.0.1:1", rate=100, has_phases=False, profile="steps", tasks=4
    ).plan

    assert fourth.rate_at(1) == pytest.approx(alone.rate_at(1) / 4)


@pytest.mark.parametrize(
    ("which", "request_type"),
    [
        ("charges", StaffChargeExport),
        ("refunds", StaffRefundExport),
        ("trial_balance", StaffTrialBalanceExport),
    ],
)
def test_an_export_asks_as_the_api_of_staff_takes_it(which: str, request_type: type[StaffExport]) -> None:
    body = msgspec.json.encode({"reason": "end of the month", **EXPORTS[which]})

    decode_body(msgspec.json.Decoder(request_type), body)
