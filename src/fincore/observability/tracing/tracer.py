"""Begins spans, and decides which traces are exported. Where no tracer is installed, `begin` is one look at a name."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random, SystemRandom
from typing import Final

from fincore.domain.clock import Clock
from fincore.observability.tracing.span import CURRENT, NO_SPAN, NoSpan, Span
from fincore.observability.tracing.span_sorts import SortName
from fincore.observability.tracing.trace_context import (
    TraceContext,
    new_span_id,
    new_trace_id,
    read_traceparent,
    traceparent_of,
    unchosen_traceparent_of,
)

_INSTALLED: Final[list["Tracer"]] = []
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class CallersShare:
    """How many traces a second are exported because their callers say so. Nothing is saved up for later seconds."""

    def __init__(self, per_second: float, monotonic: Callable[[], float]) -> None:
        self._per_second = per_second
        self._monotonic = monotonic
        self._most = max(1.0, per_second)
        self._left = self._most
        self._counted_at = monotonic()

    def take(self) -> bool:
        """Whether one more may be exported."""
        if not self._per_second:
            return False
        now = self._monotonic()
        self._left = min(self._most, self._left + (now - self._counted_at) * self._per_second)
        self._counted_at = now
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True


class Tracer:
    """Chooses a trace with probability `rate` where it begins, by a draw of its own: no caller can foresee or force it.

    `callers` are the traces beyond it that callers ask for. `export` is given each span that is to be exported, as it ends.
    """

    def __init__(
        self,
        rate: float,
        callers: CallersShare,
        export: Callable[[Span], None],
        clock: Clock,
        *,
        random: Random | None = None,
    ) -> None:
        self._rate = rate
        self._callers = callers
        self._export = export
        self._clock = clock
        # From the system's randomness once: ids need not be secret, only apart.
        self._random = random or Random(SystemRandom().getrandbits(256))  # noqa: S311 -- ids, not secrets

    def root(self, sort: SortName, name: str, caller: TraceContext | None = None) -> Span:
        """A span that begins a trace here, or that goes on in the trace of a caller outside."""
        is_chosen = self._random.random() < self._rate
        if caller is None:
            context = (
                TraceContext(new_trace_id(self._random), self._span_id(), is_sampled=True)
                if is_chosen
                else None
            )
            return Span(sort, name, context, outer=None, reporter=self)
        is_chosen = is_chosen or (caller.is_sampled and self._callers.take())
        return self._after(sort, name, caller, is_chosen=is_chosen)

    def child(self, sort: SortName, name: str, outer: Span) -> Span:
        """A span inside another one of this process."""
        context = outer.context._replace(span_id=self._span_id()) if outer.is_chosen else None
        return Span(sort, name, context, outer=outer, reporter=self)

    def following(self, sort: SortName, name: str, parent: TraceContext) -> Span:
        """A span after one of FinCore that another process may have begun: its choice counts."""
        return self._after(sort, name, parent, is_chosen=parent.is_sampled)

    def unchosen(self, sort: SortName, name: str) -> Span:
        """A span over many others, which it links to: it is exported for their sake alone."""
        return Span(sort, name, None, outer=None, reporter=self)

    def unchosen_context(self, trace: str) -> TraceContext:
        """Ids of a span that was not chosen, in a trace."""
        return TraceContext(int(trace, 16), self._span_id(), is_sampled=False)

    def unchosen_trace(self) -> str:
        """A new trace, in hexadecimal."""
        return f"{new_trace_id(self._random):032x}"

    def unchosen_traceparent(self, trace: str) -> str:
        """What names a new span of a trace to another process."""
        return unchosen_traceparent_of(trace, new_span_id(self._random))

    def _after(self, sort: SortName, name: str, parent: TraceContext, *, is_chosen: bool) -> Span:
        context = TraceContext(parent.trace_id, self._span_id(), is_chosen)
        return Span(sort, name, context, parent_id=parent.span_id, outer=None, reporter=self)

    def _span_id(self) -> int:
        return new_span_id(self._random)

    def report(self, span: Span) -> None:
        """Give a span to the exporter."""
        self._export(span)

    def now_ns(self) -> int:
        """The time of the clock; it is exact to microseconds."""
        return (self._clock.now() - _EPOCH) // _MICROSECOND * 1_000


def install(tracer: Tracer) -> None:
    """Trace what this process does from now on."""
    _INSTALLED[:] = [tracer]


def uninstall() -> None:
    """Trace nothing from now on."""
    _INSTALLED.clear()


def is_tracing() -> bool:
    """Whether it is worth finding out what only spans need."""
    return bool(_INSTALLED)


def begin(sort: SortName, name: str) -> Span | NoSpan:
    """A span inside the current one; where there is none, a trace begins."""
    if not _INSTALLED:
        return NO_SPAN
    outer = CURRENT.get()
    return _INSTALLED[0].root(sort, name) if outer is None else _INSTALLED[0].child(sort, name, outer)


def begin_for_caller(sort: SortName, name: str, traceparents: list[str]) -> Span | NoSpan:
    """A span for a request from outside with all its headers `traceparent`; one that is malformed or repeated is ignored."""
    if not _INSTALLED:
        return NO_SPAN
    caller = read_traceparent(traceparents[0]) if len(traceparents) == 1 else None
    return _INSTALLED[0].root(sort, name, caller)


def begin_after(sort: SortName, name: str, traceparent: str | None) -> Span | NoSpan:
    """A span after one that a process of ours stored; a trace begins where none is stored, or what is stored cannot be read."""
    if not _INSTALLED:
        return NO_SPAN
    parent = None if traceparent is None else read_traceparent(traceparent)
    return _INSTALLED[0].root(sort, name) if parent is None else _INSTALLED[0].following(sort, name, parent)


def begin_for_many(sort: SortName, name: str) -> Span | NoSpan:
    """A span over many others: give it links to them before it ends."""
    return _INSTALLED[0].unchosen(sort, name) if _INSTALLED else NO_SPAN


def current_traceparent() -> str | None:
    """What names the current span to another process; None where nothing is traced."""
    span = CURRENT.get()
    return None if span is None else traceparent_of(span.context)
