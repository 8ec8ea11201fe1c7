"""The parts of a charge that are resources of their own: timeline, PSP calls and reports, ledger entries, checks."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from fincore.audit.charge_checks import ChargeCheck, CheckName, Verdict
from fincore.backoffice.charge_timeline import ActorKind, TimelineEvent
from fincore.backoffice.psp_calls import CallKind, PspCall
from fincore.domain.events import EventType
from fincore.domain.ids import public_event_id
from fincore.domain.public_event import ShownValue
from fincore.public.fields import CurrencyCode, ObjectName
from fincore.read.ledgerdb.queries import BookedEntry
from fincore.write.psp.inbox import ReceivedReport


class StaffEventActor(msgspec.Struct, frozen=True, kw_only=True):
    """Who caused an event."""

    kind: Annotated[ActorKind, Meta(description="What kind of actor.")]
    name: Annotated[
        str | None, Meta(description="The person's name, the id of the merchant's key, or the PSP.")
    ]
    subject: Annotated[str | None, Meta(description="The issuer's id of a person of staff.")]


class StaffTimelineEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event of a charge."""

    id: Annotated[str, Meta(description="The event's id.")]
    version: Annotated[int, Meta(description="Its place among the charge's events, from 1.")]
    type: Annotated[
        EventType | None,
        Meta(description="What happened; null: this version of FinCore cannot read the event."),
    ]
    at: Annotated[datetime, Meta(description="When it happened, by the PSP's clock where the PSP told it.")]
    recorded_at: Annotated[datetime, Meta(description="When FinCore wrote it down.")]
    actor: Annotated[StaffEventActor, Meta(description="Who caused it.")]
    reason: Annotated[str | None, Meta(description="Why, in the words of a person or of the PSP.")]
    data: Annotated[dict[str, ShownValue], Meta(description="Its other facts, by the names of its fields.")]
    psp_event_id: Annotated[
        str | None, Meta(description="The PSP's report that told it; null: no report did.")
    ]
    approved_by: Annotated[
        str | None, Meta(description="The second person who agreed to it; null: it needed none.")
    ]
    proposal: Annotated[str | None, Meta(description="The proposal that this person approved.")]
    unreadable: Annotated[str | None, Meta(description="Why it cannot be read; null: it can.")]


class StaffTimeline(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to a charge."""

    object: Annotated[Literal["timeline"], ObjectName] = "timeline"
    data: Annotated[list[StaffTimelineEvent], Meta(description="The events, oldest first.")]


class StaffPspCall(msgspec.Struct, frozen=True, kw_only=True):
    """A call of a PSP, repeated under its key as often as need be."""

    kind: Annotated[CallKind, Meta(description="What the PSP is asked for.")]
    key: Annotated[
        str,
        Meta(
            description="FinCore's key of the call, by which the PSP finds it: Stripe's log by `Idempotency-Key`, PayPal's support by "
            "`PayPal-Request-Id`."
        ),
    ]
    psp: Annotated[str, Meta(description="The PSP.")]
    psp_account: Annotated[str, Meta(description="The account at the PSP.")]
    amount_minor: Annotated[
        int | None,
        Meta(description="The amount, in the minor unit of the charge's currency; null: all of it, or none."),
    ]
    requested_at: Annotated[datetime, Meta(description="When it became due.")]
    is_unknown: Annotated[bool, Meta(description="Whether it is not known what became of it.")]
    outcome: Annotated[
        EventType | None, Meta(description="The event that told what became of it; null: none has yet.")
    ]
    outcome_at: Annotated[datetime | None, Meta(description="When that was written down.")]
    psp_request_ids: Annotated[
        list[str],
        Meta(
            description="The PSP's ids of its answers, to the call and to questions about it, that led to events of the charge: Stripe's "
            "`Request-Id`, PayPal's `PayPal-Debug-Id`. Oldest first. Empty: the PSP did not answer, or a webhook told the outcome."
        ),
    ]


class StaffPspCalls(msgspec.Struct, frozen=True, kw_only=True):
    """The calls of PSPs that a charge's events tell of."""

    object: Annotated[Literal["psp_calls"], ObjectName] = "psp_calls"
    data: Annotated[
        list[StaffPspCall], Meta(description="The calls, in the order in which they were asked for.")
    ]


class StaffPspReport(msgspec.Struct, frozen=True, kw_only=True):
    """A report of a PSP that changed the charge or is held."""

    psp: Annotated[str, Meta(description="The PSP.")]
    psp_account: Annotated[str, Meta(description="The account that it came for.")]
    psp_event_id: Annotated[str, Meta(description="Its id at the PSP.")]
    type: Annotated[str, Meta(description="Its type, in the PSP's words.")]
    received_at: Annotated[datetime, Meta(description="When it arrived.")]
    has_body: Annotated[bool, Meta(description="Whether its text is still kept.")]
    is_held: Annotated[bool, Meta(description="Whether it waits for a person.")]


class StaffPspReports(msgspec.Struct, frozen=True, kw_only=True):
    """The reports of PSPs about a charge."""

    object: Annotated[Literal["psp_reports"], ObjectName] = "psp_reports"
    data: Annotated[list[StaffPspReport], Meta(description="The reports, as they arrived.")]


class StaffChargePosting(msgspec.Struct, frozen=True, kw_only=True):
    """One leg of an entry."""

    account: Annotated[str, Meta(description="The account of the ledger.")]
    side: Annotated[Literal["debit", "credit"], Meta(description="The side.")]
    amount_minor: Annotated[int, Meta(description="The amount, in the minor unit of `currency`.")]
    currency: CurrencyCode
    balance_after_minor: Annotated[
        int, Meta(description="The balance that it left on the account, on the account's normal side.")
    ]


class StaffChargeEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of the ledger."""

    id: Annotated[int, Meta(description="The entry's number.")]
    event: Annotated[str, Meta(description="The id of the event that it books.")]
    kind: Annotated[str, Meta(description="The type of that event.")]
    effective_at: Annotated[datetime, Meta(description="When the money moved, by the PSP's clock.")]
    booked_at: Annotated[datetime, Meta(description="When it was booked.")]
    description: Annotated[str, Meta(description="What it books, as a sentence.")]
    postings: Annotated[list[StaffChargePosting], Meta(description="Its legs.")]


class StaffChargeEntries(msgspec.Struct, frozen=True, kw_only=True):
    """What is booked for a charge. What happened a moment ago may not be booked yet."""

    object: Annotated[Literal["ledger_entries"], ObjectName] = "ledger_entries"
    data: Annotated[list[StaffChargeEntry], Meta(description="The entries, oldest first.")]


class StaffChargeCheck(msgspec.Struct, frozen=True, kw_only=True):
    """An invariant, evaluated for one charge."""

    name: Annotated[CheckName, Meta(description="The invariant's name.")]
    sentence: Annotated[str, Meta(description="What has to be true.")]
    verdict: Annotated[Verdict, Meta(description="Whether it is.")]
    finding: Annotated[str | None, Meta(description="What breaks it; null: nothing does.")]


class StaffChargeChecks(msgspec.Struct, frozen=True, kw_only=True):
    """The invariants, evaluated for a charge."""

    object: Annotated[Literal["charge_checks"], ObjectName] = "charge_checks"
    verdict: Annotated[
        Verdict,
        Meta(description="`broken` where one is, else `pending` where one cannot be said yet, else `holds`."),
    ]
    data: Annotated[list[StaffChargeCheck], Meta(description="The checks.")]


def timeline_body(events: Sequence[TimelineEvent]) -> StaffTimeline:
    """A timeline as staff see it."""
    return StaffTimeline(
        data=[
            StaffTimelineEvent(
                id=public_event_id(one.event_id),
                version=one.version,
                type=one.type,
                at=one.at,
                recorded_at=one.recorded_at,
                actor=StaffEventActor(kind=one.actor.kind, name=one.actor.name, subject=one.actor.subject),
                reason=one.reason,
                data=dict(one.data),
                psp_event_id=one.psp_event_id,
                approved_by=None if one.agreement is None else one.agreement.approver.username,
                proposal=None if one.agreement is None else one.agreement.proposal_id,
                unreadable=one.unreadable,
            )
            for one in events
        ]
    )


def psp_calls_body(calls: Sequence[PspCall]) -> StaffPspCalls:
    """Calls as staff see them."""
    return StaffPspCalls(
        data=[
            StaffPspCall(**msgspec.structs.asdict(call) | {"psp_request_ids": list(call.psp_request_ids)})
            for call in calls
        ]
    )


def psp_reports_body(reports: Sequence[ReceivedReport], held: Collection[str]) -> StaffPspReports:
    """Reports as staff see them; `held` are the ids of those that wait for a person."""
    return StaffPspReports(
        data=[
            StaffPspReport(**msgspec.structs.asdict(report), is_held=report.psp_event_id in held)
            for report in reports
        ]
    )


def entries_body(entries: Sequence[BookedEntry]) -> StaffChargeEntries:
    """Entries as staff see them."""
    return StaffChargeEntries(
        data=[
            StaffChargeEntry(
                id=entry.entry_id,
                event=public_event_id(entry.event_id),
                kind=entry.kind,
                effective_at=entry.effective_at,
                booked_at=entry.booked_at,
                description=entry.description,
                postings=[
                    StaffChargePosting(**msgspec.structs.asdict(posting)) for posting in entry.postings
                ],
            )
            for entry in entries
        ]
    )


def checks_body(checks: Sequence[ChargeCheck]) -> StaffChargeChecks:
    """Checks as staff see them."""
    verdicts = {check.verdict for check in checks}
    verdict: Verdict = "broken" if "broken" in verdicts else "pending" if "pending" in verdicts else "holds"
    return StaffChargeChecks(
        verdict=verdict, data=[StaffChargeCheck(**msgspec.structs.asdict(check)) for check in checks]
    )
