"""Risk rules as staff see them. Pure."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from fincore.public.fields import ObjectName
from fincore.staff.access.person import Mode
from fincore.staff.rule_bodies import StaffRuleFlawBody
from fincore.write.risk.rule_states import RuleState
from fincore.write.risk.rule_versions import MadeChange, RiskRuleVersion
from fincore.write.risk.rules import Action, Fallback, RiskRule, Stage

_Version = Annotated[int, Meta(description="The number of the version.")]
_State = Annotated[
    RuleState,
    Meta(
        description="`draft`: no charge is assessed by it. `shadow`: every charge is, and nothing follows. `live`: it decides. `retired`: it was in use, "
        "and is no more."
    ),
]


class StaffRiskVersionBody(msgspec.Struct, frozen=True, kw_only=True):
    """A version of the risk rules."""

    object: Annotated[Literal["risk_version"], ObjectName] = "risk_version"
    version: _Version
    state: _State
    drafted_at: Annotated[datetime, Meta(description="When it was drafted.")]
    drafted_by: Annotated[str, Meta(description="Who drafted it.")]
    reason: Annotated[str, Meta(description="Why.")]


class StaffRiskChangeBody(msgspec.Struct, frozen=True, kw_only=True):
    """A change of what a version is used for."""

    version: _Version
    from_state: Annotated[RuleState, Meta(description="What it was.")]
    to_state: Annotated[RuleState, Meta(description="What it became.")]
    changed_at: Annotated[datetime, Meta(description="When.")]
    changed_by: Annotated[str, Meta(description="Who changed it.")]
    reason: Annotated[str, Meta(description="Why.")]


class StaffRiskVersionList(msgspec.Struct, frozen=True, kw_only=True):
    """The latest versions and changes, on one page."""

    object: Annotated[Literal["list"], ObjectName] = "list"
    data: Annotated[list[StaffRiskVersionBody], Meta(description="The versions, the last first.")]
    changes: Annotated[list[StaffRiskChangeBody], Meta(description="The changes, the last first.")]


class StaffRiskRuleBody(msgspec.Struct, frozen=True, kw_only=True):
    """A risk rule."""

    name: Annotated[str, Meta(description="Its name.")]
    when: Annotated[str, Meta(description="The condition, in CEL.")]
    action: Annotated[Action, Meta(description="What it does with a charge that it hits.")]
    stage: Annotated[Stage, Meta(description="In which stage it is looked at.")]
    fallback: Annotated[
        Fallback | None,
        Meta(
            description="What a review or a challenge becomes where it is impossible; null for other actions."
        ),
    ]
    priority: Annotated[int, Meta(description="The lowest comes first.")]
    mode: Annotated[Mode | None, Meta(description="The only mode of charges that it is about; null: both.")]
    merchants: Annotated[list[str], Meta(description="The only merchants that it is about; empty: all.")]
    expires: Annotated[datetime | None, Meta(description="Until when it counts; null: for good.")]
    reason: Annotated[str | None, Meta(description="Why it was written; null where that is not said.")]


class StaffRiskRulesBody(StaffRiskVersionBody, frozen=True, kw_only=True):
    """A version with its rules."""

    text: Annotated[str, Meta(description="The rules as they were written, in TOML.")]
    rules: Annotated[
        list[StaffRiskRuleBody] | None,
        Meta(
            description="The rules in the order in which they decide; null where this release cannot read them."
        ),
    ]


class StaffRiskCheckBody(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a text can be used as risk rules."""

    object: Annotated[Literal["risk_check"], ObjectName] = "risk_check"
    flaws: Annotated[
        list[StaffRuleFlawBody], Meta(description="What is wrong with it; empty: it can be used.")
    ]
    rules: Annotated[
        list[StaffRiskRuleBody],
        Meta(description="Its rules in the order in which they decide; empty where it has flaws."),
    ]


def render_version(version: RiskRuleVersion) -> StaffRiskVersionBody:
    """A version as a list shows it."""
    return StaffRiskVersionBody(
        version=version.version,
        state=version.state,
        drafted_at=version.drafted_at,
        drafted_by=version.drafted_by,
        reason=version.reason,
    )


def render_change(change: MadeChange) -> StaffRiskChangeBody:
    """A change as a list shows it."""
    return StaffRiskChangeBody(
        version=change.version,
        from_state=change.from_state,
        to_state=change.to_state,
        changed_at=change.changed_at,
        changed_by=change.changed_by,
        reason=change.reason,
    )


def render_rules(version: RiskRuleVersion, rules: Sequence[RiskRule] | None) -> StaffRiskRulesBody:
    """A version with its rules."""
    shown = render_version(version)
    return StaffRiskRulesBody(
        **{name: getattr(shown, name) for name in StaffRiskVersionBody.__struct_fields__},
        text=version.text,
        rules=None if rules is None else [render_rule(rule) for rule in rules],
    )


def render_rule(rule: RiskRule) -> StaffRiskRuleBody:
    """A rule as staff see it."""
    return StaffRiskRuleBody(
        name=rule.name,
        when=rule.when,
        action=rule.action,
        stage=rule.stage,
        fallback=rule.fallback,
        priority=rule.priority,
        mode=rule.mode,
        merchants=list(rule.merchants),
        expires=rule.expires,
        reason=rule.reason,
    )
