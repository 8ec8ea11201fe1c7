"""A charge in full as staff see it: the charge itself, why it went where it went, and what it waits for now."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from fincore.backoffice.charge_in_full import LoadedCharge
from fincore.backoffice.charge_waits import Wait, WaitCode
from fincore.domain.charge import Charge
from fincore.domain.events import HeldReason, ReviewDecided
from fincore.domain.payment_method import PaymentMethodType, payment_method_type
from fincore.domain.psp_risk import PspRiskLevel
from fincore.domain.risk import (
    ReviewVerdict,
    RiskAssessment,
    RiskDecision,
    RiskFact,
    RiskUnavailable,
)
from fincore.domain.risk_review import ReviewStatus, review_status
from fincore.domain.route_plan import RoutePlan, SkipReason
from fincore.public.attempt_body import AttemptBody, attempt_bodies
from fincore.public.charge_body import ChargeBody, whole_charge_body
from fincore.public.fields import ObjectName
from fincore.staff.access.person import Mode
from fincore.write.psp.held_reports import WaitingReport


class StaffPlannedAttempt(msgspec.Struct, frozen=True, kw_only=True):
    """An account that may carry the charge, in the order of the plan."""

    psp: Annotated[str, Meta(description="The PSP.")]
    psp_account: Annotated[str, Meta(description="The account at the PSP.")]
    payment_method_type: Annotated[PaymentMethodType, Meta(description="What it takes the charge with.")]


class StaffSkippedAccount(msgspec.Struct, frozen=True, kw_only=True):
    """An account that may not carry the charge."""

    psp: Annotated[str, Meta(description="The PSP.")]
    psp_account: Annotated[str, Meta(description="The account at the PSP.")]
    reason: Annotated[SkipReason, Meta(description="Why it was left out.")]


class StaffRoutePlan(msgspec.Struct, frozen=True, kw_only=True):
    """Where the charge may go, as it was decided before any PSP was called."""

    attempts: Annotated[list[StaffPlannedAttempt], Meta(description="The accounts, in order.")]
    skipped: Annotated[list[StaffSkippedAccount], Meta(description="The accounts that were left out.")]
    rules_version: Annotated[int | None, Meta(description="The version of the routing rules; null: none.")]
    rule: Annotated[str | None, Meta(description="The rule that matched; null: none did.")]
    draw: Annotated[
        float | None, Meta(description="What weights were compared with, from 0 up to 1; null: none was.")
    ]


class StaffRuleHit(msgspec.Struct, frozen=True, kw_only=True):
    """A risk rule with a condition that was true."""

    rule: Annotated[str, Meta(description="The rule's name.")]
    action: Annotated[RiskDecision, Meta(description="What it asks for.")]


class StaffRuleError(msgspec.Struct, frozen=True, kw_only=True):
    """A risk rule that could not be evaluated; it decided nothing."""

    rule: Annotated[str, Meta(description="The rule's name.")]
    reason: Annotated[str, Meta(description="Why.")]


class StaffShadowDecision(msgspec.Struct, frozen=True, kw_only=True):
    """What a version of the rules in shadow would have decided."""

    rules_version: Annotated[int, Meta(description="The version.")]
    decision: Annotated[RiskDecision, Meta(description="Its decision; nothing follows from it.")]
    rule: Annotated[str | None, Meta(description="The rule that would have decided.")]


class StaffRiskDecision(msgspec.Struct, frozen=True, kw_only=True):
    """What the risk rules decided before any PSP was called, and why."""

    decision: Annotated[RiskDecision, Meta(description="What became of the charge.")]
    rule: Annotated[str | None, Meta(description="The rule that decided; null: none did.")]
    rules_version: Annotated[int, Meta(description="The version of the rules; 0: none was live.")]
    fell_back_from: Annotated[
        Literal["review", "challenge"] | None,
        Meta(description="The rule's action, where it could not be carried out for this payment."),
    ]
    hits: Annotated[list[StaffRuleHit], Meta(description="The rules that were true.")]
    unknown: Annotated[list[str], Meta(description="The rules that hung on an unknown fact.")]
    errors: Annotated[list[StaffRuleError], Meta(description="The rules that could not be evaluated.")]
    facts: Annotated[dict[str, RiskFact], Meta(description="The facts that the rules read.")]
    unavailable: Annotated[
        RiskUnavailable | None, Meta(description="Why not all rules could decide; null: they could.")
    ]
    shadow: Annotated[list[StaffShadowDecision], Meta(description="What versions in shadow say.")]
    elapsed_microseconds: Annotated[int, Meta(description="How long the rules took.")]


class StaffReviewDecision(msgspec.Struct, frozen=True, kw_only=True):
    """How a review ended."""

    decision: Annotated[ReviewVerdict, Meta(description="What was decided.")]
    by: Annotated[str, Meta(description="Who decided.")]
    reason: Annotated[str, Meta(description="Why.")]
    decided_at: Annotated[datetime, Meta(description="When.")]
    is_automatic: Annotated[bool, Meta(description="Whether no person decided in time.")]


class StaffReview(msgspec.Struct, frozen=True, kw_only=True):
    """The review of the charge."""

    status: Annotated[ReviewStatus, Meta(description="How it stands.")]
    decide_by: Annotated[
        datetime | None, Meta(description="Until when a person may decide; null until the money is held.")
    ]
    decided: Annotated[StaffReviewDecision | None, Meta(description="How it ended; null: it has not.")]


class StaffPspRisk(msgspec.Struct, frozen=True, kw_only=True):
    """The PSP's own judgement of the payment."""

    level: Annotated[PspRiskLevel, Meta(description="How risky.")]
    score: Annotated[int | None, Meta(description="From 0 (no risk) to 100, in the PSP's measure.")]
    rule: Annotated[str | None, Meta(description="The PSP's id of its own rule that decided.")]


class StaffWait(msgspec.Struct, frozen=True, kw_only=True):
    """Something that the charge waits for."""

    code: Annotated[WaitCode, Meta(description="What it waits for.")]
    since: Annotated[datetime | None, Meta(description="Since when; null: not known.")]
    until: Annotated[
        datetime | None, Meta(description="When that ends by itself; null: it does not, or it is not known.")
    ]
    next_job_at: Annotated[
        datetime | None, Meta(description="When FinCore does something about it next; null: a person has to.")
    ]
    names: Annotated[
        str | None,
        Meta(
            description="The refund, dispute, report, attempt or job that it is about; null: the charge itself."
        ),
    ]


class StaffHeldReport(msgspec.Struct, frozen=True, kw_only=True):
    """A report of the PSP that waits for a person."""

    psp: Annotated[str, Meta(description="The PSP.")]
    psp_account: Annotated[str, Meta(description="The account at the PSP.")]
    psp_event_id: Annotated[str, Meta(description="The report's id at the PSP.")]
    report_type: Annotated[str, Meta(description="Its type, in the PSP's words.")]
    reason: Annotated[HeldReason, Meta(description="Why it is held.")]
    detail: Annotated[str, Meta(description="The same as a sentence about this report.")]
    held_at: Annotated[datetime, Meta(description="Since when.")]


class StaffUnreadable(msgspec.Struct, frozen=True, kw_only=True):
    """The first event that this version of FinCore cannot apply; the charge is shown as it was before it."""

    version: Annotated[int, Meta(description="Its place among the charge's events, from 1.")]
    reason: Annotated[str, Meta(description="Why.")]


class StaffCharge(msgspec.Struct, frozen=True, kw_only=True):
    """A charge in full. Its timeline, PSP calls, reports, ledger entries, checks and notes are resources of their own below it."""

    object: Annotated[Literal["charge_in_full"], ObjectName] = "charge_in_full"
    id: Annotated[str, Meta(description="The charge's id.")]
    mode: Annotated[Mode, Meta(description="Whether money moves (`live`) or none does (`test`).")]
    merchant: Annotated[str, Meta(description="The merchant's id.")]
    charge: Annotated[
        ChargeBody,
        Meta(
            description="The charge as its merchant sees it, with its refunds, disputes and fraud warnings; without the addresses at which a customer pays."
        ),
    ]
    attempts: Annotated[list[AttemptBody], Meta(description="The attempts, in their order; one at least.")]
    checkout_session: Annotated[
        str | None, Meta(description="The checkout session that it is an attempt of; null: of none.")
    ]
    plan: Annotated[
        StaffRoutePlan | None,
        Meta(description="Where it may go; null for a charge of before there were plans."),
    ]
    risk: Annotated[
        StaffRiskDecision | None, Meta(description="What the risk rules decided; null: there were none.")
    ]
    psp_risk: Annotated[StaffPspRisk | None, Meta(description="What the PSP found; null: it told nothing.")]
    review: Annotated[StaffReview | None, Meta(description="Its review; null: there is none.")]
    waits: Annotated[list[StaffWait], Meta(description="What it waits for now; empty: it is over.")]
    held_reports: Annotated[
        list[StaffHeldReport], Meta(description="The PSP's reports that wait for a person.")
    ]
    unreadable: Annotated[
        StaffUnreadable | None, Meta(description="Where its events cannot be read on; null: they can.")
    ]


def staff_charge(loaded: LoadedCharge, waits: Sequence[Wait], held: Sequence[WaitingReport]) -> StaffCharge:
    """A charge in full."""
    charge = loaded.charge
    public = whole_charge_body(loaded.charge_id, charge, ())
    return StaffCharge(
        id=loaded.charge_id,
        mode="live" if charge.livemode else "test",
        merchant=charge.merchant_id,
        charge=msgspec.structs.replace(public, next_action=None, timeline=msgspec.UNSET),
        attempts=attempt_bodies(charge),
        checkout_session=charge.checkout_session_id,
        plan=None if charge.plan is None else _plan(charge.plan),
        risk=None if charge.risk is None else _risk(charge.risk),
        psp_risk=None
        if charge.psp_risk is None
        else StaffPspRisk(
            level=charge.psp_risk.level, score=charge.psp_risk.score, rule=charge.psp_risk.rule
        ),
        review=_review(charge),
        waits=[
            StaffWait(
                code=wait.code,
                since=wait.since,
                until=wait.until,
                next_job_at=wait.next_job_at,
                names=wait.names,
            )
            for wait in waits
        ],
        held_reports=[held_report(report) for report in held],
        unreadable=None
        if loaded.stop is None
        else StaffUnreadable(version=loaded.stop.version, reason=loaded.stop.reason),
    )


def held_report(report: WaitingReport) -> StaffHeldReport:
    """A held report as staff see it."""
    return StaffHeldReport(
        psp=report.psp,
        psp_account=report.psp_account,
        psp_event_id=report.psp_event_id,
        report_type=report.report_type,
        reason=msgspec.convert(report.reason, HeldReason),
        detail=report.detail,
        held_at=report.held_at,
    )


def _plan(plan: RoutePlan) -> StaffRoutePlan:
    return StaffRoutePlan(
        attempts=[
            StaffPlannedAttempt(
                psp=one.psp,
                psp_account=one.psp_account,
                payment_method_type=payment_method_type(one.payment_method),
            )
            for one in plan.attempts
        ],
        skipped=[
            StaffSkippedAccount(psp=one.psp, psp_account=one.psp_account, reason=one.reason)
            for one in plan.skipped
        ],
        rules_version=plan.rules_version,
        rule=plan.rule,
        draw=plan.draw,
    )


def _risk(risk: RiskAssessment) -> StaffRiskDecision:
    return StaffRiskDecision(
        decision=risk.decision,
        rule=risk.rule,
        rules_version=risk.rules_version,
        fell_back_from=risk.fell_back_from,
        hits=[StaffRuleHit(rule=hit.rule, action=hit.action) for hit in risk.hits],
        unknown=list(risk.unknown),
        errors=[StaffRuleError(rule=error.rule, reason=error.reason) for error in risk.errors],
        facts=dict(risk.facts),
        unavailable=risk.unavailable,
        shadow=[
            StaffShadowDecision(rules_version=one.rules_version, decision=one.decision, rule=one.rule)
            for one in risk.shadow
        ],
        elapsed_microseconds=risk.elapsed_microseconds,
    )


def _review(charge: Charge) -> StaffReview | None:
    status = review_status(charge)
    if status is None:
        return None
    decided = charge.review_decided
    return StaffReview(
        status=status,
        decide_by=charge.review_decide_by,
        decided=None if decided is None else _review_decision(decided),
    )


def _review_decision(decided: ReviewDecided) -> StaffReviewDecision:
    return StaffReviewDecision(
        decision=decided.decision,
        by=decided.by,
        reason=decided.reason,
        decided_at=decided.decided_at,
        is_automatic=decided.is_automatic,
    )
