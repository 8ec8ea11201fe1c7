"""The report of a run: one file that needs nothing else, and says what failed."""

import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import msgspec
import pytest
from bench.progress import Backlog
from loadtest.figures import figures
from loadtest.generator.mix import plan
from loadtest.generator.profile import Stretch
from loadtest.plots import Band, Line, plot
from loadtest.rate_steps import RateStep
from loadtest.report import Report, as_html, as_json, planned_points
from loadtest.thresholds import DEFAULT, Ending, verdicts
from loadtest.watching import Sample

HOSTILE = '<script>alert("1")</script>'
BACKLOG = Backlog(
    jobs_queued=3,
    jobs_at_work=1,
    jobs_held=0,
    view_behind_events=2,
    ledger_behind_events=4,
    notify_behind_events=0,
    webhooks_due=0,
)


def a_report(**changes: Any) -> Report:
    """A report of a short run with one error, the text of which is hostile."""
    rows: list[list[Any]] = [
        ["arrived", 0.5, "card"],
        ["request", "charge", 0.5, 0.5, 0.6, 201, ""],
        ["request", "charge", 1.5, 1.5, 1.6, 503, HOSTILE],
        ["ended", 0, 1, 0.2],
    ]
    run = figures(rows, seconds=4)
    ending = Ending(due=1, workers=1, backlog=0, disagreements=(), broken=())
    made = Report(
        began_at=datetime(2026, 1, 31, 12, tzinfo=UTC),
        title="Load of FinCore",
        profile="short",
        rate=1,
        seed=7,
        spacing="poisson",
        planned=planned_points(plan([Stretch(4, 1, 1)], {"card": 1})),
        bands=(Band("PSP slow", 1, 2),),
        figures=run,
        ending=ending,
        verdicts=tuple(verdicts(run, ending, DEFAULT)),
        samples=(
            Sample(
                seconds=1,
                backlog=BACKLOG,
                wal_bytes=2**20,
                database_bytes=2**24,
                cores={"api": 0.4},
                memory_mib={"api": 90},
            ),
            Sample(
                seconds=2,
                backlog=BACKLOG,
                wal_bytes=2**21,
                database_bytes=2**24,
                cores={"api": 0.5},
                memory_mib={"api": 91},
            ),
        ),
        charges_offered=2,
        charges_accepted=1,
    )
    return msgspec.structs.replace(made, **changes)


def a_step(number: int, *, broken: tuple[str, ...] = ()) -> RateStep:
    """A step of a run of ten, at ten arrivals a second more than the one before."""
    return RateStep(
        number=number,
        of=10,
        rate=10.0 * number,
        requests=12_345,
        errors=0,
        accept_p50_ms=4.0,
        accept_p99_ms=9.0,
        backlog=7,
        broken=broken,
    )


class _Elements(HTMLParser):
    """The elements of a page and their attributes; a tag that is not closed in turn is noted."""

    VOID = ("meta", "line", "rect")

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.unbalanced: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.found.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element that has nothing in it."""
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        """Note a tag that closes another than the last one."""
        if not self.open or self.open.pop() != tag:
            self.unbalanced.append(tag)


def test_the_report_loads_nothing_and_runs_nothing() -> None:
    elements = _Elements(as_html(a_report()))
    names = {tag for tag, _ in elements.found}

    assert names & {"script", "link", "img", "iframe", "object", "embed", "a"} == set()
    assert [attrs for _, attrs in elements.found if {"src", "href", "style"} & set(attrs)] == []
    assert (elements.open, elements.unbalanced) == ([], [])
    policies = [attrs["content"] for tag, attrs in elements.found if tag == "meta" and "http-equiv" in attrs]
    assert policies == ["default-src 'none'; style-src 'unsafe-inline'"]


def test_the_text_of_an_error_is_shown_as_text() -> None:
    page = as_html(a_report())

    assert HOSTILE not in page
    assert "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;" in page


def test_the_report_names_the_threshold_that_broke() -> None:
    report = a_report()
    page = as_html(report)

    assert not report.has_passed
    assert "Failed: errors of all requests." in page
    assert page.count('<td class="bad">broken</td>') == 1


def test_the_report_says_which_step_broke_and_which_held() -> None:
    page = as_html(a_report(steps=(a_step(1), a_step(2, broken=("errors of all requests 9.00%",)))))

    limit = "The run stopped at step 2 of 10, 20 arrivals/s: errors of all requests 9.00%; 10 arrivals a second held."
    assert limit in page
    table = page.partition("<h2>By step of the rate</h2>")[2].partition("</table>")[0]
    assert [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in table.split("<tr>")[2:]] == [
        ["10", "12,345", "0", "4.0", "9.0", "7", "holds"],
        ["20", "12,345", "0", "4.0", "9.0", "7", "errors of all requests 9.00%"],
    ]


@pytest.mark.parametrize(
    ("last", "told"),
    [(10, "No step broke, up to 100 arrivals a second"), (4, "The run ended before 6 of its steps began.")],
)
def test_the_report_of_steps_that_hold_says_how_far_they_went(last: int, told: str) -> None:
    steps = tuple(a_step(number) for number in range(1, last + 1))
    assert told in as_html(a_report(steps=steps))


def test_a_plan_that_was_cut_short_is_drawn_as_far_as_it_was_run() -> None:
    page = as_html(a_report(planned=((0.0, 1.0), (4.0, 1.0), (9.0, 5.0))))
    plot_of_rate = page.partition("<h3>Rate</h3>")[2].partition("</figure>")[0]
    assert 'arrivals planned <span class="most">at most 1<' in plot_of_rate


def test_the_report_plots_each_kind_of_figure() -> None:
    page = as_html(a_report())

    assert re.findall(r"<h3>(.*?)</h3>", page) == [
        "Rate",
        "Errors",
        "Latency",
        "Backlog",
        "CPU",
        "Memory",
        "Write-ahead log and database",
    ]


def test_a_report_without_samples_leaves_their_plots_out() -> None:
    page = as_html(a_report(samples=()))

    assert re.findall(r"<h3>(.*?)</h3>", page) == ["Rate", "Errors", "Latency"]


def test_the_json_holds_what_the_page_shows() -> None:
    told = msgspec.json.decode(as_json(a_report()))

    assert told["passed"] is False
    assert told["figures"]["errors"] == 1
    assert len(told["samples"]) == 2
    assert [one["name"] for one in told["verdicts"] if not one["holds"]] == ["errors of all requests"]


def test_a_plot_without_values_is_left_out() -> None:
    assert plot("Errors", "/s", [Line("errors", [(1.0, None)])], seconds=10) == ""


def test_a_plot_of_nothing_but_zero_reaches_up_to_one() -> None:
    drawn = plot("Errors", "/s", [Line("errors", [(0.0, 0.0), (1.0, 0.0)])], seconds=10)
    assert re.findall(r'<text class="tick"[^>]*>(.*?)</text>', drawn) == ["0", "0.25", "0.5", "0.75", "1"]


def test_a_gap_of_a_line_is_not_bridged() -> None:
    drawn = plot("Rate", "/s", [Line("a", [(0.0, 1.0), (1.0, None), (2.0, 1.0)])], seconds=2)
    path = re.search(r'<path class="line s0" d="([^"]*)"', drawn)

    assert path is not None
    assert path[1].count("M") == 2
    assert "L" not in path[1]


def test_points_of_a_plot_stay_within_it() -> None:
    for is_logarithmic in (False, True):
        points = [(float(at), 0.0 if at == 3 else 10.0 ** (at % 5)) for at in range(20)]
        drawn = plot("Latency", "ms", [Line("p99", points)], seconds=10, is_logarithmic=is_logarithmic)
        path = re.search(r'd="([^"]*)"', drawn)
        assert path is not None
        found = [tuple(map(float, pair)) for pair in re.findall(r"[ML]([\d.-]+) ([\d.-]+)", path[1])]
        assert len(found) == 20
        assert all(56 <= x <= 710 and 22 <= y <= 214 for x, y in found)
