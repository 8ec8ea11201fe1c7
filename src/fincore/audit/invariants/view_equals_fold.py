"""Invariant: what the view says of a charge is what folding its stream gives: its row, its refunds, disputes, events and terms."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec

from fincore.audit.invariants.invariant import Invariant, Stores, Violation, scan_within
from fincore.domain.charge import Charge
from fincore.domain.charge_fold import evolve
from fincore.domain.dispute import Dispute
from fincore.domain.events import (
    CHARGE_EVENTS,
    ChargeEvent,
    DisputeEvent,
    FeeReturned,
    FeeTakenAgain,
    RefundEvent,
    event_type,
)
from fincore.domain.ids import EventId, StreamId, charge_of, public_event_id
from fincore.domain.payment_method import name_of, payment_method_type
from fincore.domain.public_event import occurred_at, shown_data
from fincore.domain.recorded_event import RecordedEvent
from fincore.domain.refund import Refund
from fincore.domain.risk_review import review_status
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Connection, Pool

_SQL = load_sql("fincore.audit.invariants", "invariants.sql")

_CHARGE: Final = (
    "merchant_id",
    "livemode",
    "status",
    "capture_method",
    "authorized_minor",
    "captured_minor",
    "refunded_minor",
    "refundable_minor",
    "psp",
    "psp_account",
    "psp_reference",
    "capture_before",
    "description",
    "customer_email",
    "metadata",
    "return_url",
    "cancel_url",
    "return_page",
    "redirect_url",
    "captures_requested",
    "cancels_requested",
    "unknown_since",
    "authorized_at",
    "pending_until",
    "review_decide_by",
    "created_at",
)
_JSON_OF_CHARGE: Final = (
    "fee_plan",
    "failure",
    "operation",
    "operation_failure",
    "refunds",
    "disputes",
    "held_reports",
    "instrument",
)
_REFUND: Final = (
    "status",
    "amount_minor",
    "reason",
    "origin",
    "metadata",
    "psp_reference",
    "failure_code",
    "unknown_since",
    "updated_at",
)
"""What a row and the fold call by the same name."""

Row = Mapping[str, Any]


async def _check(stores: Stores) -> list[Violation]:
    """All rows of one charge are read in one snapshot of the view: traffic goes on beside the check."""
    async with (
        stores.paymentdb.acquire() as view,
        view.transaction(isolation="repeatable_read", readonly=True),
    ):
        return await _check_snapshot(view, stores.eventstore)


async def _check_snapshot(connection: Connection, eventstore: Pool) -> list[Violation]:
    async def judge(views: Sequence[asyncpg.Record]) -> list[Violation]:
        log = _by(
            "stream_id",
            await eventstore.fetch(_SQL.events_of_streams, [row["stream_id"] for row in views]),
        )
        charges = [row["charge_id"] for row in views]
        parts = {
            name: _by("charge_id", await connection.fetch(statement, charges))
            for name, statement in (
                ("refund", _SQL.refunds_of_charges),
                ("dispute", _SQL.disputes_of_charges),
                ("event", _SQL.shown_events_of_charges),
            )
        }
        return [
            violation
            for view in views
            for violation in _violations(
                view,
                # The view may lag behind: it is compared with the events it says it holds.
                log.get(view["stream_id"], [])[: view["version"]],
                {name: found.get(view["charge_id"], []) for name, found in parts.items()},
            )
        ]

    async def name_orphans(rows: Sequence[asyncpg.Record]) -> list[Violation]:
        return [Violation(row["place"], "belongs to a charge that the view does not hold") for row in rows]

    differing = await scan_within(connection, _SQL.all_views, judge=judge)
    wrong = {violation.where for violation in differing}

    async def name_missing(rows: Sequence[asyncpg.Record]) -> list[Violation]:
        # The row of a charge that differs says nothing of which terms there should be.
        return [
            Violation(place, f"has no search terms of its {row['kinds']}")
            for row in rows
            if (place := f"view of {row['charge_id']}") not in wrong
        ]

    return [
        *differing,
        *await scan_within(connection, _SQL.rows_without_charge, judge=name_orphans),
        *await scan_within(connection, _SQL.missing_terms, judge=name_missing),
    ]


def _violations(
    view: asyncpg.Record, events: Sequence[asyncpg.Record], parts: Mapping[str, Sequence[asyncpg.Record]]
) -> Iterator[Violation]:
    place = f"view of {view['charge_id']}"
    if len(events) != view["version"]:
        yield Violation(place, f"says it holds {view['version']} events, the log has {len(events)}")
        return
    if view["charge_id"] != charge_of(StreamId(view["stream_id"])):
        yield Violation(place, "its charge id and its stream are not the same")
        return
    try:
        folded = _folded(events)
    except Exception as error:  # noqa: BLE001 -- one charge that cannot be folded is named; the others are looked at
        yield Violation(place, f"its stream cannot be folded: {type(error).__name__}")
        return
    if wrong := _differing(folded["charge"][view["charge_id"]], view):
        yield Violation(place, f"differs from its events in {wrong}")
    for name in ("refund", "dispute", "event"):
        shown = {_key(row[f"{name}_id"]): row for row in parts[name]}
        for key in sorted(folded[name].keys() | shown.keys()):
            finding = _finding(folded[name].get(key), shown.get(key))
            if finding:
                yield Violation(f"{name} {key} of {view['charge_id']}", finding)


def _key(part_id: str | UUID) -> str:
    """The id of a refund, dispute or event as people meet it."""
    return public_event_id(EventId(part_id)) if isinstance(part_id, UUID) else part_id


def _finding(folded: Row | None, shown: asyncpg.Record | None) -> str | None:
    if shown is None:
        return "is in the log and not in the view"
    if folded is None:
        return "is in the view and not in the log"
    wrong = _differing(folded, shown)
    return f"differs from its events in {wrong}" if wrong else None


def _differing(folded: Row, shown: asyncpg.Record) -> str:
    return ", ".join(name for name in folded if folded[name] != _read(name, shown[name]))


def _read(name: str, value: object) -> object:
    if isinstance(value, str) and name in (
        "metadata",
        "data",
        "movements",
        "attempts",
        "other_references",
        "customer",
        "risk",
        *_JSON_OF_CHARGE,
    ):
        return msgspec.json.decode(value)
    return value


def _folded(rows: Sequence[asyncpg.Record]) -> dict[str, dict[str, Row]]:
    """What the rows of a charge, its refunds, disputes and events should say, each by its id."""
    charge: Charge | None = None
    events: dict[str, dict[str, Any]] = {}
    versions: dict[str, int] = {}
    for row in rows:
        recorded = _recorded(row)
        charge = evolve(charge, recorded.event)
        if isinstance(recorded.event, RefundEvent | FeeReturned | FeeTakenAgain):
            if recorded.event.refund_id is not None:
                versions[recorded.event.refund_id] = recorded.version
        elif isinstance(recorded.event, DisputeEvent):
            versions[recorded.event.dispute_id] = recorded.version
        events[_key(recorded.event_id)] = {
            "version": recorded.version,
            "type": event_type(recorded.event),
            "occurred_at": occurred_at(recorded),
            "recorded_at": recorded.recorded_at,
            "data": shown_data(recorded.event),
        }
    if charge is None:
        raise KeyError("a view without events")
    of_merchant = {"merchant_id": charge.merchant_id, "livemode": charge.livemode}
    charge_id = charge_of(StreamId(rows[0]["stream_id"]))
    return {
        "charge": {charge_id: _charge(charge) | {"updated_at": rows[-1]["recorded_at"]}},
        "refund": {
            refund.refund_id: _refund(refund, charge) | of_merchant | {"version": versions[refund.refund_id]}
            for refund in charge.refunds
        },
        "dispute": {
            dispute.dispute_id: _dispute(dispute) | of_merchant | {"version": versions[dispute.dispute_id]}
            for dispute in charge.disputes
        },
        "event": {event_id: event | of_merchant for event_id, event in events.items()},
    }


def _charge(charge: Charge) -> dict[str, Any]:
    return (
        {name: getattr(charge, name) for name in _CHARGE}
        | {name: _plain(getattr(charge, name)) for name in _JSON_OF_CHARGE}
        | {
            "amount_minor": charge.amount.amount_minor,
            "currency": charge.amount.currency,
            "fee_minor": charge.fee.amount_minor if charge.fee else None,
            "fee_currency": charge.fee.currency if charge.fee else None,
            "payment_method": name_of(charge.payment_method),
            "payment_method_type": payment_method_type(charge.payment_method),
            "attempts": _attempts(charge),
            "other_references": _other_references(charge),
            "customer": _customer(charge),
            "risk": _risk(charge),
            "review_status": review_status(charge),
        }
    )


def _other_references(charge: Charge) -> list[str] | None:
    names = {str(reference) for _, _, reference in charge.references if reference != charge.psp_reference}
    return sorted(names) or None


def _customer(charge: Charge) -> object:
    told = {
        "context": _plain(charge.customer),
        "billing_country": charge.billing_country,
        "shipping_country": charge.shipping_country,
    }
    return {name: value for name, value in told.items() if value is not None} or None


def _risk(charge: Charge) -> object:
    told = {
        "assessment": charge.risk,
        "review_decided": charge.review_decided,
        "psp_risk": charge.psp_risk,
        "fraud_warnings": charge.fraud_warnings,
    }
    return _plain({name: value for name, value in told.items() if value})


def _attempts(charge: Charge) -> object:
    """Where the charge may go and went, as the column keeps it: only what is not as for most charges."""
    told = {
        "plan": charge.plan,
        "sub_references": charge.sub_references,
        "abandoned": charge.abandoned_attempts,
        "completions_requested": charge.completions_requested,
        "actions_required": charge.actions_required,
        "approved_at": charge.approved_at,
        "checkout_session_id": charge.checkout_session_id,
        "returned_fees": charge.returned_fees,
    }
    return _plain({name: value for name, value in told.items() if value})


def _refund(refund: Refund, charge: Charge) -> dict[str, Any]:
    return {name: getattr(refund, name) for name in _REFUND} | {
        "fee_minor": refund.fee.amount_minor if refund.fee else None,
        "fee_currency": refund.fee.currency if refund.fee else None,
        "fee_taken_again_minor": refund.fee_taken_again.amount_minor if refund.fee_taken_again else None,
        "fee_taken_again_currency": refund.fee_taken_again.currency if refund.fee_taken_again else None,
        "currency": charge.amount.currency,
        "created_at": refund.requested_at,
    }


def _dispute(dispute: Dispute) -> dict[str, Any]:
    folded = {name: getattr(dispute, name) for name in Dispute.__struct_fields__ if name != "dispute_id"}
    return folded | {"movements": msgspec.json.decode(msgspec.json.encode(dispute.movements))}


def _plain(value: object) -> object:
    """A part of a charge as JSON keeps it; null where there is nothing."""
    return msgspec.json.decode(msgspec.json.encode(value)) if value else None


def _recorded(row: asyncpg.Record) -> RecordedEvent[ChargeEvent]:
    return RecordedEvent(
        tx=0,
        pos=0,
        stream_id=row["stream_id"],
        version=row["version"],
        event_id=row["event_id"],
        event=CHARGE_EVENTS.decode(row["type"], row["schema_version"], row["data"]),
        recorded_at=row["recorded_at"],
    )


def _by(column: str, rows: Iterable[asyncpg.Record]) -> dict[Any, list[asyncpg.Record]]:
    found: dict[Any, list[asyncpg.Record]] = {}
    for row in rows:
        found.setdefault(row[column], []).append(row)
    return found


VIEW_EQUALS_FOLD: Final = Invariant(
    "view_equals_fold",
    "Every row of the view, of charges, refunds, disputes and events, is what folding the events of its charge gives.",
    _check,
)
"""If it fails, merchants and staff are shown something that did not happen. Rebuild the view, then find who wrote it."""
