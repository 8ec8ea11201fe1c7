"""Rules tried on charges of the past, and versions in shadow compared with the live one by what is recorded of both."""

import time
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import msgspec
from msgspec.structs import replace

from fincore.backoffice.charge_results import money_of, result_of
from fincore.backoffice.past_charges import (
    PastCharge,
    PastOutcome,
    Selection,
    UnreadableCharge,
    UnreadableOutcome,
    past_charges,
)
from fincore.backoffice.risk_report import Decided, RiskReport, Weighed, new_report
from fincore.backoffice.risk_rules import NoSuchRiskVersion, RiskRulesNotUsable
from fincore.domain.events import ChargeCreated, ChargeEvent
from fincore.domain.outcome import PspName
from fincore.domain.payment_method import CardInstrument, UntokenisedCard
from fincore.domain.risk import CustomerContext, RiskFact
from fincore.eventstore.log import EventLog
from fincore.write.payments.risk_request import risk_request
from fincore.write.psp.limits import PspLimits
from fincore.write.risk.engine import RiskRequest
from fincore.write.risk.evidence import Questions, evidence_of, question, questions_of
from fincore.write.risk.features import CARD_FACTS, HAS_CARD, FactValue, Known, known_of
from fincore.write.risk.lists import AskedThen, RiskLists
from fincore.write.risk.outcomes import pairs_of
from fincore.write.risk.replayed_counters import ReplayedCounters
from fincore.write.risk.rings import WINDOW_SECONDS
from fincore.write.risk.rule_file import read_risk_rules
from fincore.write.risk.rule_versions import RiskRuleVersions
from fincore.write.risk.rules import Case, RuleSet
from fincore.write.risk.store import Counter, ListName, Membership, Observation, Readings
from fincore.write.routing.plan import offered_of

NAMED_DEFAULT: Final = 10
_NOTHING_RECORDED: Final[Mapping[str, RiskFact]] = {}

Progress = Callable[[int, datetime], None]
"""Told after each page how many charges were looked at so far, and the time of the last one."""


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """What is tried, on which charges, and how much is told of it: `named_max` charges that were decided otherwise then."""

    rules: RuleSet
    selection: Selection
    charges_max: int | None = None
    named_max: int = NAMED_DEFAULT


class _Asked(NamedTuple):
    """A charge as the engine would be asked about it; `recorded` are the facts that were kept then."""

    past: PastCharge
    request: RiskRequest
    known: Known
    questions: Questions
    recorded: Mapping[str, RiskFact]
    is_before: bool


async def rules_of_text(versions: RiskRuleVersions, text: str, *, now: datetime) -> RuleSet:
    """The rules of a file, checked as a draft is. Raises `RiskRulesNotUsable`."""
    rules = read_risk_rules(text, await versions.lists(), now=now)
    if isinstance(rules, list):
        raise RiskRulesNotUsable(rules)
    return RuleSet(0, rules)


async def rules_of_version(versions: RiskRuleVersions, version: int) -> RuleSet:
    """The rules of a version. Raises `NoSuchRiskVersion` and `RiskRulesNotUsable`."""
    stored = await versions.read(version)
    if stored is None:
        raise NoSuchRiskVersion(version)
    rules = read_risk_rules(stored.text)
    if isinstance(rules, list):
        raise RiskRulesNotUsable(rules)
    return RuleSet(version, rules)


async def back_test(
    log: EventLog[ChargeEvent],
    lists: RiskLists,
    limits: Mapping[PspName, PspLimits],
    trial: Trial,
    *,
    progress: Progress,
) -> RiskReport:
    """What the rules of a trial would have decided, had they been live: with counters and lists as they stood at each charge."""
    report = new_report(trial.rules.actions, is_by_days=trial.selection.is_by_days)
    counters = ReplayedCounters()
    begun = time.monotonic()
    pages = past_charges(
        log,
        trial.selection,
        before=_longest_window(trial.rules),
        outcomes=pairs_of(trial.rules.counters),
    )
    async for page in pages:
        asked = {one.charge_id: _asked(one, trial, limits) for one in page if isinstance(one, PastCharge)}
        held = await _held_then(lists, asked.values())
        for told in page:
            if isinstance(told, UnreadableCharge):
                report.add_unreadable(told.charge_id, told.flaw)
            elif isinstance(told, UnreadableOutcome):
                report.outcomes_unread += 1
            elif isinstance(told, PastOutcome):
                counters.add_outcome(*told)
            elif not _try(asked[told.charge_id], counters, held, trial, report):
                break
        report.forgotten, report.seconds = counters.forgotten, time.monotonic() - begun
        if asked:
            progress(report.charges + report.read_before, [*asked.values()][-1].past.at)
        if report.is_cut_off:
            break
    report.lists_since = await _lists_since(lists, trial.rules, report)
    return report


def _try(
    one: _Asked,
    counters: ReplayedCounters,
    held: Collection[AskedThen],
    trial: Trial,
    report: RiskReport,
) -> bool:
    """Count a charge, and decide about it unless it is of the time before; False where no more are to be looked at."""
    if not one.is_before and report.charges == trial.charges_max:
        report.is_cut_off = True
        return False
    counts = counters.observe(_observation(one), one.questions.counters, one.past.at)
    if one.is_before:
        report.read_before += 1
    else:
        decided = _decided(one, counts, held, trial.rules)
        report.add(weighed(one.past), decided, named_max=trial.named_max)
        _note_flaw(report, one.past)
    return True


async def _lists_since(lists: RiskLists, rules: RuleSet, report: RiskReport) -> dict[ListName, datetime]:
    """The lists that rules ask for and that were not there yet at the first charge: none of the charges before is on them."""
    asked = {one.list for one in rules.asks}
    if not asked or report.first_at is None:
        return {}
    return {
        one.name: one.created_at
        for one in await lists.all()
        if one.name in asked and one.created_at > report.first_at
    }


async def compare_shadow(log: EventLog[ChargeEvent], trial: Trial, *, progress: Progress) -> RiskReport:
    """What a version in shadow said of charges, as it is recorded with them. Charges without its assessment are left out."""
    report = new_report(trial.rules.actions, is_by_days=trial.selection.is_by_days)
    begun = time.monotonic()
    looked = 0
    async for page in past_charges(log, trial.selection, before=timedelta(0)):
        for one in page:
            if isinstance(one, UnreadableCharge):
                report.add_unreadable(one.charge_id, one.flaw)
            if not isinstance(one, PastCharge):
                continue
            looked += 1
            decided = _recorded(one, trial.rules)
            if decided is None:
                continue
            if report.charges == trial.charges_max:
                report.is_cut_off = True
                break
            report.add(weighed(one), decided, named_max=trial.named_max)
            _note_flaw(report, one)
        report.seconds = time.monotonic() - begun
        if looked and isinstance(page[-1], PastCharge):
            progress(looked, page[-1].at)
        if report.is_cut_off:
            break
    return report


def weighed(past: PastCharge) -> Weighed:
    """What a report needs to know of a charge."""
    created = past.created
    customer = created.customer or CustomerContext()
    known = (customer.id, customer.email, customer.ip, customer.device_id, created.customer_email)
    return Weighed(
        charge_id=past.charge_id,
        at=past.at,
        then=past.assessment,
        result="unreadable" if past.flaw else result_of(past.state),
        money=money_of(past.state),
        has_context=any(known),
    )


def _note_flaw(report: RiskReport, past: PastCharge) -> None:
    if past.flaw is not None:
        report.add_unreadable(past.charge_id, past.flaw)


def _recorded(past: PastCharge, rules: RuleSet) -> Decided | None:
    """What a version in shadow said of a charge then."""
    if past.assessment is None:
        return None
    for shadow in past.assessment.shadow:
        if shadow.rules_version == rules.version:
            return Decided(shadow.decision, shadow.rule, shadow.hits)
    return None


def _asked(past: PastCharge, trial: Trial, limits: Mapping[PspName, PspLimits]) -> _Asked:
    recorded = _NOTHING_RECORDED if past.assessment is None else past.assessment.facts
    request = _request(past, recorded, limits)
    known = known_of(request, request.instrument, past.at)
    of_card: dict[str, FactValue] = {name: value for name, value in recorded.items() if name in CARD_FACTS}
    if _came_by_number(past.created):
        # Live it was counted by a hash of its number, which the log does not have.
        of_card.setdefault(HAS_CARD, True)
    known = known._replace(facts={**known.facts, **of_card})
    questions = questions_of(known, (trial.rules,))
    return _Asked(past, request, known, questions, recorded, past.at < trial.selection.begins_at)


def _request(
    past: PastCharge, recorded: Mapping[str, RiskFact], limits: Mapping[PspName, PspLimits]
) -> RiskRequest:
    """What the engine was told of the charge, as far as the log keeps it: of a card what rules of then read."""
    told = {name: value for name, value in recorded.items() if isinstance(value, str)}
    instrument = CardInstrument(
        brand=told.get("card_brand"),
        country=told.get("card_country"),
        funding=told.get("card_funding"),
        fingerprint=told.get("card_fingerprint"),
    )
    request = risk_request(
        past.charge_id,
        past.created,
        limits,
        dedupe=past.charge_id.encode(),
        instrument=instrument,
        first_digits=told.get("card_bin"),
    )
    return replace(request, payment_token=None) if _came_by_number(past.created) else request


def _came_by_number(created: ChargeCreated) -> bool:
    """Whether the card came by its number: each such charge has a token of its own, which tells no card from another."""
    offered = () if created.plan is None else offered_of(created.plan)
    methods = (created.payment_method, *(one.payment_method for one in offered))
    return any(isinstance(one, UntokenisedCard) for one in methods)


def _observation(asked: _Asked) -> Observation:
    return Observation(
        merchant_id=asked.request.merchant_id,
        livemode=asked.request.livemode,
        dedupe=asked.request.dedupe,
        money=asked.request.money,
        values=asked.known.keys,
        card=asked.known.keys.get("card"),
        fingerprint=asked.known.fingerprint,
    )


def _decided(
    asked: _Asked, counts: Mapping[Counter, int], held: Collection[AskedThen], rules: RuleSet
) -> Decided:
    members = frozenset(
        membership
        for ask, membership in asked.questions.memberships.items()
        if asked.recorded.get(question(ask), _asked_then(asked, membership) in held)
    )
    readings = Readings(counts=counts, members=members)
    evidence = evidence_of(asked.known, asked.questions, readings, (rules,))
    request = asked.request
    case = Case(request.merchant_id, request.livemode, asked.past.at, request.can_hold, request.can_challenge)
    verdict = rules.decide(case, evidence.bound)
    return Decided(verdict.decision, verdict.rule, verdict.hits, verdict.unknown, verdict.errors)


async def _held_then(lists: RiskLists, asked: Collection[_Asked]) -> Collection[AskedThen]:
    """Which lists held what they are asked for, of the questions that the rules of then did not ask themselves."""
    unanswered = dict.fromkeys(
        _asked_then(one, membership)
        for one in asked
        if not one.is_before
        for ask, membership in one.questions.memberships.items()
        if question(ask) not in one.recorded
    )
    return await lists.held_then(list(unanswered)) if unanswered else ()


def _asked_then(asked: _Asked, membership: Membership) -> AskedThen:
    return AskedThen(membership, asked.request.merchant_id, asked.past.at)


def _longest_window(rules: RuleSet) -> timedelta:
    return timedelta(seconds=max((WINDOW_SECONDS[one.window] for one in rules.counters), default=0))
