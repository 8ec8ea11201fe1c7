"""The schema of what an event tells: its `data`, in webhooks, lists of events and timelines. Pure.

Which fields an event of each type has, `SHOWN` says; here is what each field means.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, get_args

from msgspec import Meta

from fincore.domain.events import CaptureMethod
from fincore.domain.risk import ReviewVerdict, RiskDecision
from fincore.public.fields import CHARGE_ID_EXAMPLE

Json = dict[str, Any]

_TEXT: Final = {"type": "string"}
_TEXT_OR_NULL: Final = {"type": ["string", "null"]}
_INTEGER: Final = {"type": "integer"}
_FLAG: Final = {"type": "boolean"}
_TIME_OR_NULL: Final = {"type": ["string", "null"], "format": "date-time"}


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


ABOUT: Final[Mapping[str, Json]] = MappingProxyType(
    {
        "event_id": {
            **_TEXT,
            "description": "The event's id. `GET /v1/events/{event_id}` returns the event.",
            "examples": ["evt_01kab5m5wvfb9v1c2m5hfv0d2e"],
        },
        "charge_id": {
            **_TEXT_OR_NULL,
            "description": "The id of the charge that the event happened to, or that paid the checkout session; null for "
            "`checkout_session.expired`.",
            "examples": [CHARGE_ID_EXAMPLE],
        },
        "livemode": {**_FLAG, "description": "`true`: real money. `false`: test mode."},
        "version": {
            **_INTEGER,
            "minimum": 1,
            "description": "The event's place among the events of its charge or session, from 1. Compare it to put events in order.",
        },
    }
)
"""What every webhook and every event of a list carries, of any type."""

DETAILS: Final[Mapping[str, Json]] = MappingProxyType(
    {
        "abandoned_psp": {**_TEXT, "description": "The PSP that could not be reached."},
        "advice": {**_ref("DeclineAdvice"), "description": "What may help after a decline."},
        "amount_minor": {
            **_INTEGER,
            "description": "The amount that the event is about, in the minor unit of `currency`, or of the charge's currency "
            "where the event has none.",
        },
        "capture_before": {**_TIME_OR_NULL, "description": "When the hold ends, where the PSP says so."},
        "capture_method": {
            "type": "string",
            "enum": list(get_args(CaptureMethod)),
            "description": "`automatic`: the money is taken at once. `manual`: it is held until you capture it.",
        },
        "captured_after_minor": {**_INTEGER, "description": "What counts as captured after the correction."},
        "captured_before_minor": {
            **_INTEGER,
            "description": "What counted as captured before the correction.",
        },
        "category": {
            "anyOf": [_ref("DisputeCategory"), {"type": "null"}],
            "description": "Why the charge is disputed, in the same words for every PSP; null for a dispute that was opened "
            "before FinCore told it.",
        },
        "code": {
            **_TEXT,
            "description": "Why it failed: a `ChargeFailureCode` for a charge, a `RefundFailureCode` for a refund.",
        },
        "currency": {**_TEXT, "description": "ISO 4217 code of the amounts' currency, in lower case."},
        "decide_by": {
            **_TEXT,
            "format": "date-time",
            "description": "Until when staff may decide; then the charge is decided without them.",
        },
        "decision": {
            **_TEXT,
            "enum": [*get_args(RiskDecision), *get_args(ReviewVerdict)],
            "description": "What the rules decided about the charge, or how its review ended.",
        },
        "decline_code": {
            **_TEXT_OR_NULL,
            "description": "The PSP's own code for the decline, if it has one.",
        },
        "dispute_id": {**_TEXT, "description": "The dispute's id."},
        "evidence_due_by": {
            **_TIME_OR_NULL,
            "description": "Until when the PSP takes evidence, where it says so.",
        },
        "fee_minor": {
            **_INTEGER,
            "description": "The PSP's fee, in the minor unit of `currency`.",
        },
        "fraud_type": {**_ref("FraudType"), "description": "Which fraud the bank suspects."},
        "is_actionable": {
            **_FLAG,
            "description": "`true`: a refund can still prevent a dispute, as the PSP says.",
        },
        "is_automatic": {
            **_FLAG,
            "description": "`true`: the time for the review had run out before staff decided.",
        },
        "is_inquiry": {
            **_FLAG,
            "description": "`true`: the bank only asks; no money has moved.",
        },
        "operation": {**_ref("Operation"), "description": "What FinCore asked the PSP to do."},
        "origin": {
            **_ref("RefundOrigin"),
            "description": "`merchant`: you requested the refund here. `staff`: the operator of this installation did. `psp`: it was made at the PSP.",
        },
        "pending_until": {
            "type": "string",
            "format": "date-time",
            "description": "By when the PSP decides.",
        },
        "psp": {**_TEXT, "description": "The PSP that the event is about."},
        "psp_reference": {**_TEXT, "description": "The PSP's id of the fraud warning."},
        "reason": {**_TEXT_OR_NULL, "description": "Why, as the request or the bank says."},
        "redirect_url": {**_TEXT_OR_NULL, "description": "The page to send the customer to."},
        "refund_id": {**_TEXT_OR_NULL, "description": "The refund's id; null where it is about no refund."},
        "report_type": {**_TEXT, "description": "The kind of the report, in the PSP's words."},
        "status": {
            **_ref("DisputeStatus"),
            "description": "The dispute's status after the event.",
        },
        "status_after": {**_ref("ChargeStatus"), "description": "The charge's status after the correction."},
        "status_before": {
            **_ref("ChargeStatus"),
            "description": "The charge's status before the correction.",
        },
        "was_succeeded": {
            **_FLAG,
            "description": "`true`: the refund had succeeded, and the customer's bank returned the money.",
        },
    }
)
"""Field -> its schema, for all fields that events of some type have."""

_SESSION_ID: Final[Json] = {
    **_TEXT,
    "description": "The id of the checkout session that the event happened to.",
    "examples": ["cos_01kab5m5wvfb9v1c2m5hfv0d2e"],
}
_OBJECT: Final[Json] = {
    "description": "The refund for `refund.*`, the dispute for `dispute.*`, the session for `checkout_session.*`, else the charge, "
    "as it was just after the event. Null where it does not fit into a webhook: get it by its id then.",
    "anyOf": [
        {"$ref": "#/components/schemas/CheckoutSession"},
        {"$ref": "#/components/schemas/Charge"},
        {"$ref": "#/components/schemas/Refund"},
        {"$ref": "#/components/schemas/Dispute"},
        {"type": "null"},
    ],
}
_OPEN: Final = (
    "Which fields are there depends on the event's type: /docs/events lists them. FinCore may add fields: "
    "ignore those that you do not know."
)
EVENT_SCHEMAS: Final[Mapping[str, Json]] = MappingProxyType(
    {
        "EventDetails": {
            "description": f"What an event tells. {_OPEN}",
            "type": "object",
            "properties": dict(DETAILS),
        },
        "EventData": {
            "description": f"What an event is about, and what it tells. {_OPEN}",
            "type": "object",
            "properties": {**ABOUT, "checkout_session_id": _SESSION_ID, **DETAILS, "object": _OBJECT},
            "required": list(ABOUT),
        },
        "WebhookMessage": {
            "description": "The body of a webhook, as Standard Webhooks describes it.",
            "type": "object",
            "properties": {
                "type": {
                    "description": "What happened. /docs/events explains each type.",
                    **_ref("EventType"),
                },
                "timestamp": {
                    "description": "When it happened, by the PSP's clock where the PSP reported it.",
                    "type": "string",
                    "format": "date-time",
                },
                "data": {
                    "description": "What the event is about, and what it tells.",
                    **_ref("EventData"),
                },
            },
            "required": ["type", "timestamp", "data"],
        },
    }
)
"""Public name -> schema, for what bodies hold as plain dictionaries. A field refers to one by a `..._REFERENCE`."""


def _reference(name: str, description: str) -> Meta:
    return Meta(description=description, extra_json_schema=_ref(name))


DETAILS_REFERENCE: Final = _reference("EventDetails", "What the event tells.")
DATA_REFERENCE: Final = _reference("EventData", "What the event is about, and what it tells.")
MESSAGE_REFERENCE: Final = _reference(
    "WebhookMessage", "The body that FinCore sends. Only in `GET /v1/webhook_deliveries/{delivery_id}`."
)
