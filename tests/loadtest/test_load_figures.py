"""Figures of a run, and the thresholds that judge them."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from loadtest.figures import Figures, Tally, figures, percentile
from loadtest.generator.records import Recorder, append_rows, rows_of
from loadtest.offered import Offered
from loadtest.thresholds import DEFAULT, Ending, failed, of_step, verdicts

ENDED = ["ended", 0, 0, 1.0]
GOOD_END = Ending(due=0, workers=1, backlog=0, outcome_p99_seconds=1.0, disagreements=(), broken=())


def request(
    due: float, seconds: float, *, step: str = "charge", status: int = 201, late: float = 0.0
) -> list[Any]:
    """A record of a request."""
    return ["request", step, due, due + late, due + late + seconds, status, "" if status < 400 else "refused"]


def of(rows: list[list[Any]], seconds: float = 10.0) -> Figures:
    """The figures of rows."""
    return figures([*rows, ENDED], seconds=seconds)


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([], 0.99, 0.0),
        ([7.0], 0.5, 7.0),
        (list(range(1, 101)), 0.99, 99),
        (list(range(1, 101)), 0.50, 50),
        (list(range(1, 101)), 1.0, 100),
        (list(range(1, 1001)), 0.999, 999),
    ],
)
def test_a_percentile_is_the_nearest_rank(values: list[float], share: float, expected: float) -> None:
    assert percentile(values, share) == expected


def test_a_latency_counts_from_the_intended_moment() -> None:
    run = of([request(1.0, 0.010, late=0.500)])

    assert run.accept.p99_ms == pytest.approx(510)
    assert run.accept.p99_from_sending_ms == pytest.approx(10)
    assert run.late_p99_ms == pytest.approx(500)


@pytest.mark.parametrize(
    ("status", "is_error"),
    [(200, False), (303, False), (402, False), (0, True), (404, True), (429, True), (503, True)],
)
def test_what_was_not_carried_out_is_an_error(status: int, is_error: bool) -> None:  # noqa: FBT001
    assert of([request(1.0, 0.1, status=status)]).errors == int(is_error)


def test_an_error_of_the_sandbox_is_not_one_of_fincore() -> None:
    run = of([request(1.0, 0.1, step="PSP's page", status=0), request(1.0, 0.1)])

    assert (run.errors, run.requests) == (0, 1)


def test_bins_tell_what_was_due_in_them() -> None:
    run = of(
        [["arrived", 0.2, "card"], request(0.2, 3.0), ["unsent", 1.5], request(1.9, 0.1, status=500)],
        seconds=3,
    )

    assert [(one.arrivals_per_second, one.errors_per_second) for one in run.bins] == [(1, 0), (1, 1), (0, 0)]
    assert run.bins[0].p99_ms == pytest.approx(3000)
    assert run.bins[2].p99_ms is None


def test_a_long_run_has_a_bounded_number_of_bins() -> None:
    assert len(of([request(86_000.0, 0.1)], seconds=86_400).bins) <= 300


def test_a_run_that_keeps_to_its_bounds_passes() -> None:
    assert failed(verdicts(of([request(1.0, 0.01)]), GOOD_END, DEFAULT)) == []


@pytest.mark.parametrize(
    ("rows", "ending", "name"),
    [
        ([request(1.0, 0.1, status=503)], {}, "errors of all requests"),
        ([request(1.0, 2.0)], {}, "accepted, p99 from the intended moment"),
        ([request(1.0, 0.1, late=0.4)], {}, "lateness of the generator, p99"),
        (
            [request(1.0, 0.01)] * 998 + [request(1.0, 0.1, step="export charges", status=422)] * 2,
            {"due": 0},
            "kinds of request that failed each time",
        ),
        ([["unsent", 1.0]], {"due": 1}, "arrivals that were not sent"),
        ([], {"due": 1}, "arrivals of the schedule without a record"),
        ([], {"workers": 2}, "generators that did not end in order"),
        ([["failed", 1.0, "card", "KeyError()"]], {}, "errors of the generator itself"),
        ([], {"outcome_p99_seconds": 91.0}, "time to outcome, p99"),
        ([], {"backlog": 1}, "backlog at the end"),
        ([], {"disagreements": ("1 charge is not there",)}, "comparison of every charge"),
        ([], {"broken": ("one",)}, "invariants"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_a_bound_that_is_broken_is_named(rows: list[list[Any]], ending: dict[str, Any], name: str) -> None:
    ended = msgspec.structs.replace(GOOD_END, **ending)

    assert [one.name for one in failed(verdicts(of(rows), ended, DEFAULT))] == [name]


def test_a_run_that_was_to_break_passes_though_it_broke() -> None:
    slow = of([request(1.0, 9.0)])

    assert failed(verdicts(slow, Ending(due=0, workers=1, was_to_break=True), DEFAULT)) == []


def test_a_step_breaks_by_jobs_that_wait() -> None:
    run = of([request(1.0, 0.01)])

    assert failed(of_step(run, rate=10, backlog=50, bounds=DEFAULT)) == []
    assert [one.name for one in failed(of_step(run, rate=10, backlog=51, bounds=DEFAULT))] == [
        "backlog at the end of the step"
    ]


def test_what_was_offered_is_told_apart_from_what_was_accepted() -> None:
    known = Offered().add(
        [
            ["offered", "k1"],
            ["charge", "k1", "ch_1", 500],
            ["offered", "k2"],
            ["offered", "k3"],
            ["session", "k3"],
            ["refund", "ch_1", "re_1", 250],
        ]
    )

    assert known.accepted == {"ch_1": 500}
    assert known.offered_keys - known.accepted_keys == {"k2"}
    assert known.refunds == {"re_1": 250}


def test_records_that_come_in_parts_add_up_to_the_same() -> None:
    rows = [
        request(number / 10, number / 100, status=500 if number % 7 == 0 else 201) for number in range(90)
    ]
    parts = Tally(seconds=10)
    for number in range(0, 90, 13):
        parts.add(rows[number : number + 13])

    assert parts.figures() == figures(rows, seconds=10)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (
            '{"type":"x","code":"field_unknown","detail":"There is no field mode."}',
            "field_unknown: There is no field mode.",
        ),
        ('{"code":"cut of', '{"code":"cut of'),
        ("[1]", "[1]"),
        ('{"error":"other"}', '{"error":"other"}'),
        ("ConnectionRefusedError", "ConnectionRefusedError"),
    ],
)
def test_reason_of_an_error_is_code_and_detail(answer: str, told: str) -> None:
    row = [*request(1.0, 0.1, status=422)[:6], answer]
    assert list(of([row]).errors_by_reason) == [f"charge: 422 {told}"]


def test_reasons_of_errors_are_bounded() -> None:
    rows = [["cut", 1.0, "card", f"reason {number}"] for number in range(5_000)]
    run = figures(rows, seconds=10)

    assert len(run.cut_by_reason) == 20
    assert run.cut_by_reason["other reasons"] == 4_000


def test_records_are_read_up_to_the_last_whole_line(tmp_path: Path) -> None:
    file, recorder = tmp_path / "records.jsonl", Recorder()
    recorder.add("arrived", 1.23456789, "card")
    append_rows(file, recorder.take())
    with file.open("a") as out:
        out.write('["unsent",')
    rows, offset = rows_of(file)
    with file.open("a") as out:
        out.write("2.0]\n")

    assert rows == [["arrived", 1.2346, "card"]]
    assert recorder.take() == []
    assert rows_of(file, offset)[0] == [["unsent", 2.0]]
