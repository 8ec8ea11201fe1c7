"""Routing rules as staff see them. Pure."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from fincore.backoffice.routing_rules import ShownRules
from fincore.domain.payment_method import PaymentMethodType, payment_method_type
from fincore.domain.route_plan import SkipReason
from fincore.public.fields import ObjectName
from fincore.staff.access.person import Mode
from fincore.staff.rule_bodies import StaffRuleFlawBody
from fincore.write.routing.router import NoRoute
from fincore.write.routing.rule_store import RuleVersion
from fincore.write.routing.rules import Routed, Rule

_Psp = Annotated[str, Meta(description="The PSP.", examples=["stripe"])]
_PspAccount = Annotated[str, Meta(description="The account at the PSP.", examples=["test"])]
_Version = Annotated[int, Meta(description="The number of the version.")]


class StaffRoutingVersionBody(msgspec.Struct, frozen=True, kw_only=True):
    """A version of the routing rules."""

    object: Annotated[Literal["routing_version"], ObjectName] = "routing_version"
    version: _Version
    is_live: Annotated[bool, Meta(description="Whether it decides about charges; the last version does.")]
    set_at: Annotated[datetime, Meta(description="Since when it was live.")]
    set_by: Annotated[str, Meta(description="Who set it.")]
    reason: Annotated[str, Meta(description="Why.")]


class StaffRoutingVersionList(msgspec.Struct, frozen=True, kw_only=True):
    """The latest versions, on one page."""

    object: Annotated[Literal["list"], ObjectName] = "list"
    data: Annotated[list[StaffRoutingVersionBody], Meta(description="The versions, the last first.")]


class StaffRoutedAccountBody(msgspec.Struct, frozen=True, kw_only=True):
    """An account that a rule names."""

    account: Annotated[str, Meta(description="The account as rules name it.", examples=["stripe/test"])]
    weight: Annotated[int | None, Meta(description="Its weight; null where the rule has none.")]


class StaffRoutingRuleBody(msgspec.Struct, frozen=True, kw_only=True):
    """A routing rule."""

    name: Annotated[str, Meta(description="Its name.")]
    when: Annotated[str, Meta(description="The condition, in CEL.")]
    mode: Annotated[Mode | None, Meta(description="The only mode of charges that it is about; null: both.")]
    merchants: Annotated[
        list[str], Meta(description="The only merchants that it is about; empty: all of them.")
    ]
    accounts: Annotated[list[StaffRoutedAccountBody], Meta(description="Where charges go, in order.")]


class StaffRoutingRulesBody(StaffRoutingVersionBody, frozen=True, kw_only=True):
    """A version with its rules."""

    text: Annotated[str, Meta(description="The rules as they were written, in TOML.")]
    rules: Annotated[
        list[StaffRoutingRuleBody] | None,
        Meta(description="The rules in order; null where this release cannot read them."),
    ]


class StaffRoutingCheckBody(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a text can be used as routing rules."""

    object: Annotated[Literal["routing_check"], ObjectName] = "routing_check"
    live_version: Annotated[int, Meta(description="The version that is live now; 0 where none ever was.")]
    flaws: Annotated[
        list[StaffRuleFlawBody], Meta(description="What is wrong with it; empty: it can be used.")
    ]
    rules: Annotated[
        list[StaffRoutingRuleBody], Meta(description="Its rules in order; empty where it has flaws.")
    ]


class StaffRoutedAttemptBody(msgspec.Struct, frozen=True, kw_only=True):
    """An account that may carry the charge."""

    psp: _Psp
    psp_account: _PspAccount
    payment_method: Annotated[PaymentMethodType, Meta(description="With what the customer would pay.")]


class StaffUnroutedAccountBody(msgspec.Struct, frozen=True, kw_only=True):
    """An account that may not carry the charge."""

    psp: _Psp
    psp_account: _PspAccount
    reason: Annotated[SkipReason, Meta(description="Why.")]


class StaffRoutingErrorBody(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that could not be evaluated, and so does not match."""

    rule: Annotated[str, Meta(description="Its name.")]
    reason: Annotated[str, Meta(description="Why.")]


class StaffRoutingSimulationBody(msgspec.Struct, frozen=True, kw_only=True):
    """Where a charge would go, and why."""

    object: Annotated[Literal["routing_simulation"], ObjectName] = "routing_simulation"
    version: Annotated[
        int | None, Meta(description="The version that decided; null where no rules were ever set.")
    ]
    rule: Annotated[str | None, Meta(description="The rule that matched; null where none did.")]
    draw: Annotated[
        float | None, Meta(description="What weights were compared with; null where there are none.")
    ]
    attempts: Annotated[
        list[StaffRoutedAttemptBody],
        Meta(description="Where it would go, in order; empty where it is refused."),
    ]
    skipped: Annotated[list[StaffUnroutedAccountBody], Meta(description="Where it could not go, and why.")]
    refused: Annotated[
        str | None,
        Meta(description="The code with which a merchant would be refused; null where it has a plan."),
    ]
    refused_detail: Annotated[str | None, Meta(description="Why, where there is more to say than the code.")]
    errors: Annotated[list[StaffRoutingErrorBody], Meta(description="Rules that could not be evaluated.")]


def render_version(version: RuleVersion, *, is_live: bool) -> StaffRoutingVersionBody:
    """A version as a list shows it."""
    return StaffRoutingVersionBody(
        version=version.version,
        is_live=is_live,
        set_at=version.set_at,
        set_by=version.set_by,
        reason=version.reason,
    )


def render_rules(shown: ShownRules) -> StaffRoutingRulesBody:
    """A version with its rules."""
    version = shown.version
    return StaffRoutingRulesBody(
        version=version.version,
        is_live=version.version == shown.history[0].version,
        set_at=version.set_at,
        set_by=version.set_by,
        reason=version.reason,
        text=version.text,
        rules=None if shown.rules is None else [render_rule(rule) for rule in shown.rules],
    )


def render_rule(rule: Rule) -> StaffRoutingRuleBody:
    """A rule as staff see it."""
    weights = rule.weights or (None,) * len(rule.accounts)
    return StaffRoutingRuleBody(
        name=rule.name,
        when=rule.when,
        mode=rule.mode,
        merchants=list(rule.merchants),
        accounts=[
            StaffRoutedAccountBody(account=str(account), weight=weight)
            for account, weight in zip(rule.accounts, weights, strict=True)
        ],
    )


def render_routed(found: Routed, version: int | None) -> StaffRoutingSimulationBody:
    """Where a charge would go."""
    errors = [StaffRoutingErrorBody(rule=one.rule, reason=one.reason) for one in found.errors]
    plan = found.plan
    if isinstance(plan, NoRoute):
        return StaffRoutingSimulationBody(
            version=version,
            rule=None,
            draw=None,
            attempts=[],
            skipped=[],
            refused=plan.code,
            refused_detail=plan.detail or None,
            errors=errors,
        )
    return StaffRoutingSimulationBody(
        version=version,
        rule=plan.rule,
        draw=plan.draw,
        attempts=[
            StaffRoutedAttemptBody(
                psp=one.psp,
                psp_account=one.psp_account,
                payment_method=payment_method_type(one.payment_method),
            )
            for one in plan.attempts
        ],
        skipped=[
            StaffUnroutedAccountBody(psp=one.psp, psp_account=one.psp_account, reason=one.reason)
            for one in plan.skipped
        ],
        refused=None,
        refused_detail=None,
        errors=errors,
    )
