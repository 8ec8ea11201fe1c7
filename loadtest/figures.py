"""What the records of a run add up to: rates, percentiles and errors over time and by step. Pure, but for reading the file."""

import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

BINS_MAX: Final = 300
"""Points of a plot: a long run has seconds put together."""
ACCEPT: Final = frozenset({"charge", "checkout session", "capture", "cancel", "refund"})
"""Steps that are answered when they are durable, and wait for no PSP; the card edge asks one for a token first."""
AT_THE_PSP: Final = "PSP's page"
"""A step at the sandbox, of which an error is none of FinCore's."""
REASONS_MAX: Final = 20

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


class Offered(msgspec.Struct, frozen=True, kw_only=True):
    """What the generators know of charges: accepted ones by id with their amount, and the keys of all that were offered.

    Checkout sessions have keys only: their charges are made when customers pay.
    """

    accepted: dict[str, int]
    accepted_keys: frozenset[str]
    offered_keys: frozenset[str]
    refunds: dict[str, int]


def percentile(ordered: Sequence[float], share: float) -> float:
    """The nearest rank of sorted values: the least of them that `share` of all do not exceed; 0 of none."""
    return ordered[max(0, math.ceil(len(ordered) * share) - 1)] if ordered else 0.0


def rows_of(file: Path, offset: int = 0) -> tuple[list[Row], int]:
    """The whole lines of a file of records from an offset on, and where the next one begins."""
    if not file.exists():
        return [], offset
    with file.open("rb") as records:
        records.seek(offset)
        content = records.read()
    whole = content[: content.rfind(b"\n") + 1]
    return [json.loads(line) for line in whole.splitlines()], offset + len(whole)


def offered(rows: Iterable[Row]) -> Offered:
    """The charges and refunds of a run."""
    accepted: dict[str, int] = {}
    refunds: dict[str, int] = {}
    keys, accepted_keys = set(), set()
    for row in rows:
        match row:
            case ["offered", key]:
                keys.add(key)
            case ["charge", key, charge_id, amount_minor]:
                accepted[charge_id] = amount_minor
                accepted_keys.add(key)
            case ["session", key]:
                accepted_keys.add(key)
            case ["refund", _, refund_id, amount_minor]:
                refunds[refund_id] = amount_minor
    return Offered(
        accepted=accepted,
        accepted_keys=frozenset(accepted_keys),
        offered_keys=frozenset(keys),
        refunds=refunds,
    )


def is_error(row: Row) -> bool:
    """Whether a `request` was not carried out by FinCore. What the sandbox answers on its pages is not FinCore's."""
    return row[1] != AT_THE_PSP and not (200 <= row[5] < 400 or row[5] == 402)  # noqa: PLR2004 -- statuses themselves


def figures(rows: Sequence[Row], *, seconds: float) -> Figures:
    """What a run of so many seconds adds up to."""
    requests = [row for row in rows if row[0] == "request"]
    of_fincore = [row for row in requests if row[1] != AT_THE_PSP]
    kinds = Counter(row[0] for row in rows)
    errors = [row for row in requests if is_error(row)]
    ended = [row for row in rows if row[0] == "ended"]
    late = sorted(row[3] - row[2] for row in requests)
    return Figures(
        seconds=seconds,
        arrivals=kinds["arrived"],
        unsent=kinds["unsent"],
        failed=kinds["failed"],
        requests=len(of_fincore),
        errors=len(errors),
        accept=latency([row for row in requests if row[1] in ACCEPT]),
        late_p99_ms=percentile(late, 0.99) * 1000,
        generator_cpu_seconds=sum(row[3] for row in ended),
        workers_ended=len(ended),
        steps=tuple(_steps(requests)),
        bins=tuple(_bins(rows, seconds)),
        errors_by_reason=_commonest(f"{row[1]}: {row[5] or 'no answer'} {row[6]}"[:160] for row in errors),
        cut_by_reason=_commonest(f"{row[2]}: {row[3]}" for row in rows if row[0] in ("cut", "failed")),
    )


def latency(requests: Iterable[Row]) -> Latency:
    """The percentiles of some requests."""
    pairs = [(row[4] - row[2], row[4] - row[3]) for row in requests]
    from_due = sorted(pair[0] for pair in pairs)
    from_sending = sorted(pair[1] for pair in pairs)
    return Latency(
        count=len(pairs),
        p50_ms=percentile(from_due, 0.50) * 1000,
        p95_ms=percentile(from_due, 0.95) * 1000,
        p99_ms=percentile(from_due, 0.99) * 1000,
        max_ms=percentile(from_due, 1.0) * 1000,
        p99_from_sending_ms=percentile(from_sending, 0.99) * 1000,
    )


def _steps(requests: Sequence[Row]) -> Iterator[Step]:
    by_name: dict[str, list[Row]] = defaultdict(list)
    for row in requests:
        by_name[row[1]].append(row)
    for name, rows in sorted(by_name.items()):
        yield Step(
            name=name,
            latency=latency(rows),
            errors=sum(map(is_error, rows)),
            statuses={
                str(status): count for status, count in sorted(Counter(row[5] for row in rows).items())
            },
        )


def _bins(rows: Sequence[Row], seconds: float) -> Iterator[Bin]:
    width = max(1.0, math.ceil(seconds / BINS_MAX))
    arrived, due = Counter[int](), defaultdict[int, list[Row]](list)
    for row in rows:
        if row[0] in ("arrived", "unsent"):
            arrived[int(row[1] // width)] += 1
        elif row[0] == "request":
            due[int(row[2] // width)].append(row)
    last = max([math.ceil(seconds / width) - 1, *due])
    for number in range(last + 1):
        found = due[number]
        whole = latency(found)
        accept = latency([row for row in found if row[1] in ACCEPT])
        yield Bin(
            seconds=number * width,
            arrivals_per_second=arrived[number] / width,
            requests_per_second=len(found) / width,
            errors_per_second=sum(map(is_error, found)) / width,
            p50_ms=whole.p50_ms if found else None,
            p99_ms=whole.p99_ms if found else None,
            accept_p99_ms=accept.p99_ms if accept.count else None,
        )


def _commonest(reasons: Iterable[str]) -> dict[str, int]:
    return dict(Counter(reasons).most_common(REASONS_MAX))
