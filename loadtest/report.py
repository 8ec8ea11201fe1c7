"""The report of a run: one HTML file that needs nothing else, and the same as JSON. Pure, but for the style sheet beside it."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Final

import msgspec

from loadtest.figures import Figures
from loadtest.generator.mix import Plan
from loadtest.plots import Band, Line, plot
from loadtest.rate_steps import RateStep, limit_told
from loadtest.thresholds import Ending, Verdict, failed
from loadtest.watching import Sample

STYLE: Final = (Path(__file__).parent / "report.css").read_text()
POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One run. `planned` are points of the offered rate, `notes` sentences about what was not done or seen."""

    began_at: datetime
    title: str
    profile: str
    rate: float
    seed: int
    spacing: str
    planned: tuple[tuple[float, float], ...]
    bands: tuple[Band, ...]
    figures: Figures
    ending: Ending
    verdicts: tuple[Verdict, ...]
    samples: tuple[Sample, ...]
    charges_offered: int
    charges_accepted: int
    notes: tuple[str, ...] = ()
    steps: tuple[RateStep, ...] = ()

    @property
    def has_passed(self) -> bool:
        """Whether every threshold holds."""
        return not failed(self.verdicts)


def planned_points(plan: Plan, points: int = 200) -> tuple[tuple[float, float], ...]:
    """The offered rate over the time of a plan."""
    every = plan.seconds / points
    return tuple((every * number, plan.rate_at(every * number)) for number in range(points))


def as_json(report: Report) -> bytes:
    """The report for programs."""
    told = msgspec.to_builtins(report, builtin_types=(datetime,))
    return msgspec.json.format(msgspec.json.encode({"passed": report.has_passed, **told}), indent=1)


def as_html(report: Report) -> str:
    """The report for people."""
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(report.title)}</title><style>{STYLE}</style></head><body>",
            f"<h1>{escape(report.title)}</h1>",
            _head(report),
            _verdict(report),
            _facts(report),
            "<h2>Over time</h2>",
            '<p class="quiet">Latencies count from the moment at which a request was due by the schedule, so that a server that stands still shows.</p>',
            f'<div class="plots">{"".join(_plots(report))}</div>',
            *_rate_steps(report.steps),
            "<h2>By request</h2>",
            _requests(report.figures),
            *_errors(report.figures),
            "<h2>Every charge, and the invariants</h2>",
            _charges(report),
            "<h2>Thresholds</h2>",
            _thresholds(report.verdicts),
            *(f'<p class="quiet">{escape(note)}</p>' for note in report.notes),
            "</body></html>\n",
        ]
    )


def _head(report: Report) -> str:
    return (
        f'<p class="quiet">Profile {escape(report.profile)}, up to {report.rate:g} arrivals a second for {report.figures.seconds:g} s, '
        f"{escape(report.spacing)} arrivals, seed {report.seed}. Begun {report.began_at:%Y-%m-%d %H:%M:%S} UTC.</p>"
    )


def _verdict(report: Report) -> str:
    limit = f" {limit_told(report.steps)}" if report.steps else ""
    if report.has_passed:
        return (
            f'<p class="verdict good">Passed: all {len(report.verdicts)} thresholds hold.{escape(limit)}</p>'
        )
    names = ", ".join(verdict.name for verdict in failed(report.verdicts))
    return f'<p class="verdict bad">Failed: {escape(names + "." + limit)}</p>'


def _facts(report: Report) -> str:
    run, ending = report.figures, report.ending
    facts = [
        ("Arrivals", f"{run.arrivals:,}"),
        ("Requests to FinCore", f"{run.requests:,}"),
        ("Errors", f"{run.errors:,} ({run.error_share:.2%})"),
        ("Accepted, p50", f"{run.accept.p50_ms:,.1f} ms"),
        ("Accepted, p99", f"{run.accept.p99_ms:,.1f} ms"),
        ("p99 from the sending", f"{run.accept.p99_from_sending_ms:,.1f} ms"),
        *(
            [("Time to outcome, p50", f"{ending.outcome_p50_seconds:,.2f} s")]
            if ending.outcome_p50_seconds is not None
            else []
        ),
        *(
            [("Time to outcome, p99", f"{ending.outcome_p99_seconds:,.2f} s")]
            if ending.outcome_p99_seconds is not None
            else []
        ),
        *([("Drained after", f"{ending.drain_seconds:,.1f} s")] if ending.drain_seconds is not None else []),
        ("Generator, CPU", f"{run.generator_cpu_seconds / max(1.0, run.seconds):.2f} cores"),
    ]
    return f'<dl class="facts">{"".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in facts)}</dl>'


def _plots(report: Report) -> list[str]:
    run, samples = report.figures, report.samples
    seconds = max(run.seconds, *(one.seconds for one in run.bins), *(one.seconds for one in samples), 1.0)

    def drawn(title: str, unit: str, lines: Sequence[Line], *, is_logarithmic: bool = False) -> str:
        return plot(title, unit, lines, seconds=seconds, bands=report.bands, is_logarithmic=is_logarithmic)

    def of_bins(name: str, field: str) -> Line:
        return Line(name, [(one.seconds, getattr(one, field)) for one in run.bins])

    backlogs = [(one.seconds, one.backlog) for one in samples if one.backlog is not None]

    def of_backlog(name: str, field: str) -> Line:
        return Line(name, [(at, float(getattr(backlog, field))) for at, backlog in backlogs])

    processes = _busiest_first(samples)
    return [
        drawn(
            "Rate",
            "/s",
            [
                Line("arrivals planned", [point for point in report.planned if point[0] <= seconds]),
                of_bins("arrivals", "arrivals_per_second"),
                of_bins("requests", "requests_per_second"),
            ],
        ),
        drawn("Errors", "/s", [of_bins("requests that were not carried out", "errors_per_second")]),
        drawn(
            "Latency",
            "ms",
            [
                of_bins("all requests, p50", "p50_ms"),
                of_bins("all requests, p99", "p99_ms"),
                of_bins("accepted, p99", "accept_p99_ms"),
            ],
            is_logarithmic=True,
        ),
        drawn(
            "Backlog",
            "jobs, events, webhooks",
            [
                of_backlog("jobs queued", "jobs_queued"),
                of_backlog("jobs at work", "jobs_at_work"),
                of_backlog("view behind", "view_behind_events"),
                of_backlog("ledger behind", "ledger_behind_events"),
                of_backlog("notify behind", "notify_behind_events"),
                of_backlog("webhooks due", "webhooks_due"),
            ],
        ),
        drawn(
            "CPU",
            "cores",
            [Line(name, [(one.seconds, one.cores.get(name)) for one in samples]) for name in processes],
        ),
        drawn(
            "Memory",
            "MiB",
            [Line(name, [(one.seconds, one.memory_mib.get(name)) for one in samples]) for name in processes],
        ),
        drawn(
            "Write-ahead log and database",
            "MiB",
            [
                Line(
                    "WAL written since the begin",
                    [(one.seconds, one.wal_bytes / 2**20) for one in samples if one.database_bytes],
                ),
                Line(
                    "database",
                    [(one.seconds, one.database_bytes / 2**20) for one in samples if one.database_bytes],
                ),
            ],
        ),
    ]


def _busiest_first(samples: Sequence[Sample]) -> list[str]:
    """The processes, by the CPU time that each took over the run."""
    used: Counter[str] = Counter()
    for one in samples:
        used.update(one.cores)
    return [name for name, _ in used.most_common()]


def _rate_steps(steps: Sequence[RateStep]) -> list[str]:
    if not steps:
        return []
    head = (
        "arrivals/s",
        "requests",
        "errors",
        "accepted p50 ms",
        "accepted p99 ms",
        "backlog at its end",
        "",
    )
    rows = [
        (
            f"{one.rate:g}",
            f"{one.requests:,}",
            f"{one.errors:,}",
            f"{one.accept_p50_ms:,.1f}",
            f"{one.accept_p99_ms:,.1f}",
            "not known" if one.backlog is None else f"{one.backlog:,}",
            ", ".join(one.broken) or "holds",
        )
        for one in steps
    ]
    return ["<h2>By step of the rate</h2>", _table(head, rows, numbers=range(6))]


def _requests(run: Figures) -> str:
    head = (
        "request",
        "requests",
        "p50 ms",
        "p95 ms",
        "p99 ms",
        "most ms",
        "p99 from sending",
        "errors",
        "statuses",
    )
    rows = [
        (
            one.name,
            f"{one.latency.count:,}",
            f"{one.latency.p50_ms:,.1f}",
            f"{one.latency.p95_ms:,.1f}",
            f"{one.latency.p99_ms:,.1f}",
            f"{one.latency.max_ms:,.1f}",
            f"{one.latency.p99_from_sending_ms:,.1f}",
            f"{one.errors:,}",
            ", ".join(
                f"{'no answer' if status == '0' else status}: {count:,}"
                for status, count in one.statuses.items()
            ),
        )
        for one in run.steps
    ]
    return _table(head, rows, numbers=range(1, 8))


def _errors(run: Figures) -> list[str]:
    found = []
    for title, reasons in (
        ("Errors by reason", run.errors_by_reason),
        ("Scenarios that were cut short", run.cut_by_reason),
    ):
        if reasons:
            rows = [(f"{count:,}", reason) for reason, count in reasons.items()]
            found += [f"<h2>{title}</h2>", _table(("times", "what"), rows, numbers=range(1))]
    return found


def _charges(report: Report) -> str:
    ending = report.ending
    found = [
        f"<p>{report.charges_offered:,} charges and checkout sessions were offered, {report.charges_accepted:,} accepted. "
        + (
            "They were not compared."
            if ending.disagreements is None
            else "Generator, log, view, ledger and PSP agree on each charge and its amounts."
            if not ending.disagreements
            else "They do not agree:"
        )
        + "</p>"
    ]
    found += [
        f"<ul>{''.join(f'<li>{escape(one)}</li>' for one in sentences)}</ul>"
        for sentences in (ending.disagreements, ending.broken)
        if sentences
    ]
    invariants = (
        "were not checked" if ending.broken is None else "do not all hold" if ending.broken else "all hold"
    )
    found.append(f"<p>The invariants (<code>fincore check</code>) {invariants}.</p>")
    return "".join(found)


def _thresholds(verdicts: Sequence[Verdict]) -> str:
    rows = "".join(
        f"<tr><td>{escape(one.name)}</td><td>{escape(one.bound)}</td><td>{escape(one.seen)}</td>"
        f'<td class="{"good" if one.holds else "bad"}">{"holds" if one.holds else "broken"}</td></tr>'
        for one in verdicts
    )
    return f'<div class="scroll"><table><tr><th>threshold</th><th>bound</th><th>seen</th><th></th></tr>{rows}</table></div>'


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: range) -> str:
    def cells(row: Sequence[str], tag: str) -> str:
        return "".join(
            f"<{tag}{' class=number' if number in numbers else ''}>{escape(cell)}</{tag}>"
            for number, cell in enumerate(row)
        )

    body = "".join(f"<tr>{cells(row, 'td')}</tr>" for row in rows)
    return f'<div class="scroll"><table><tr>{cells(head, "th")}</tr>{body}</table></div>'
