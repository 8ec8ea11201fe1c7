"""People of the built-in issuer as admins see them. Pure."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from fincore.write.staff.people import StaffAccount


class StaffMemberBody(msgspec.Struct, frozen=True, kw_only=True):
    """A person of the built-in issuer."""

    object: Annotated[Literal["staff_member"], Meta(description="The kind of object that this is.")] = (
        "staff_member"
    )
    subject: Annotated[str, Meta(description="The id of the person, which never changes.")]
    username: Annotated[
        str, Meta(description="The name under which the person logs in.", examples=["ada@example.com"])
    ]
    name: Annotated[str, Meta(description="The name to show.")]
    roles: Annotated[
        list[str], Meta(description="The roles, with mode and merchant where they count there alone.")
    ]
    added_at: Annotated[datetime, Meta(description="When the person was added.")]
    disabled_at: Annotated[
        datetime | None, Meta(description="Since when the person may not log in; null: the person may.")
    ]
    one_time_until: Annotated[
        datetime | None,
        Meta(
            description="Until when a one-time password counts, in the past for a person who was given none yet; null: the person chose a password."
        ),
    ]


class StaffMemberList(msgspec.Struct, frozen=True, kw_only=True):
    """All people of the built-in issuer."""

    object: Annotated[Literal["list"], Meta(description="The kind of object that this is.")] = "list"
    data: Annotated[list[StaffMemberBody], Meta(description="The people, by username.")]


def render_member(account: StaffAccount) -> StaffMemberBody:
    """A person as admins see them."""
    return StaffMemberBody(
        subject=account.subject,
        username=account.username,
        name=account.name,
        roles=list(account.groups),
        added_at=account.added_at,
        disabled_at=account.disabled_at,
        one_time_until=account.one_time_until,
    )
