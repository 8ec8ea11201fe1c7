"""What decisions about settlement files ask for. Pure."""

from typing import Annotated

from msgspec import Meta

from fincore.reconciliation.parsed_file import FileFormat
from fincore.staff.acting import Reasoned


class StaffFileReason(Reasoned, frozen=True, kw_only=True):
    """Why a file is released or dismissed."""


class StaffReadAgain(Reasoned, frozen=True, kw_only=True):
    """Why a refused file is read again, and as what."""

    format: Annotated[
        FileFormat | None, Meta(description="What the file is; left out: what its source was declared with.")
    ] = None
    account_id: Annotated[
        Annotated[str, Meta(min_length=1, max_length=100)] | None,
        Meta(description="The account's id that the file may state; left out: as before."),
    ] = None
