"""What a back-test of risk rules found, as staff see it. Pure."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from fincore.backoffice.charge_results import Result
from fincore.backoffice.risk_report import Difference, RiskReport, RuleReport, Tallies
from fincore.domain.risk import RiskDecision
from fincore.public.fields import ObjectName
from fincore.write.risk.rules import Action

_Result = Annotated[Result, Meta(description="What became of the charges, as the risk guide lists it.")]


class StaffRiskMoneyBody(msgspec.Struct, frozen=True, kw_only=True):
    """Money in one currency; currencies are never added up."""

    currency: Annotated[str, Meta(description="ISO 4217 code, in lower case.")]
    amount_minor: Annotated[int, Meta(description="The sum, in the minor unit.")]


class StaffRiskTallyBody(msgspec.Struct, frozen=True, kw_only=True):
    """Charges by what became of them."""

    result: _Result
    charges: Annotated[int, Meta(description="How many.")]
    money: Annotated[list[StaffRiskMoneyBody], Meta(description="Their amounts, by currency.")]


class StaffRiskDecisionTallyBody(msgspec.Struct, frozen=True, kw_only=True):
    """Charges about which the rules would have decided in one way."""

    decision: Annotated[RiskDecision, Meta(description="What the rules would have decided.")]
    results: Annotated[list[StaffRiskTallyBody], Meta(description="What became of these charges.")]


class StaffRiskRuleReportBody(msgspec.Struct, frozen=True, kw_only=True):
    """What one rule would have done."""

    name: Annotated[str, Meta(description="Its name.")]
    action: Annotated[Action, Meta(description="What it does.")]
    hits: Annotated[int, Meta(description="How many charges it hit.")]
    decided: Annotated[int, Meta(description="About how many it decided.")]
    results: Annotated[list[StaffRiskTallyBody], Meta(description="What became of the charges that it hit.")]
    unknown: Annotated[int, Meta(description="For how many a fact that it needs was not known.")]
    errors: Annotated[int, Meta(description="For how many it erred.")]
    first_error: Annotated[str | None, Meta(description="The first error; null for none.")]


class StaffRiskDifferenceBody(msgspec.Struct, frozen=True, kw_only=True):
    """A charge about which the rules of then decided otherwise."""

    charge: Annotated[str, Meta(description="The charge.")]
    at: Annotated[datetime, Meta(description="When it was created.")]
    then: Annotated[str, Meta(description="What was decided then.")]
    then_rule: Annotated[str | None, Meta(description="By which rule; null for none.")]
    now: Annotated[RiskDecision, Meta(description="What these rules decide.")]
    now_rule: Annotated[str | None, Meta(description="By which rule; null for none.")]
    result: _Result


class StaffRiskBackTestBody(msgspec.Struct, frozen=True, kw_only=True):
    """What rules would have done with charges of the past. Nothing was changed."""

    object: Annotated[Literal["risk_back_test"], ObjectName] = "risk_back_test"
    charges: Annotated[int, Meta(description="How many charges were looked at.")]
    is_cut_off: Annotated[bool, Meta(description="Whether there are further ones that were not.")]
    first_at: Annotated[datetime | None, Meta(description="When the first was created; null for none.")]
    last_at: Annotated[datetime | None, Meta(description="When the last was created; null for none.")]
    without_context: Annotated[
        int,
        Meta(description="Of how many nothing is known beside the charge: no customer, address or device."),
    ]
    unreadable: Annotated[int, Meta(description="How many could not be read.")]
    decisions: Annotated[
        list[StaffRiskDecisionTallyBody], Meta(description="What the rules would have decided.")
    ]
    rules: Annotated[list[StaffRiskRuleReportBody], Meta(description="What each rule would have done.")]
    differences: Annotated[
        list[StaffRiskDifferenceBody],
        Meta(description="The latest charges about which was decided otherwise then."),
    ]
    seconds: Annotated[float, Meta(description="How long it took.")]


def render_report(report: RiskReport) -> StaffRiskBackTestBody:
    """What a back-test found."""
    return StaffRiskBackTestBody(
        charges=report.charges,
        is_cut_off=report.is_cut_off,
        first_at=report.first_at,
        last_at=report.last_at,
        without_context=report.without_context,
        unreadable=report.unreadable,
        decisions=[
            StaffRiskDecisionTallyBody(decision=decision, results=_tallies(results))
            for decision, results in report.decisions.items()
        ],
        rules=[_rule(rule) for rule in report.rules.values()],
        differences=[_difference(one) for one in report.differences],
        seconds=report.seconds,
    )


def _tallies(tallies: Tallies) -> list[StaffRiskTallyBody]:
    return [
        StaffRiskTallyBody(
            result=result,
            charges=tally.charges,
            money=[
                StaffRiskMoneyBody(currency=currency, amount_minor=amount)
                for currency, amount in sorted(tally.money.items())
            ],
        )
        for result, tally in tallies.items()
    ]


def _rule(rule: RuleReport) -> StaffRiskRuleReportBody:
    return StaffRiskRuleReportBody(
        name=rule.name,
        action=rule.action,
        hits=rule.hits,
        decided=rule.decided,
        results=_tallies(rule.results),
        unknown=rule.unknown,
        errors=rule.errors,
        first_error=rule.first_error,
    )


def _difference(one: Difference) -> StaffRiskDifferenceBody:
    return StaffRiskDifferenceBody(
        charge=one.charge_id,
        at=one.at,
        then=one.then,
        then_rule=one.then_rule,
        now=one.now,
        now_rule=one.now_rule,
        result=one.result,
    )
