"""A refusal as a value: what may not be done or recorded, and the sentence that says why."""

from typing import Literal

import msgspec

RequestRefusalCode = Literal[
    "amount_too_small",
    "capture_amount_too_large",
    "charge_already_refunded",
    "charge_disputed",
    "charge_not_cancelable",
    "charge_not_capturable",
    "charge_not_refundable",
    "charge_report_held",
    "charge_under_review",
    "operation_in_progress",
    "refund_amount_too_large",
    "too_many_refunds",
]
"""Why a merchant may not have what it asks of a charge."""
ReportRefusalCode = Literal[
    "amount_differs",
    "amount_exceeds_charge",
    "contradicts_state",
    "currency_differs",
    "psp_reference_differs",
    "psp_reference_taken",
    "time_unlikely",
]
"""Why a PSP's report about a charge is not recorded as it is. `contradicts_state`: read the PSP's record, then correct."""

ResolutionRefusalCode = Literal["amount_needed", "outcome_not_unknown", "psp_reference_needed"]
"""Why a person's resolution of an unknown outcome is not recorded."""

ReviewRefusalCode = Literal["not_under_review", "nothing_held", "review_over"]
"""Why a decision of a review is not recorded. Beside these: the reasons of the request that would follow from it."""

HoldRefusalCode = Literal["report_not_held", "too_many_held_reports"]
"""Why a report is not held, or not released."""

FileRefusalCode = Literal["file_differs", "file_totals_impossible", "match_impossible"]
"""Why totals of a settlement file, or what a run matched of its lines, are not recorded."""

AdjustmentRefusalCode = Literal["adjustment_differs", "adjustment_reversed", "adjustment_too_large"]
"""Why an adjustment is not recorded, or not taken back."""

RefusalCode = (
    RequestRefusalCode
    | ReportRefusalCode
    | ResolutionRefusalCode
    | ReviewRefusalCode
    | HoldRefusalCode
    | FileRefusalCode
    | AdjustmentRefusalCode
)


class Refusal(msgspec.Struct, frozen=True):
    """Nothing was done. `detail` names the state that stands in the way."""

    code: RefusalCode
    detail: str
