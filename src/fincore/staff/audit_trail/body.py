"""What the audit trail answers. Pure."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from fincore.staff.access.person import Mode
from fincore.write.staff.acts import RecordedAct


class StaffActorBody(msgspec.Struct, frozen=True, kw_only=True):
    """A person of staff in a record."""

    subject: Annotated[str, Meta(description="The issuer's id of the person, which never changes.")]
    username: Annotated[str, Meta(description="The name under which the person was logged in.")]


class StaffActBody(msgspec.Struct, frozen=True, kw_only=True):
    """An act of a person of staff."""

    object: Annotated[Literal["act"], Meta(description="The kind of object that this is.")] = "act"
    id: Annotated[str, Meta(description="Its id.", examples=["act_01h2xcejqtf2nbrexx3vqjhp41"])]
    begun_at: Annotated[datetime, Meta(description="When the act began.")]
    actor: Annotated[StaffActorBody, Meta(description="Who acted.")]
    permission: Annotated[str, Meta(description="The permission that allowed it.", examples=["payments.act"])]
    action: Annotated[str, Meta(description="What was done.", examples=["refund"])]
    mode: Annotated[Mode | None, Meta(description="In which mode; null: what was changed has none.")]
    merchant: Annotated[str | None, Meta(description="Of which merchant; null: of none.")]
    object_kind: Annotated[str, Meta(description="The kind of what it was done to.", examples=["charge"])]
    object_id: Annotated[str, Meta(description="The id of what it was done to.")]
    reason: Annotated[str, Meta(description="Why, in the words of the person.")]
    request_id: Annotated[str, Meta(description="The request that asked for it.")]
    details: Annotated[
        dict[str, str | int | bool | None],
        Meta(description="What else is to be read with it, such as an amount."),
    ]
    outcome: Annotated[
        str | None,
        Meta(
            description="`done`; `proposed`: it waits for a second person; `replayed`: an earlier request with the same key had done it; "
            "else the code of the problem that it was answered with. null: it is under way, or its process ended first: look at the object."
        ),
    ]
    ended_at: Annotated[datetime | None, Meta(description="When the outcome was known.")]


class StaffActList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of acts."""

    object: Annotated[Literal["list"], Meta(description="The kind of object that this is.")] = "list"
    data: Annotated[list[StaffActBody], Meta(description="The acts, latest first.")]
    has_more: Annotated[bool, Meta(description="Whether more acts follow.")]
    next_cursor: Annotated[str | None, Meta(description="`cursor` of the next page; null on the last.")]


def render_act(act: RecordedAct) -> StaffActBody:
    """An act as staff see it."""
    return StaffActBody(
        id=act.act_id,
        begun_at=act.begun_at,
        actor=StaffActorBody(subject=act.actor.subject, username=act.actor.username),
        permission=act.permission,
        action=act.action,
        mode=None if act.livemode is None else "live" if act.livemode else "test",
        merchant=act.merchant_id,
        object_kind=act.object_kind,
        object_id=act.object_id,
        reason=act.reason,
        request_id=act.request_id,
        details=act.details,
        outcome=act.outcome,
        ended_at=act.ended_at,
    )
