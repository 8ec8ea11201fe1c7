"""The risk engine in the process that asks: rules in memory; counters, lists and earlier cards from stores, within a bound of time."""

import asyncio
import time
from collections.abc import Awaitable, Mapping, Sequence
from types import MappingProxyType
from typing import Final, Literal, Protocol, TypeVar

import structlog

from fincore.domain.clock import Clock
from fincore.domain.errors import Overloaded, StoreUnavailable
from fincore.domain.payment_method import CardInstrument
from fincore.domain.risk import (
    RiskAssessment,
    RiskDecision,
    RiskFact,
    RiskUnavailable,
    RuleError,
    ShadowAssessment,
)
from fincore.observability.failpoints import failpoint
from fincore.write.risk.counted_assessment import count_assessment
from fincore.write.risk.engine import RiskRequest
from fincore.write.risk.evidence import Questions, evidence_of, questions_of
from fincore.write.risk.failure_mode import FailureMode, fallback
from fincore.write.risk.features import Known, known_of
from fincore.write.risk.instruments import EarlierCards, completed, instrument_of
from fincore.write.risk.metrics import RULE_RESULTS, SHADOW_DECISIONS
from fincore.write.risk.rules import STRICTNESS, Case, RuleSet, Verdict
from fincore.write.risk.shared_deadline import SharedDeadline
from fincore.write.risk.store import Observation, Readings, RiskStore

UNKNOWN_KEPT_MAX: Final = 50
ERRORS_KEPT_MAX: Final = 20
REASON_CHARACTERS_MAX: Final = 200
"""How much of what rules did not decide is kept with a charge; the metrics count all of it."""

Answer = TypeVar("Answer")

_log = structlog.get_logger(__name__)


class Rules(Protocol):
    """The versions of the rules that are in force."""

    @property
    def live(self) -> RuleSet | None:
        """The version that decides."""
        ...

    @property
    def shadow(self) -> Sequence[RuleSet]:
        """The versions that are tried out."""
        ...

    @property
    def lacks_live(self) -> bool:
        """Whether a version is live that cannot be used, and none before it can."""
        ...


class InProcessEngine:
    """A `RiskEngine`. `timeout_seconds` bounds the wait for the store and for `cards`; beyond it, `failure_mode` counts."""

    def __init__(
        self,
        rules: Rules,
        store: RiskStore,
        cards: EarlierCards,
        clock: Clock,
        *,
        timeout_seconds: float,
        failure_mode: FailureMode,
    ) -> None:
        self._rules = rules
        self._store = store
        self._cards = cards
        self._clock = clock
        self._timeout_seconds = timeout_seconds
        self._failure_mode: FailureMode = failure_mode
        self._logged: set[tuple[int, str]] = set()
        self._bound = SharedDeadline()

    @property
    def is_active(self) -> bool:
        """Whether a version is live or in shadow."""
        return self._rules.live is not None or bool(self._rules.shadow) or self._rules.lacks_live

    async def assess(self, request: RiskRequest) -> RiskAssessment | None:
        """What the live rules say of a charge, and beside it what those in shadow say."""
        if not self.is_active:
            return None
        begun = time.perf_counter_ns()
        live, shadow = self._rules.live, tuple(self._rules.shadow)
        try:
            assessment = await self._assessed(request, live, shadow, begun)
        except Exception:  # noqa: BLE001 -- a defect of the engine leaves the failure mode, and is logged
            _log.exception("risk.assessment_failed", charge_id=request.charge_id)
            assessment = _assessment(
                live, self._failed(request, Verdict()), begun=begun, unavailable="no_rules"
            )
        count_assessment(assessment)
        return assessment

    async def _assessed(
        self, request: RiskRequest, live: RuleSet | None, shadow: tuple[RuleSet, ...], begun: int
    ) -> RiskAssessment:
        now = self._clock.now()
        sets = (*((live,) if live else ()), *shadow)
        deadline = asyncio.get_running_loop().time() + self._timeout_seconds
        lacking = frozenset(one.version for one in sets if lacks_card(request, one))
        earlier, cards_unread = await self._earlier_card(request, deadline) if lacking else (None, None)
        known = known_of(request, completed(request.instrument, earlier), now)
        if cards_unread is not None:
            known = known.without_earlier_cards()
        questions = questions_of(known, sets)
        readings, unread = await self._read(request, known, questions, deadline)

        def missing(one: RuleSet) -> RiskUnavailable | None:
            """Why a version could not be told what it needs."""
            return (unread if one.needs_store else None) or (cards_unread if one.version in lacking else None)

        evidence = evidence_of(known, questions, readings, sets)
        case = Case(request.merchant_id, request.livemode, now, request.can_hold, request.can_challenge)
        verdict = Verdict() if live is None else live.decide(case, evidence.bound)
        unavailable: RiskUnavailable | None = None
        if live is None and self._rules.lacks_live:
            unavailable = "no_rules"
        elif live is not None:
            unavailable = missing(live)
        if unavailable is not None:
            verdict = self._failed(request, verdict)
        if live is not None:
            self._tell(live, verdict, "live")
        tried = tuple(
            self._tried(one, one.decide(case, evidence.bound), verdict.decision)
            for one in shadow
            if missing(one) is None
        )
        return _assessment(
            live, verdict, begun=begun, unavailable=unavailable, facts=evidence.kept, shadow=tried
        )

    async def _earlier_card(
        self, request: RiskRequest, deadline: float
    ) -> tuple[CardInstrument | None, RiskUnavailable | None]:
        """What PSPs told earlier of the card behind the token of a charge, or why that is not known."""
        instrument = instrument_of(
            request.payment_token or "", merchant_id=request.merchant_id, livemode=request.livemode
        )
        return await self._answered(self._cards.find(instrument), deadline, request)

    async def _read(
        self, request: RiskRequest, known: Known, questions: Questions, deadline: float
    ) -> tuple[Readings | None, RiskUnavailable | None]:
        """What the store says, or why it does not. Without a question it is not asked."""
        counters, memberships = questions.counters, frozenset(questions.memberships.values())
        if not counters and not memberships:
            return Readings(counts={}), None
        observation = Observation(
            merchant_id=request.merchant_id,
            livemode=request.livemode,
            dedupe=request.dedupe,
            money=request.money,
            values=known.keys,
            card=known.keys.get("card"),
            fingerprint=known.fingerprint,
        )
        failpoint("risk", "before")
        readings, unread = await self._answered(
            self._store.observe(observation, counters, memberships), deadline, request
        )
        if unread is None:
            failpoint("risk", "after")
        return readings, unread

    async def _answered(
        self, asked: Awaitable[Answer], deadline: float, request: RiskRequest
    ) -> tuple[Answer | None, RiskUnavailable | None]:
        """The answer of a store, or why there is none by `deadline`, a time of the event loop."""
        try:
            return await self._bound.answer(asked, deadline), None
        except TimeoutError:
            return None, "store_slow"
        except (StoreUnavailable, Overloaded):
            return None, "store_unavailable"
        except Exception:  # noqa: BLE001 -- a defect of the store leaves the failure mode, and is logged
            _log.exception("risk.store_failed", charge_id=request.charge_id)
            return None, "store_unavailable"

    def _failed(self, request: RiskRequest, verdict: Verdict) -> Verdict:
        """The stricter of what rules decided without the store, and of the failure mode."""
        demanded = fallback(self._failure_mode, can_hold=request.can_hold)
        if STRICTNESS.index(demanded.decision) <= STRICTNESS.index(verdict.decision):
            return verdict
        return verdict._replace(decision=demanded.decision, rule=None, fell_back_from=demanded.fell_back_from)

    def _tried(self, rules: RuleSet, verdict: Verdict, decided: RiskDecision) -> ShadowAssessment:
        self._tell(rules, verdict, "shadow")
        SHADOW_DECISIONS.labels(str(rules.version), verdict.decision, decided).inc()
        return ShadowAssessment(
            rules_version=rules.version, decision=verdict.decision, rule=verdict.rule, hits=verdict.hits
        )

    def _tell(self, rules: RuleSet, verdict: Verdict, mode: Literal["live", "shadow"]) -> None:
        """Count what each rule said; the first error of each rule is logged."""
        for hit in verdict.hits:
            RULE_RESULTS.labels(mode, hit.rule, hit.action, "hit").inc()
        for name in verdict.unknown:
            RULE_RESULTS.labels(mode, name, rules.actions[name], "unknown").inc()
        for error in verdict.errors:
            RULE_RESULTS.labels(mode, error.rule, rules.actions[error.rule], "error").inc()
            if (rules.version, error.rule) not in self._logged:
                self._logged.add((rules.version, error.rule))
                _log.warning(
                    "risk.rule_erred", rule=error.rule, rules_version=rules.version, reason=error.reason
                )


def lacks_card(request: RiskRequest, rules: RuleSet) -> bool:
    """Whether rules need a fact of the card that the request does not tell, and a payment by the same token may have told."""
    told = request.instrument or CardInstrument()
    return bool(request.payment_token) and any(not getattr(told, field) for field in rules.card_fields)


def _assessment(
    live: RuleSet | None,
    verdict: Verdict,
    *,
    begun: int,
    unavailable: RiskUnavailable | None,
    facts: Mapping[str, RiskFact] = MappingProxyType({}),
    shadow: tuple[ShadowAssessment, ...] = (),
) -> RiskAssessment:
    return RiskAssessment(
        rules_version=0 if live is None else live.version,
        decision=verdict.decision,
        elapsed_microseconds=(time.perf_counter_ns() - begun) // 1_000,
        rule=verdict.rule,
        fell_back_from=verdict.fell_back_from,
        hits=verdict.hits,
        unknown=verdict.unknown[:UNKNOWN_KEPT_MAX],
        errors=tuple(
            RuleError(error.rule, error.reason[:REASON_CHARACTERS_MAX])
            for error in verdict.errors[:ERRORS_KEPT_MAX]
        ),
        facts=facts,
        unavailable=unavailable,
        shadow=shadow,
    )
