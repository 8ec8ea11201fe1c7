"""Accounts at PSPs as staff see them. Pure."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from fincore.domain.payment_method import PaymentMethodType
from fincore.public.fields import ObjectName
from fincore.staff.access.person import Mode
from fincore.write.psp.account import ConfiguredAccount
from fincore.write.routing.breaker import BreakerState
from fincore.write.routing.breaker_store import NOTHING_KNOWN, SharedBreaker


class StaffAmountBoundsBody(msgspec.Struct, frozen=True, kw_only=True):
    """What an account can be asked for in one currency."""

    currency: Annotated[str, Meta(description="ISO 4217 code, in lower case.")]
    min_minor: Annotated[int, Meta(description="The least amount, in the minor unit.")]
    max_minor: Annotated[int, Meta(description="The largest amount, in the minor unit.")]
    step_minor: Annotated[int, Meta(description="Amounts are multiples of it.")]


class StaffPspAccountBody(msgspec.Struct, frozen=True, kw_only=True):
    """An account at a PSP that this installation is configured with, without its secrets."""

    object: Annotated[Literal["psp_account"], ObjectName] = "psp_account"
    psp: Annotated[str, Meta(description="The PSP.", examples=["stripe"])]
    name: Annotated[str, Meta(description="The name of the account, unique at its PSP.", examples=["test"])]
    mode: Annotated[Mode, Meta(description="Which charges it takes.")]
    is_default: Annotated[
        bool, Meta(description="Whether it takes the charges of its mode that name no account, at its PSP.")
    ]
    payment_methods: Annotated[
        list[PaymentMethodType], Meta(description="With what customers may pay there.")
    ]
    holds: Annotated[
        list[PaymentMethodType], Meta(description="With what money can be held there, and captured later.")
    ]
    challenges: Annotated[
        list[PaymentMethodType], Meta(description="With what the customer can be made to authenticate there.")
    ]
    hold_seconds: Annotated[
        int, Meta(description="How long a hold lasts where the PSP does not name the time.")
    ]
    currencies: Annotated[
        list[StaffAmountBoundsBody], Meta(description="What it can be asked for, by currency.")
    ]
    breaker: Annotated[
        BreakerState | None,
        Meta(
            description="`open`: it is not called. `half_open`: one call tries it. `closed`: it is called. null: the state could not be read."
        ),
    ]
    breaker_reason: Annotated[str | None, Meta(description="Why it is not closed; null where it is.")]
    breaker_since: Annotated[
        datetime | None, Meta(description="When the state of the breaker changed; null where it never did.")
    ]


class StaffPspAccountList(msgspec.Struct, frozen=True, kw_only=True):
    """All accounts, on one page."""

    object: Annotated[Literal["list"], ObjectName] = "list"
    data: Annotated[list[StaffPspAccountBody], Meta(description="By PSP and name.")]


def render_account(account: ConfiguredAccount, breaker: SharedBreaker | None) -> StaffPspAccountBody:
    """An account as staff see it; `breaker` is None where it could not be read."""
    limits = account.limits
    known = NOTHING_KNOWN if breaker is None else breaker
    return StaffPspAccountBody(
        psp=account.psp,
        name=account.name,
        mode="live" if account.livemode else "test",
        is_default=account.is_default,
        payment_methods=sorted(limits.payment_method_types),
        holds=sorted(limits.held_types),
        challenges=sorted(limits.challenged_types),
        hold_seconds=int(limits.hold_seconds),
        currencies=[
            StaffAmountBoundsBody(
                currency=currency,
                min_minor=bounds.min_minor,
                max_minor=bounds.max_minor,
                step_minor=bounds.step_minor,
            )
            for currency, bounds in sorted(limits.amounts.items())
        ],
        breaker=None if breaker is None else breaker.state,
        breaker_reason=known.reason or None,
        breaker_since=known.changed_at,
    )
