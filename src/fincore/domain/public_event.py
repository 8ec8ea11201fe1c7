"""An event as its merchant may see it, in timelines, lists of events and webhooks alike.

Never the PSP's free text and never our reasons: those are for staff. One table says what of each event is shown.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

import msgspec

from fincore.domain.events import EVENTS, ChargeEvent, EventType, event_type
from fincore.domain.ids import ChargeId, charge_of, public_event_id
from fincore.domain.recorded_event import RecordedEvent

ShownValue = str | int | bool | None

_MONEY: Final = ("amount_minor", "currency")
_FAILURE: Final = ("code", "decline_code", "advice")
_REFUND: Final = ("refund_id", *_MONEY)
_MOVEMENT: Final = ("dispute_id", *_MONEY, "fee_minor")

SHOWN: Final[Mapping[EventType, tuple[str, ...]]] = MappingProxyType(
    {
        "charge.created": (*_MONEY, "capture_method"),
        "charge.authorized": (*_MONEY, "capture_before"),
        "charge.captured": _MONEY,
        "charge.failed": _FAILURE,
        "charge.action_required": ("redirect_url",),
        "charge.outcome_unknown": ("operation",),
        "charge.canceled": ("reason",),
        "charge.expired": ("reason",),
        "charge.capture_requested": ("amount_minor",),
        "charge.capture_failed": _FAILURE,
        "charge.cancel_requested": ("reason",),
        "charge.cancel_failed": _FAILURE,
        "charge.fee_assessed": ("fee_minor", "currency"),
        "charge.fee_returned": ("refund_id", "fee_minor", "currency"),
        "charge.fee_taken_again": ("refund_id", "fee_minor", "currency"),
        "charge.instrument_told": (),
        "charge.corrected": (
            "status_before",
            "status_after",
            "captured_before_minor",
            "captured_after_minor",
            "currency",
        ),
        "charge.outcome_decided": ("refund_id",),
        "charge.receipt_omitted": (),
        "charge.risk_assessed": ("decision",),
        "charge.review_opened": ("decide_by",),
        "charge.review_decided": ("decision", "is_automatic"),
        "charge.report_held": ("report_type",),
        "charge.report_released": (),
        "charge.customer_approved": (),
        "charge.pending": ("pending_until",),
        "charge.rerouted": ("abandoned_psp", "psp"),
        "charge.fraud_warned": ("psp_reference", "fraud_type", "is_actionable"),
        "charge.fraud_warning_updated": ("psp_reference", "fraud_type", "is_actionable"),
        "charge.attempt_captured": ("psp", *_MONEY),
        "charge.attempt_fee_assessed": ("psp", "fee_minor", "currency"),
        "charge.attempt_fee_returned": ("psp", "fee_minor", "currency"),
        "charge.attempt_authorized": ("psp", *_MONEY),
        "charge.attempt_reversed": ("psp", *_MONEY),
        "charge.attempt_released": (),
        "charge.attempt_reversal_failed": (),
        "refund.requested": (*_REFUND, "reason", "origin"),
        "refund.outcome_unknown": ("refund_id",),
        "refund.pending": ("refund_id",),
        "refund.succeeded": _REFUND,
        "refund.failed": (*_REFUND, "code", "was_succeeded"),
        "refund.corrected": _REFUND,
        "dispute.opened": (
            "dispute_id",
            *_MONEY,
            "reason",
            "category",
            "status",
            "is_inquiry",
            "evidence_due_by",
        ),
        "dispute.updated": ("dispute_id", "status", "is_inquiry", "evidence_due_by"),
        "dispute.funds_withdrawn": _MOVEMENT,
        "dispute.funds_reinstated": _MOVEMENT,
        "dispute.funds_held": ("dispute_id", *_MONEY),
        "dispute.funds_released": ("dispute_id", *_MONEY),
        "dispute.won": ("dispute_id",),
        "dispute.lost": ("dispute_id",),
        "dispute.closed": ("dispute_id",),
    }
)
"""Event type -> the fields of it that a merchant sees."""

MEANINGS: Final[Mapping[EventType, str]] = MappingProxyType(
    {
        "charge.created": "You asked for the charge; the PSP is called next.",
        "charge.authorized": "The bank holds the money until `capture_before`, and nothing is taken yet.",
        "charge.captured": "The money is taken: `amount_minor`, which may be less than was held.",
        "charge.failed": "The bank or the PSP declined; no money moved. `advice` says what may help.",
        "charge.action_required": "The bank wants to see the customer: send them to `redirect_url`.",
        "charge.outcome_unknown": "The PSP was asked for `operation` and did not answer; it is asked until it is known.",
        "charge.canceled": "The payment was canceled and what was held is released.",
        "charge.expired": "The hold was not captured in time, or the customer did not return; no money moved.",
        "charge.capture_requested": "You asked for the capture of `amount_minor`.",
        "charge.capture_failed": "The PSP did not carry the capture out.",
        "charge.cancel_requested": "You asked for the cancellation.",
        "charge.cancel_failed": "The PSP did not carry the cancellation out.",
        "charge.fee_assessed": "The PSP said late what it charges for the capture. You are not charged for it.",
        "charge.fee_returned": "The PSP gave a part of its fee back, with the refund where one is named. You are not charged for it.",
        "charge.fee_taken_again": "The refund failed, and the PSP took again what it had given back of its fee. You are not charged for it.",
        "charge.instrument_told": "The PSP said late with what the customer paid, or how risky it found the payment: the charge "
        "shows it in `payment_method_details` and `psp_risk_level`.",
        "charge.corrected": "The PSP's own record contradicted how the charge had ended: what it was before, and what it "
        "is now.",
        "charge.outcome_decided": "The PSP could not say what became of an operation (of the refund, where one is named). "
        "Staff looked it up there; the event after this one is what they found.",
        "charge.receipt_omitted": "The PSP refused `customer_email`. The payment goes on, and the PSP sends no receipt: send "
        "one yourself, and check the address.",
        "charge.risk_assessed": "The rules of this installation decided about the charge before any PSP was called.",
        "charge.review_opened": "The bank holds the money, and staff of this installation review the charge until `decide_by`. "
        "Do not deliver yet; you can cancel the charge, and not capture it.",
        "charge.review_decided": "The review of the charge ended: what is held is captured as you asked, or is given up.",
        "charge.report_held": "The PSP reported something of the charge, in its own words a `report_type`, that staff have to "
        "look at. Refunds of the charge are refused until the report is released.",
        "charge.report_released": "Staff have dealt with a held report of the PSP, or a later version of FinCore understood it.",
        "charge.customer_approved": "The customer approved the payment at the PSP; the money is taken or held next.",
        "charge.pending": "The PSP has taken the payment on and decides it by `pending_until`, which may be days from now.",
        "charge.rerouted": "The PSP could not be reached, and no money moved there; the charge goes on at another one.",
        "charge.fraud_warned": "The bank that issued the card warns that the charge may be fraud. While `is_actionable` is true, "
        "a refund can prevent a dispute and its fee.",
        "charge.fraud_warning_updated": "The PSP says something else of a fraud warning: most often that a refund cannot prevent a "
        "dispute any more.",
        "charge.attempt_captured": "A PSP that could not be reached had taken the money all the same. It is given back to the "
        "customer, and is no part of what you are owed.",
        "charge.attempt_fee_assessed": "The PSP said late what it charges for money that goes back to the customer. You are not charged for it.",
        "charge.attempt_fee_returned": "The PSP gave a part of its fee back for money that went back to the customer. You are not charged for it.",
        "charge.attempt_authorized": "A PSP that could not be reached holds the money all the same. It is released.",
        "charge.attempt_reversed": "The money that was taken by mistake went back to the customer.",
        "charge.attempt_released": "The money that was held by mistake is released.",
        "charge.attempt_reversal_failed": "The PSP did not give the money back that was taken by mistake; staff see to it.",
        "refund.requested": "The refund was accepted and reserves its amount; `origin` is `staff` for one of the operator of this "
        "installation, and `psp` for one made in the PSP's dashboard.",
        "refund.outcome_unknown": "The PSP did not answer whether it refunds; it is asked until it is known.",
        "refund.pending": "The PSP has taken the refund on and will carry it out.",
        "refund.succeeded": "The money is on its way to the customer.",
        "refund.failed": "The customer does not get the money. With `was_succeeded` it had been sent and came back.",
        "refund.corrected": "The refund had failed by all that was known, and the PSP's own record says that it succeeded.",
        "dispute.opened": "The customer's bank questions the charge; with `is_inquiry` it only asks.",
        "dispute.updated": "The dispute's status or the time for evidence changed, or an inquiry became a chargeback.",
        "dispute.funds_withdrawn": "The bank took the money, and the PSP its fee for the dispute.",
        "dispute.funds_reinstated": "The money came back, with as much of the fee as `fee_minor` says. The dispute is not decided by that.",
        "dispute.funds_held": "The PSP put the money aside until the dispute is decided.",
        "dispute.funds_released": "The PSP does not put the money aside any more.",
        "dispute.won": "The bank decided for you.",
        "dispute.lost": "The bank decided for the customer.",
        "dispute.closed": "The dispute is over without a decision, such as an inquiry that went no further.",
    }
)
"""Event type -> what it means to a merchant."""

_TIMES: Final = (
    "occurred_at",
    "requested_at",
    "created_at",
    "decided_at",
    "assessed_at",
    "opened_at",
    "held_at",
    "released_at",
    "since",
)
_TIME_OF: Final[Mapping[type[ChargeEvent], str | None]] = {
    shape: next((name for name in _TIMES if name in shape.__struct_fields__), None)
    for _, shape in EVENTS.values()
}
"""Event -> the field that says when it happened; None where only we know when we heard of it."""


class PublicEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One event of a charge; `version` is its place among them, from 1.

    `event_id` is the public `evt_...`; `occurred_at` the PSP's time of the event where it has one, `recorded_at` when
    FinCore wrote it down.
    """

    event_id: str
    type: EventType
    charge_id: ChargeId
    version: int
    occurred_at: datetime
    recorded_at: datetime
    data: dict[str, ShownValue]


def public_event(recorded: RecordedEvent[ChargeEvent]) -> PublicEvent:
    """What the merchant of an event may see of it."""
    return PublicEvent(
        event_id=public_event_id(recorded.event_id),
        type=event_type(recorded.event),
        charge_id=charge_of(recorded.stream_id),
        version=recorded.version,
        occurred_at=occurred_at(recorded),
        recorded_at=recorded.recorded_at,
        data=shown_data(recorded.event),
    )


def shown_data(event: ChargeEvent) -> dict[str, ShownValue]:
    """The fields of an event that its merchant may see, in the order of the table."""
    return {field: _shown(getattr(event, field)) for field in SHOWN[event_type(event)]}


def occurred_at(recorded: RecordedEvent[ChargeEvent]) -> datetime:
    """When it happened: by the event's own word, else when FinCore wrote it down."""
    field = _TIME_OF[type(recorded.event)]
    moment: datetime = recorded.recorded_at if field is None else getattr(recorded.event, field)
    return moment


def _shown(value: object) -> ShownValue:
    # One after the other: a union costs more than the rest of this.
    if value is None or isinstance(value, str) or isinstance(value, int):  # noqa: SIM101 -- the sentence above
        return value
    if isinstance(value, datetime):
        return str(msgspec.to_builtins(value))  # as every other time in a response is written
    raise TypeError(f"a merchant cannot be shown a {type(value).__name__}")
