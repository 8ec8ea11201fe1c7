"""Commits as the arguments of the writer's statements, and a refused row as the result of a Commit."""

from collections.abc import Sequence
from typing import TypeVar

import asyncpg
import msgspec

from fincore.domain.event_codec import EventCodec
from fincore.eventstore.commit import (
    AlreadyReceived,
    Commit,
    CommitResult,
    Committed,
    Conflict,
    ReferenceTaken,
    RenderedResponse,
    Replayed,
    StoredResponse,
)
from fincore.postgres.job_insertion import Column

E = TypeVar("E")


def claims_of(commit: Commit[object]) -> list[object]:
    """What a Commit claims for itself: its stream, its idempotency key, its webhook, what it names at a PSP."""
    claims: list[object] = list(commit.references)
    if commit.events:
        claims.append(commit.stream_id)
    if commit.idempotency:
        claims.append(commit.idempotency[0])
    if commit.final_response:
        claims.append(commit.final_response[0])
    if commit.webhook:
        claims.append((commit.webhook.psp, commit.webhook.psp_account, commit.webhook.psp_event_id))
    return claims


def columns_of(commits: Sequence[Commit[E]], codec: EventCodec[E]) -> tuple[Column, ...]:
    """The arguments of `insert_batch`: one array per column."""
    events: list[tuple[object, ...]] = []
    keys: list[tuple[object, ...]] = []
    webhooks: list[tuple[object, ...]] = []
    references: list[tuple[object, ...]] = []
    finals: list[tuple[object, ...]] = []
    for commit in commits:
        if commit.events:
            metadata = msgspec.json.encode(commit.provenance).decode()
            for version, new in enumerate(commit.events, start=commit.expected_version + 1):
                name, schema_version, data = codec.encode(new.event)
                events.append(
                    (commit.stream_id, version, new.event_id, name, schema_version, data.decode(), metadata)
                )
        if commit.idempotency:
            key, stored = commit.idempotency
            response = stored.response
            scope = (key.merchant_id, key.livemode, key.key)
            fields = (stored.fingerprint, response.status, response.body, response.location)
            keys.append((*scope, *fields, stored.in_flight_until))
        if commit.webhook:
            webhooks.append((*msgspec.structs.astuple(commit.webhook), commit.webhook.body_sha256))
        references += [(*msgspec.structs.astuple(claim), commit.stream_id) for claim in commit.references]
        if commit.final_response:
            key, stored = commit.final_response
            finals.append(
                (key.merchant_id, key.livemode, key.key, stored.response.status, stored.response.body)
            )
    return (
        *_columns(events, 7),
        *_columns(keys, 8),
        *_columns(webhooks, 7),
        *_columns(references, 4),
        *_columns(finals, 5),
    )


def refusable_of(commits: Sequence[Commit[object]]) -> tuple[list[object], ...]:
    """The arguments of `refused_commits`: what each Commit of a batch may be refused for, one array per column."""
    appends = [(no, c) for no, c in enumerate(commits) if c.events]
    keys = [(no, c.idempotency[0]) for no, c in enumerate(commits) if c.idempotency]
    webhooks = [(no, c.webhook) for no, c in enumerate(commits) if c.webhook]
    claims = [(no, c.stream_id, claim) for no, c in enumerate(commits) for claim in c.references]
    return (
        [no for no, _ in appends],
        [c.stream_id for _, c in appends],
        [c.expected_version for _, c in appends],
        [c.events[0].event_id for _, c in appends],
        [no for no, _ in keys],
        [key.merchant_id for _, key in keys],
        [key.livemode for _, key in keys],
        [key.key for _, key in keys],
        [no for no, _ in webhooks],
        [webhook.psp for _, webhook in webhooks],
        [webhook.psp_account for _, webhook in webhooks],
        [webhook.psp_event_id for _, webhook in webhooks],
        [webhook.body_sha256 for _, webhook in webhooks],
        [no for no, _, _ in claims],
        [stream_id for _, stream_id, _ in claims],
        [claim.psp for _, _, claim in claims],
        [claim.psp_account for _, _, claim in claims],
        [claim.psp_reference for _, _, claim in claims],
    )


def _columns(rows: Sequence[tuple[object, ...]], count: int) -> list[Column]:
    """Rows of `count` values as columns."""
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(count)]


def refusal_of(row: asyncpg.Record) -> CommitResult:
    """What became of a Commit that a row of `refused_commits` is about."""
    match row["reason"]:
        case "written":
            return Committed()
        case "conflict":
            return Conflict()
        case "received":
            return AlreadyReceived(is_same=row["is_same"])
        case "reference_taken":
            return ReferenceTaken(row["psp_reference"], row["owner"])
        case _:
            return Replayed(stored_response_of(row))


def stored_response_of(row: asyncpg.Record) -> StoredResponse:
    """A row of `idempotency_keys` as what the key gets again."""
    return StoredResponse(
        fingerprint=row["fingerprint"],
        response=RenderedResponse(row["response_status"], row["response_body"], row["location"]),
        in_flight_until=row["in_flight_until"],
    )
