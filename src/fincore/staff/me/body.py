"""What `/staff/v1/me` answers. Pure."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from fincore.staff.access.permissions import PERMISSIONS, Permission, Role
from fincore.staff.access.person import Mode, Person


class StaffGrantBody(msgspec.Struct, frozen=True, kw_only=True):
    """A role that a person has, and where."""

    role: Annotated[Role, Meta(description="What the person may do: the guide for staff has the table.")]
    mode: Annotated[Mode | None, Meta(description="The only mode in which it counts; null: in both.")]
    merchant: Annotated[str | None, Meta(description="The only merchant for which it counts; null: for all.")]


class StaffPermissionsBody(msgspec.Struct, frozen=True, kw_only=True):
    """The permissions that a person has in each mode, for at least one merchant."""

    live: Annotated[list[Permission], Meta(description="In live mode.")]
    test: Annotated[list[Permission], Meta(description="In test mode.")]


class StaffPersonBody(msgspec.Struct, frozen=True, kw_only=True):
    """A person of staff."""

    object: Annotated[Literal["person"], Meta(description="The kind of object that this is.")] = "person"
    subject: Annotated[
        str, Meta(description="The issuer's id of the person, which never changes.", examples=["9f1c2d"])
    ]
    username: Annotated[
        str, Meta(description="The name under which the person logs in.", examples=["ada@example.com"])
    ]
    name: Annotated[str, Meta(description="The name to show.", examples=["Ada Byron"])]
    grants: Annotated[list[StaffGrantBody], Meta(description="The roles of the person.")]
    permissions: Annotated[StaffPermissionsBody, Meta(description="What the roles allow.")]


def render_person(person: Person) -> StaffPersonBody:
    """A person as staff see it."""
    return StaffPersonBody(
        subject=person.subject,
        username=person.username,
        name=person.name,
        grants=[
            StaffGrantBody(
                role=grant.role,
                mode=None if grant.livemode is None else "live" if grant.livemode else "test",
                merchant=grant.merchant_id,
            )
            for grant in person.grants
        ],
        permissions=StaffPermissionsBody(
            live=_permissions(person, livemode=True), test=_permissions(person, livemode=False)
        ),
    )


def _permissions(person: Person, *, livemode: bool) -> list[Permission]:
    return [one for one in PERMISSIONS if person.scope(one, livemode=livemode) is not None]
