"""What decisions about charges are answered. Pure."""

from collections.abc import Callable
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from fincore.domain.charge import Charge
from fincore.domain.events import ChargeStatus
from fincore.domain.ids import ChargeId
from fincore.domain.risk_review import ReviewStatus, review_status
from fincore.eventstore.commit import RenderedResponse

DecisionName = Literal["approved", "declined", "resolved", "released", "read_again"]
_ENCODER: Final = msgspec.json.Encoder()


class StaffDecisionBody(msgspec.Struct, frozen=True, kw_only=True):
    """What was decided, and the charge just after it."""

    object: Annotated[Literal["decision"], Meta(description="The kind of object that this is.")] = "decision"
    charge: Annotated[str, Meta(description="The charge's id.")]
    decision: Annotated[DecisionName, Meta(description="What was decided.")]
    status: Annotated[ChargeStatus, Meta(description="The charge's status after it.")]
    follows: Annotated[
        Literal["capture", "cancel"] | None,
        Meta(description="What FinCore asks the PSP because of it; null: nothing."),
    ]
    held_reports: Annotated[int, Meta(description="How many reports of the charge are held after it.")]
    review: Annotated[
        ReviewStatus | None, Meta(description="How its review stands after it; null: it has none.")
    ]


def _follows(charge: Charge) -> Literal["capture", "cancel"] | None:
    match charge.operation.kind if charge.operation is not None else None:
        case "capture":
            return "capture"
        case "cancel":
            return "cancel"
        case _:
            return None


def decided(charge_id: ChargeId, decision: DecisionName) -> Callable[[Charge], RenderedResponse]:
    """How the answer is made of the charge after the decision."""

    def render(charge: Charge) -> RenderedResponse:
        body = StaffDecisionBody(
            charge=charge_id,
            decision=decision,
            status=charge.status,
            follows=_follows(charge),
            held_reports=len(charge.held_reports),
            review=review_status(charge),
        )
        return RenderedResponse(200, _ENCODER.encode(body))

    return render
