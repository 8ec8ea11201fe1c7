"""What the spans of Commits tell, and how what follows a Commit finds its span."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, TypeVar

import msgspec

from fincore.eventstore.commit import (
    AlreadyReceived,
    Commit,
    CommitResult,
    Committed,
    Conflict,
    ReferenceTaken,
    Replayed,
)
from fincore.observability.tracing.span import NoSpan, Span
from fincore.observability.tracing.trace_context import chosen_among, traceparent_of

E = TypeVar("E")

_RESULTS: Final[Mapping[type[CommitResult], str]] = MappingProxyType(
    {
        Committed: "committed",
        Conflict: "conflict",
        Replayed: "replayed",
        AlreadyReceived: "already_received",
        ReferenceTaken: "reference_taken",
    }
)


def traced(commit: Commit[E], span: Span | NoSpan) -> Commit[E]:
    """The Commit with its span beside its events and with its jobs."""
    if not isinstance(span, Span):
        return commit
    tell_size(span, commit)
    return followed(commit, traceparent_of(span.context))


def tell_size(span: Span, commit: Commit[E]) -> None:
    """Say how much there is in the Commit."""
    span.set_all({"fincore.commit.events": len(commit.events), "fincore.commit.jobs": len(commit.jobs)})


def followed(commit: Commit[E], traceparent: str) -> Commit[E]:
    """The Commit with what names its span beside its events and with its jobs."""
    return msgspec.structs.replace(
        commit,
        provenance=msgspec.structs.replace(commit.provenance, traceparent=traceparent),
        jobs=tuple([msgspec.structs.replace(job, traceparent=traceparent) for job in commit.jobs]),
    )


def tell_result(span: Span | NoSpan, result: CommitResult) -> None:
    """Say what became of the Commit."""
    span.set("fincore.commit.result", _RESULTS[type(result)])


def link_commits(span: Span | NoSpan, commits: Sequence[Commit[E]]) -> None:
    """Let the span of a batch point at those of its Commits that belong to traces that were chosen."""
    if isinstance(span, Span):
        span.set("fincore.batch.commits", len(commits))
        if chosen := list(chosen_among([commit.provenance.traceparent for commit in commits])):
            span.link(chosen)
