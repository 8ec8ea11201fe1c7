"""Merchants as staff see them. Pure."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from fincore.public.fields import HasMore, NextCursor, ObjectName
from fincore.staff.access.person import Mode
from fincore.staff.proposals.body import StaffProposalBody
from fincore.write.merchants.api_key import KeyKind
from fincore.write.merchants.fee_plans import AgreedPlan
from fincore.write.merchants.merchants import ApiKey, Merchant
from fincore.write.merchants.origins import RegisteredOrigin
from fincore.write.merchants.raw_card_decisions import RawCardDecision

_ModeOf = Annotated[Mode, Meta(description="In which mode it counts.")]


class StaffMerchantBody(msgspec.Struct, frozen=True, kw_only=True):
    """A merchant of this installation."""

    id: Annotated[str, Meta(description="The id.", examples=["mer_01kab5m5wvfb9v1c2m5hfv0d2e"])]
    object: Annotated[Literal["merchant"], ObjectName] = "merchant"
    name: Annotated[str, Meta(description="The name for people to read.", examples=["Corner Shop"])]
    created_at: Annotated[datetime, Meta(description="When it was registered.")]


class StaffMerchantList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of merchants."""

    object: Annotated[Literal["list"], ObjectName] = "list"
    data: Annotated[list[StaffMerchantBody], Meta(description="The merchants, oldest first.")]
    has_more: HasMore
    next_cursor: NextCursor


class StaffApiKeyBody(msgspec.Struct, frozen=True, kw_only=True):
    """An API key of a merchant: what it begins and ends with."""

    id: Annotated[str, Meta(description="The id of the key.", examples=["key_01kab5m5wvfb9v1c2m5hfv0d2e"])]
    object: Annotated[Literal["api_key"], ObjectName] = "api_key"
    kind: Annotated[
        KeyKind, Meta(description="`secret`: for back ends. `publishable`: for pages; it charges nothing.")
    ]
    mode: _ModeOf
    name: Annotated[str, Meta(description="The name for people to read; may be empty.")]
    prefix: Annotated[str, Meta(description="How it begins.", examples=["sk_test_"])]
    last4: Annotated[str, Meta(description="Its last 4 characters.")]
    created_at: Annotated[datetime, Meta(description="When it was created.")]
    revoked_at: Annotated[
        datetime | None, Meta(description="When it was revoked; null while it may be used.")
    ]


class StaffApiKeyList(msgspec.Struct, frozen=True, kw_only=True):
    """All keys of a merchant in the modes that you see."""

    object: Annotated[Literal["list"], ObjectName] = "list"
    data: Annotated[list[StaffApiKeyBody], Meta(description="The keys, oldest first, revoked ones included.")]


class StaffNewApiKeyBody(StaffApiKeyBody, frozen=True, kw_only=True):
    """A key that was just created."""

    secret: Annotated[
        str | None,
        Meta(
            description="The whole key, in the first answer alone: only its hash is stored. null in a repeated answer: if the first one was lost, "
            "revoke the key and create another."
        ),
    ]


class StaffProposedApiKeyBody(msgspec.Struct, frozen=True, kw_only=True):
    """A live key that works once a second person has approved it."""

    object: Annotated[Literal["proposed_api_key"], ObjectName] = "proposed_api_key"
    proposal: Annotated[StaffProposalBody, Meta(description="What waits for a second person.")]
    secret: Annotated[
        str | None,
        Meta(
            description="The whole key, in the first answer alone: it is stored nowhere, and opens nothing before it is approved. null in a repeated "
            "answer: if the first one was lost, withdraw the proposal and propose another key."
        ),
    ]


class StaffFeePlanBody(msgspec.Struct, frozen=True, kw_only=True):
    """What the platform charges a merchant for each capture in a currency."""

    object: Annotated[Literal["fee_plan"], ObjectName] = "fee_plan"
    currency: Annotated[str, Meta(description="ISO 4217 code, in lower case.", examples=["eur"])]
    plan: Annotated[int, Meta(description="The number of the plan in this currency; the last one counts.")]
    basis_points: Annotated[int, Meta(description="The share of each capture, in hundredths of a percent.")]
    fixed_minor: Annotated[int, Meta(description="What is added for each capture, in the minor unit.")]
    set_at: Annotated[datetime, Meta(description="Since when it counts, for charges created from then on.")]
    set_by: Annotated[str, Meta(description="Who set it.")]


class StaffFeePlanList(msgspec.Struct, frozen=True, kw_only=True):
    """Every fee plan that a merchant has ever had."""

    object: Annotated[Literal["list"], ObjectName] = "list"
    data: Annotated[list[StaffFeePlanBody], Meta(description="By currency, the latest last.")]


class StaffOriginBody(msgspec.Struct, frozen=True, kw_only=True):
    """An origin from which pages of a merchant may ask with a publishable key."""

    object: Annotated[Literal["origin"], ObjectName] = "origin"
    origin: Annotated[str, Meta(description="Scheme, host and port.", examples=["https://shop.example"])]
    mode: _ModeOf
    added_at: Annotated[
        datetime | None, Meta(description="Since when it counts; null in the answer that removes it.")
    ]


class StaffOriginList(msgspec.Struct, frozen=True, kw_only=True):
    """All origins of a merchant in the modes that you see."""

    object: Annotated[Literal["list"], ObjectName] = "list"
    data: Annotated[list[StaffOriginBody], Meta(description="Those of test mode first.")]


class StaffRawCardDecisionBody(msgspec.Struct, frozen=True, kw_only=True):
    """A decision whether a merchant may send card numbers to the card edge."""

    object: Annotated[Literal["raw_card_decision"], ObjectName] = "raw_card_decision"
    mode: _ModeOf
    is_enabled: Annotated[bool, Meta(description="Whether it may.")]
    decided_at: Annotated[datetime, Meta(description="Since when it counts.")]
    decided_by: Annotated[str, Meta(description="Who decided.")]
    reason: Annotated[str, Meta(description="Why.")]


class StaffRawCardDecisionList(msgspec.Struct, frozen=True, kw_only=True):
    """Every decision about a merchant's card numbers in the modes that you see. Without one nothing is allowed."""

    object: Annotated[Literal["list"], ObjectName] = "list"
    data: Annotated[list[StaffRawCardDecisionBody], Meta(description="By mode, the latest last: it counts.")]


def render_merchant(merchant: Merchant) -> StaffMerchantBody:
    """A merchant as staff see it."""
    return StaffMerchantBody(id=merchant.merchant_id, name=merchant.name, created_at=merchant.created_at)


def render_key(key: ApiKey) -> StaffApiKeyBody:
    """A key as it can be shown."""
    return StaffApiKeyBody(
        id=key.key_id,
        kind=key.kind,
        mode=mode_word(livemode=key.livemode),
        name=key.name,
        prefix=key.prefix,
        last4=key.last4,
        created_at=key.created_at,
        revoked_at=key.revoked_at,
    )


def render_new_key(key: ApiKey, secret: str | None) -> StaffNewApiKeyBody:
    """A key that was just created."""
    shown = render_key(key)
    return StaffNewApiKeyBody(
        **{name: getattr(shown, name) for name in StaffApiKeyBody.__struct_fields__}, secret=secret
    )


def render_plan(agreed: AgreedPlan) -> StaffFeePlanBody:
    """A fee plan as staff see it."""
    return StaffFeePlanBody(
        currency=agreed.currency,
        plan=agreed.plan_no,
        basis_points=agreed.plan.basis_points,
        fixed_minor=agreed.plan.fixed_minor,
        set_at=agreed.set_at,
        set_by=agreed.set_by,
    )


def render_origin(one: RegisteredOrigin) -> StaffOriginBody:
    """An origin as staff see it."""
    return StaffOriginBody(origin=one.origin, mode=mode_word(livemode=one.livemode), added_at=one.added_at)


def render_decision(one: RawCardDecision) -> StaffRawCardDecisionBody:
    """A decision as staff see it."""
    return StaffRawCardDecisionBody(
        mode=mode_word(livemode=one.livemode),
        is_enabled=one.is_enabled,
        decided_at=one.decided_at,
        decided_by=one.decided_by,
        reason=one.reason,
    )


def mode_word(*, livemode: bool) -> Mode:
    """The word of a mode."""
    return "live" if livemode else "test"
