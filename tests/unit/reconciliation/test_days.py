"""Which runs belong to which day, also where the clock of the server was wrong, and when a day is over."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from fincore.reconciliation.report.days import CountedRun, DayOfRuns, days_of

NINTH, TENTH, LATER = date(2026, 11, 9), date(2026, 11, 10), date(2030, 1, 1)


def test_day_is_over_once_a_run_of_a_later_day_follows() -> None:
    runs = [CountedRun(3, NINTH), CountedRun(4, NINTH), CountedRun(7, TENTH)]
    assert days_of(runs[:2], None) == [DayOfRuns(NINTH, 0, 4, is_over=False)]
    assert days_of(runs, None) == [
        DayOfRuns(NINTH, 0, 4, is_over=True),
        DayOfRuns(TENTH, 4, 7, is_over=False),
    ]


def test_run_of_a_clock_set_back_counts_for_the_next_day() -> None:
    sealed = DayOfRuns(NINTH, 0, 4, is_over=True)
    assert days_of([CountedRun(7, NINTH)], sealed) == [DayOfRuns(TENTH, 4, 7, is_over=False)]


def test_run_of_a_clock_set_ahead_is_taken_back_by_the_next() -> None:
    runs = [CountedRun(1, NINTH), CountedRun(2, LATER), CountedRun(3, TENTH)]
    sealed = days_of(runs[:2], None)[0]
    assert sealed == DayOfRuns(NINTH, 0, 1, is_over=True)
    assert days_of(runs[1:], sealed) == [DayOfRuns(TENTH, 1, 3, is_over=False)]


@given(
    st.lists(st.tuples(st.integers(1, 3), st.integers(-3, 3), st.booleans()), min_size=1, max_size=30),
)
def test_each_run_is_in_one_day_and_sealed_days_stay(steps: list[tuple[int, int, bool]]) -> None:
    """Runs with gaps between their numbers, under a clock that is set forth and back, sealed at some of them."""
    runs: list[CountedRun] = []
    sealed: list[DayOfRuns] = []
    for gap, days, is_sealed in steps:
        last_no, last_day = (runs[-1].run_no, runs[-1].day) if runs else (0, NINTH)
        runs.append(CountedRun(last_no + gap, date.fromordinal(last_day.toordinal() + days)))
        if is_sealed:
            last = sealed[-1] if sealed else None
            open_runs = [one for one in runs if last is None or one.run_no > last.last_run_no]
            found = days_of(open_runs, last)
            assert [one.is_over for one in found] == [True] * (len(found) - 1) + [False]
            sealed += found[:-1]
    last = sealed[-1] if sealed else None
    after = days_of([one for one in runs if last is None or one.run_no > last.last_run_no], last)
    all_days = [*sealed, *after]
    assert [one.run_no_before for one in all_days] == [0, *(one.last_run_no for one in all_days[:-1])]
    assert all_days[-1].last_run_no == runs[-1].run_no
    assert [one.day for one in all_days] == sorted({one.day for one in all_days})
