"""Fields that several rows of staff's lists have, each with its meaning. Pure."""

from typing import Annotated, get_args

from msgspec import Meta

from fincore.http.list_filters import status_filter
from fincore.http.openapi import Parameter
from fincore.staff.access.person import Mode

ModeOfRow = Annotated[Mode, Meta(description="Whether money moves (`live`) or none does (`test`).")]
MerchantOfRow = Annotated[str, Meta(description="The merchant's id.")]
ChargeOfRow = Annotated[str, Meta(description="The id of the charge that it belongs to.")]
PspOfRow = Annotated[str, Meta(description="The PSP.")]
AccountOfRow = Annotated[str, Meta(description="The account at the PSP.")]


def mode_of(*, livemode: bool) -> Mode:
    """The word for a mode."""
    return "live" if livemode else "test"


def statuses_filter(plural: str, statuses: object) -> Parameter:
    """The filter `status` by several of the words of a `Literal`."""
    return status_filter(plural, {"type": "string", "enum": list(get_args(statuses))})
