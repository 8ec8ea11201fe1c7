"""Law: a row of the view is what folding its stream gives."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import asyncpg
import msgspec

from fincore.domain.charge import Charge, fold
from fincore.domain.errors import UnknownEventType
from fincore.domain.events import decode_event
from fincore.domain.ids import StreamId, charge_of
from fincore.observability.invariants.law import Law, Stores, Violation, scan
from fincore.postgres.named_sql import load_sql

_SQL = load_sql("fincore.observability.invariants", "laws.sql")

_SAME_NAME: Final = (
    "version",
    "merchant_id",
    "livemode",
    "status",
    "capture_method",
    "authorized_minor",
    "captured_minor",
    "payment_method",
    "psp",
    "psp_account",
    "psp_reference",
    "capture_before",
    "description",
    "customer_email",
    "redirect_url",
    "unknown_since",
    "created_at",
)
"""What a row and a charge call by the same name."""


async def _check(stores: Stores) -> list[Violation]:
    async def judge(views: Sequence[asyncpg.Record]) -> list[Violation]:
        streams = [row["stream_id"] for row in views]
        events: dict[StreamId, list[asyncpg.Record]] = {stream: [] for stream in streams}
        for row in await stores.eventstore.fetch(_SQL.events_of_streams, streams):
            events[row["stream_id"]].append(row)
        return [
            Violation(f"view of {view['charge_id']}", difference)
            for view in views
            # The view may lag behind: it is compared with the events it says it holds.
            if (difference := _difference(view, events[view["stream_id"]][: view["version"]]))
        ]

    return await scan(stores.paymentdb, _SQL.all_views, judge=judge)


def _difference(view: asyncpg.Record, events: Sequence[asyncpg.Record]) -> str | None:
    if len(events) != view["version"]:
        return f"says it holds {view['version']} events, the log has {len(events)}"
    if view["charge_id"] != charge_of(StreamId(view["stream_id"])):
        return "its charge id and its stream are not the same"
    try:
        charge = fold(decode_event(row["type"], row["schema_version"], row["data"]) for row in events)
    except (KeyError, UnknownEventType, msgspec.DecodeError) as error:
        return f"its stream cannot be folded: {type(error).__name__}"
    if charge is None:
        return "it holds no event"
    told, shown = _told(charge), _shown(view)
    told["updated_at"] = events[-1]["recorded_at"]
    told["timeline"] = len(events)
    wrong = [name for name in told if told[name] != shown[name]]
    return f"differs from its events in {', '.join(wrong)}" if wrong else None


def _told(charge: Charge) -> dict[str, Any]:
    return {name: getattr(charge, name) for name in _SAME_NAME} | {
        "amount_minor": charge.amount.amount_minor,
        "currency": charge.amount.currency,
        "metadata": charge.metadata,
        "failure": msgspec.to_builtins(charge.failure),
    }


def _shown(view: asyncpg.Record) -> Mapping[str, Any]:
    row = dict(view)
    return row | {
        "metadata": msgspec.json.decode(row["metadata"]),
        "failure": msgspec.json.decode(row["failure"]) if row["failure"] else None,
        "timeline": len(msgspec.json.decode(row["timeline"])),
    }


VIEW_EQUALS_FOLD: Final = Law(
    "view_equals_fold", "Every row of the view is what folding the events of its charge gives.", _check
)
"""If it fails, merchants and staff are shown something that did not happen. Rebuild the view, then find who wrote it."""
