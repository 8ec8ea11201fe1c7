"""What the list of reviews answers. Pure."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from fincore.public.fields import HasMore, NextCursor, ObjectName
from fincore.staff.charge_summary import StaffChargeSummary


class StaffReviewList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of charges under review, those that are decided soonest without a person first."""

    object: Annotated[Literal["list"], ObjectName] = "list"
    data: Annotated[list[StaffChargeSummary], Meta(description="The charges of this page.")]
    has_more: HasMore
    next_cursor: NextCursor
