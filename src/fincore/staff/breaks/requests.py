"""What acts on breaks ask for. Pure."""

from typing import Annotated, Final

from msgspec import Meta

from fincore.staff.acting import Reasoned

OWNER_CHARACTERS_MAX: Final = 255
REFERENCE_CHARACTERS_MAX: Final = 255


class StaffBreakReason(Reasoned, frozen=True, kw_only=True):
    """Why, or what became known."""


class StaffBreakAssignment(Reasoned, frozen=True, kw_only=True):
    """A new owner of a break."""

    owner: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=OWNER_CHARACTERS_MAX,
            description="The name of the new owner, such as a user name.",
            examples=["ada@example.com"],
        ),
    ]


class StaffBreakClaim(Reasoned, frozen=True, kw_only=True):
    """A claim from the PSP or the bank."""

    reference: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=REFERENCE_CHARACTERS_MAX,
            description="What the PSP or the bank calls the claim.",
            examples=["case-4711"],
        ),
    ]
