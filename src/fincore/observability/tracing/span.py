"""A span that is under way, and the one that the running task is in."""

import time
from collections.abc import Iterable, Mapping
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Final, Protocol, Self

from fincore.observability.tracing.span_sorts import SORTS, Attribute, AttributeValue, Kept, SortName
from fincore.observability.tracing.trace_context import TraceContext, written_context

_NANOSECONDS: Final = 1_000_000_000

LINKS_MAX: Final = 128
"""Links that one span keeps; those beyond are counted."""

CURRENT: Final[ContextVar["Span | None"]] = ContextVar("fincore_span", default=None)
"""The innermost span of the running task."""


SLOW_SECONDS: Final[Mapping[SortName, float]] = {name: sort.slow_seconds for name, sort in SORTS.items()}


class Reporter(Protocol):
    """Takes spans that are to be exported, and tells the time and the ids for them."""

    def report(self, span: "Span") -> None:
        """Take a span as it ends."""
        ...

    def unchosen_context(self, trace: str) -> TraceContext:
        """Ids of a span that was not chosen, in a trace."""
        ...

    def unchosen_trace(self) -> str:
        """A new trace, in hexadecimal."""
        ...

    def unchosen_traceparent(self, trace: str) -> str:
        """What names a new span of a trace to another process."""
        ...

    def now_ns(self) -> int:
        """Nanoseconds since 1970, by the clock that all processes share."""
        ...


class Span:
    """One span. As a context manager it is the current one of its block, and ends with it; an error that leaves the block fails it.

    Without a `context` it was not chosen: it gets its ids once they are asked for, which most never are.
    """

    __slots__ = (
        "_anchor_ns",
        "_began",
        "_context",
        "_may_be_slow",
        "_outer",
        "_parent_id",
        "_reporter",
        "_token",
        "_trace",
        "attributes",
        "began_ns",
        "is_failed",
        "kept",
        "links",
        "links_left_out",
        "name",
        "seconds",
        "sort",
    )

    def __init__(
        self,
        sort: SortName,
        name: str,
        context: TraceContext | None,
        *,
        parent_id: int | None = None,
        outer: "Span | None",
        reporter: Reporter,
    ) -> None:
        self.sort = sort
        self.name = name
        self.attributes: dict[Attribute, AttributeValue] = {}
        self.links: tuple[TraceContext, ...] = ()
        self.links_left_out = 0
        self.kept: Kept | None = None
        self.is_failed = False
        self.seconds = 0.0
        self._context = context
        self._trace: str | None = None
        self._parent_id = parent_id
        self._outer = outer
        self._reporter = reporter
        self._anchor_ns: int | None = None
        self._may_be_slow = True
        self._token: Token[Span | None] | None = None
        self.began_ns = 0
        self._began = time.perf_counter()

    @property
    def context(self) -> TraceContext:
        """Its place in its trace."""
        if self._context is None:
            self._context = self._reporter.unchosen_context(self._trace_text())
        return self._context

    @property
    def parent_id(self) -> int | None:
        """The span around it, or that it follows; None for one that begins a trace."""
        return self._parent_id if self._outer is None else self._outer.context.span_id

    @property
    def is_chosen(self) -> bool:
        """Whether its trace was chosen to be exported when it began."""
        return self._context is not None and self._context.is_sampled

    @property
    def is_wanted(self) -> bool:
        """Whether it is to be exported: its trace was chosen, it points at one that was, or it tells of something wrong."""
        context = self._context
        if self.kept is not None or (context is not None and context.is_sampled):
            return True
        return bool(self.links) and any(one.is_sampled for one in self.links)

    def traceparent_inside(self) -> str:
        """What names a span inside this one, which was not chosen and is not made yet, to another process.

        Of most such spans nothing but that is ever asked for, so it is drawn as text.
        """
        return self._reporter.unchosen_traceparent(self._trace_text())

    def inside(self, sort: SortName, name: str, traceparent: str, *, began: float) -> "Span":
        """That span, of what is over already; `began` is by `time.perf_counter`."""
        span = Span(sort, name, written_context(traceparent), outer=self, reporter=self._reporter)
        span._began = began
        return span

    def _trace_text(self) -> str:
        if self._trace is None:
            if self._context is not None:
                self._trace = f"{self._context.trace_id:032x}"
            elif self._outer is not None:
                self._trace = self._outer._trace_text()  # noqa: SLF001 -- of its own class
            else:
                self._trace = self._reporter.unchosen_trace()
        return self._trace

    def set(self, attribute: Attribute, value: AttributeValue) -> None:
        """Say something about it; the last value of an attribute counts."""
        self.attributes[attribute] = value

    def set_all(self, attributes: Mapping[Attribute, AttributeValue]) -> None:
        """Say several things about it at once."""
        self.attributes.update(attributes)

    def link(self, contexts: Iterable[TraceContext]) -> None:
        """Point at spans of other traces."""
        linked = (*self.links, *contexts)
        self.links = linked[:LINKS_MAX]
        self.links_left_out += len(linked) - len(self.links)

    def fail(self, error_type: str, *, why: Kept = "failed") -> None:
        """It failed, or its outcome became unknown: it is exported in any case, and so are those around it in this process."""
        self.is_failed = True
        self.attributes["error.type"] = error_type
        self._keep(why)

    def wait(self) -> None:
        """Its duration says nothing of FinCore: it waits as its caller asked."""
        self._may_be_slow = False

    def __enter__(self) -> Self:
        self._token = CURRENT.set(self)
        return self

    def __exit__(
        self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None
    ) -> None:
        if self._token is not None:
            CURRENT.reset(self._token)
        self.end(error)

    def end(self, error: BaseException | None = None) -> None:
        """End it, where it was not made the current one: it failed if there is an error."""
        if error is not None and isinstance(error, Exception):
            self.fail(type(error).__name__)
        ended = time.perf_counter()
        self.seconds = ended - self._began
        if self.seconds >= SLOW_SECONDS[self.sort] and self._may_be_slow:
            self._keep("slow")
        if self.is_wanted:
            self.began_ns = self._placed_ns(ended)
            self._reporter.report(self)

    def _placed_ns(self, now: float) -> int:
        """When it began. The clock is read once for a span and all those inside it, so that no correction comes between them."""
        if self._outer is not None:
            return self._outer._placed_ns(now) + _ns(self._began - self._outer._began)  # noqa: SLF001 -- of its own class
        if self._anchor_ns is None:
            self._anchor_ns = self._reporter.now_ns() - _ns(now - self._began)
        return self._anchor_ns

    def _keep(self, why: Kept) -> None:
        span: Span | None = self
        while span is not None and span.kept is None:
            span.kept = why
            span = span._outer  # noqa: SLF001 -- of its own class


def _ns(seconds: float) -> int:
    return int(seconds * _NANOSECONDS)


class NoSpan:
    """Stands where nothing is traced, so that callers need not ask."""

    __slots__ = ()

    def set(self, attribute: Attribute, value: AttributeValue) -> None:
        """Do nothing."""

    def set_all(self, attributes: Mapping[Attribute, AttributeValue]) -> None:
        """Do nothing."""

    def link(self, contexts: Iterable[TraceContext]) -> None:
        """Do nothing."""

    def fail(self, error_type: str, *, why: Kept = "failed") -> None:
        """Do nothing."""

    def wait(self) -> None:
        """Do nothing."""

    def end(self, error: BaseException | None = None) -> None:
        """Do nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None


NO_SPAN: Final = NoSpan()


def exemplar_of(span: Span | NoSpan) -> dict[str, str] | None:
    """What names the trace of a span beside a measurement, where the span is to be exported."""
    return (
        {"trace_id": f"{span.context.trace_id:032x}"} if isinstance(span, Span) and span.is_wanted else None
    )


def current() -> Span | NoSpan:
    """The span that the running task is in."""
    return CURRENT.get() or NO_SPAN
