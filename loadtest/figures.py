"""What the records of a run add up to: rates, percentiles and errors over time and by step. Pure.

A run of hours has millions of records: they are added up as they come, and a request leaves four numbers.
"""

import math
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

BINS_MAX: Final = 300
"""Points of a plot: a long run has seconds put together."""
ACCEPT: Final = frozenset({"charge", "checkout session", "capture", "cancel", "refund"})
"""Steps that are answered when they are durable, and wait for no PSP; the card edge asks one for a token first."""
AT_THE_PSP: Final = "PSP's page"
"""A step at the sandbox, of which an error is none of FinCore's."""
REASONS_MAX: Final = 20
REASONS_KEPT_MAX: Final = 1_000
"""Different reasons that are counted; further ones are counted together."""

Row = list[Any]


class Latency(msgspec.Struct, frozen=True, kw_only=True):
    """Milliseconds from the intended moment, and beside the 99th percentile the same counted from the sending only."""

    count: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float
    p99_from_sending_ms: float


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One step of the scenarios over the whole run."""

    name: str
    latency: Latency
    errors: int
    statuses: dict[str, int]


class Bin(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the run: what was due in it, a second, and how that went."""

    seconds: float
    arrivals_per_second: float
    requests_per_second: float
    errors_per_second: float
    p50_ms: float | None
    p99_ms: float | None
    accept_p99_ms: float | None


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """A run as its generators saw it. `arrivals` were begun, `unsent` were not, `failed` met an error of the generator's own."""

    seconds: float
    arrivals: int
    unsent: int
    failed: int
    requests: int
    errors: int
    accept: Latency
    late_p99_ms: float
    generator_cpu_seconds: float
    workers_ended: int
    steps: tuple[Step, ...]
    bins: tuple[Bin, ...]
    errors_by_reason: dict[str, int]
    cut_by_reason: dict[str, int]

    @property
    def error_share(self) -> float:
        """Of all requests to FinCore, those that were not carried out."""
        return self.errors / self.requests if self.requests else 0.0


def percentile(ordered: Sequence[float], share: float) -> float:
    """The nearest rank of sorted values: the least of them that `share` of all do not exceed; 0 of none."""
    return ordered[max(0, math.ceil(len(ordered) * share) - 1)] if ordered else 0.0


def is_error(row: Row) -> bool:
    """Whether a `request` was not carried out by FinCore. What the sandbox answers on its pages is not FinCore's."""
    return row[1] != AT_THE_PSP and not (200 <= row[5] < 400 or row[5] == 402)  # noqa: PLR2004 -- statuses themselves


class _Times:
    """Requests of one kind: seconds from the intended moment and from the sending."""

    def __init__(self) -> None:
        self.from_due = array("f")
        self.from_sending = array("f")

    def add(self, row: Row) -> None:
        """One request."""
        self.from_due.append(row[4] - row[2])
        self.from_sending.append(row[4] - row[3])

    def latency(self) -> Latency:
        """The percentiles."""
        ordered = sorted(self.from_due)
        return Latency(
            count=len(ordered),
            p50_ms=percentile(ordered, 0.50) * 1000,
            p95_ms=percentile(ordered, 0.95) * 1000,
            p99_ms=percentile(ordered, 0.99) * 1000,
            max_ms=percentile(ordered, 1.0) * 1000,
            p99_from_sending_ms=percentile(sorted(self.from_sending), 0.99) * 1000,
        )


class _StepTally:
    def __init__(self) -> None:
        self.times = _Times()
        self.errors = 0
        self.statuses: Counter[int] = Counter()


class _BinTally:
    def __init__(self) -> None:
        self.arrived = 0
        self.errors = 0
        self.all = array("f")
        self.accept = array("f")


class Tally:
    """Adds records up; `seconds` is how long the run is, or the part of it that is looked at."""

    def __init__(self, *, seconds: float) -> None:
        self._seconds = seconds
        self._width = max(1.0, math.ceil(seconds / BINS_MAX))
        self._kinds: Counter[str] = Counter()
        self._steps: dict[str, _StepTally] = defaultdict(_StepTally)
        self._bins: dict[int, _BinTally] = defaultdict(_BinTally)
        self._accept = _Times()
        self._late = array("f")
        self._errors: Counter[str] = Counter()
        self._cut: Counter[str] = Counter()
        self._cpu_seconds = 0.0

    def add(self, rows: Iterable[Row]) -> "Tally":
        """More records; the tally itself."""
        for row in rows:
            self._kinds[row[0]] += 1
            match row[0]:
                case "request":
                    self._add_request(row)
                case "arrived" | "unsent":
                    self._bins[int(row[1] // self._width)].arrived += 1
                case "cut" | "failed":
                    _count(self._cut, f"{row[2]}: {row[3]}")
                case "ended":
                    self._cpu_seconds += row[3]
        return self

    def figures(self, *, seconds: float | None = None) -> Figures:
        """What was added up; `seconds`: the run lasted so long, where it did not last as long as it was to."""
        at_psp = self._steps.get(AT_THE_PSP)
        requests = self._kinds["request"] - (0 if at_psp is None else len(at_psp.times.from_due))
        return Figures(
            seconds=self._seconds if seconds is None else seconds,
            arrivals=self._kinds["arrived"],
            unsent=self._kinds["unsent"],
            failed=self._kinds["failed"],
            requests=requests,
            errors=sum(step.errors for step in self._steps.values()),
            accept=self._accept.latency(),
            late_p99_ms=percentile(sorted(self._late), 0.99) * 1000,
            generator_cpu_seconds=self._cpu_seconds,
            workers_ended=self._kinds["ended"],
            steps=tuple(
                Step(
                    name=name,
                    latency=step.times.latency(),
                    errors=step.errors,
                    statuses={str(status): count for status, count in sorted(step.statuses.items())},
                )
                for name, step in sorted(self._steps.items())
            ),
            bins=self._binned(self._seconds if seconds is None else seconds),
            errors_by_reason=dict(self._errors.most_common(REASONS_MAX)),
            cut_by_reason=dict(self._cut.most_common(REASONS_MAX)),
        )

    def _add_request(self, row: Row) -> None:
        step, one = self._steps[row[1]], self._bins[int(row[2] // self._width)]
        step.times.add(row)
        step.statuses[row[5]] += 1
        one.all.append(row[4] - row[2])
        self._late.append(row[3] - row[2])
        if row[1] in ACCEPT:
            self._accept.add(row)
            one.accept.append(row[4] - row[2])
        if is_error(row):
            step.errors += 1
            one.errors += 1
            _count(self._errors, f"{row[1]}: {row[5] or 'no answer'} {_said(row[6])}"[:160])

    def _binned(self, seconds: float) -> tuple[Bin, ...]:
        last = max([math.ceil(seconds / self._width) - 1, *self._bins])
        return tuple(
            self._bin(number, self._bins.get(number, _BinTally())) for number in range(max(0, last) + 1)
        )

    def _bin(self, number: int, one: _BinTally) -> Bin:
        every, accept = sorted(one.all), sorted(one.accept)
        return Bin(
            seconds=number * self._width,
            arrivals_per_second=one.arrived / self._width,
            requests_per_second=len(every) / self._width,
            errors_per_second=one.errors / self._width,
            p50_ms=percentile(every, 0.50) * 1000 if every else None,
            p99_ms=percentile(every, 0.99) * 1000 if every else None,
            accept_p99_ms=percentile(accept, 0.99) * 1000 if accept else None,
        )


def figures(rows: Iterable[Row], *, seconds: float) -> Figures:
    """What the records of a run of so many seconds add up to."""
    return Tally(seconds=seconds).add(rows).figures()


def _said(answer: str) -> str:
    """Code and detail of a problem, as FinCore answers it; else what was answered, as it came."""
    try:
        told = msgspec.json.decode(answer, type=dict[str, object])
    except msgspec.DecodeError:
        return answer
    return f"{told['code']}: {told.get('detail', '')}" if "code" in told else answer


def _count(reasons: Counter[str], reason: str) -> None:
    reasons[reason if reason in reasons or len(reasons) < REASONS_KEPT_MAX else "other reasons"] += 1
