"""The risk engine in a function of Lambda: what is asked, and what becomes of a charge where no good answer comes."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest
from harness.lambda_runtime import Answer
from msgspec.structs import replace
from prometheus_client import REGISTRY

from fincore.aws.risk_function import QUESTION_BYTES_MAX, RiskFunction
from fincore.domain.errors import ConfigurationError
from fincore.domain.payment_method import CardInstrument
from fincore.domain.risk import RiskAssessment, RuleError, RuleHit, ShadowAssessment
from fincore.write.risk.engine import RiskRequest
from fincore.write.risk.engine_question import NotAQuestion, answer_of, question_of, request_in
from fincore.write.risk.failure_mode import FailureMode
from fincore.write.risk.rules import RuleSet
from fixtures.lambda_invoke import Invocable, Refusal, invoke_endpoint
from fixtures.risk import REQUEST, rule, rule_set

NAME = "fincore-risk"
BLOCKED = RiskAssessment(
    rules_version=7,
    decision="block",
    elapsed_microseconds=1,
    rule="hit",
    hits=(RuleHit("hit", "block"),),
    unknown=("plain",),
    errors=(RuleError("plain", "no key"),),
    facts={"amount_minor": 1999},
    shadow=(ShadowAssessment(rules_version=8, decision="review", hits=(RuleHit("tried", "review"),)),),
)


class Rules:
    """A live version, which staff may retire before the next look."""

    shadow: Sequence[RuleSet] = ()
    lacks_live = False

    def __init__(self, *, is_retired: bool = False) -> None:
        self.live: RuleSet | None = rule_set(rule("plain", "amount_minor > 5000"), 7)
        self._is_retired = is_retired

    async def refresh(self) -> None:
        """Look again."""
        if self._is_retired:
            self.live = None


class Answering:
    """A function with one answer, which remembers what it was asked."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.asked: list[RiskRequest] = []

    async def __call__(self, event: Any) -> Answer:
        self.asked.append(request_in(event))
        return self.answer


def answering(assessment: RiskAssessment | None) -> Answering:
    return Answering(Answer(answer_of(assessment)))


async def assessed(
    invoke: Answering,
    *refusals: Refusal,
    mode: FailureMode = "closed",
    rules: Rules | None = None,
    timeout_seconds: float = 60,
    request: RiskRequest = REQUEST,
) -> RiskAssessment | None:
    function = Invocable(NAME, invoke)
    function.refusals += refusals
    async with invoke_endpoint(function) as lambda_:
        engine = RiskFunction(
            lambda_.client, NAME, rules or Rules(), timeout_seconds=timeout_seconds, failure_mode=mode
        )
        return await engine.assess(request)


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0


async def test_answer_of_the_function_is_the_assessment() -> None:
    """But for the time, which is that of the whole wait."""
    invoke = answering(BLOCKED)
    found = await assessed(invoke)
    assert found is not None
    assert found.elapsed_microseconds > 1
    assert replace(found, elapsed_microseconds=1) == BLOCKED
    assert invoke.asked == [REQUEST]


async def test_results_of_rules_are_counted_where_it_was_asked() -> None:
    samples = [
        ("fincore_risk_decisions_total", {"decision": "block"}),
        *(
            (
                "fincore_risk_rule_results_total",
                {"mode": mode, "rule": name, "action": action, "result": result},
            )
            for mode, name, action, result in (
                ("live", "hit", "block", "hit"),
                ("live", "plain", "block", "unknown"),
                ("live", "plain", "block", "error"),
                ("shadow", "tried", "review", "hit"),
            )
        ),
        (
            "fincore_risk_shadow_decisions_total",
            {"version": "8", "decision": "review", "live_decision": "block"},
        ),
    ]
    before = [counted(name, **labels) for name, labels in samples]
    await assessed(answering(BLOCKED))
    assert [counted(name, **labels) for name, labels in samples] == [value + 1 for value in before]


FAILURES: list[tuple[str, Answering, tuple[Refusal, ...]]] = [
    ("raised", Answering(Answer(None, "StoreUnavailable", "secret text")), ()),
    ("killed", Answering(Answer(None, "Sandbox.Timedout", "timed out")), ()),
    ("of another form", Answering(Answer({"form": 2, "assessment": None})), ()),
    ("no decision", Answering(Answer({"form": 1, "assessment": {"decision": "perhaps"}})), ()),
    ("throttled", answering(BLOCKED), ("throttled",)),
    ("too large", answering(BLOCKED), ("too large",)),
    ("denied", answering(BLOCKED), ("denied",)),
    ("broken", answering(BLOCKED), ("broken",)),
    ("strange", answering(BLOCKED), ("strange",)),
    ("closed twice", answering(BLOCKED), ("closed", "closed")),
    ("without rules", answering(None), ()),
]


@pytest.mark.parametrize(
    ("invoke", "refusals"), [one[1:] for one in FAILURES], ids=[one[0] for one in FAILURES]
)
async def test_failure_of_the_function_leaves_the_failure_mode(
    invoke: Answering, refusals: tuple[Refusal, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    before = counted("fincore_risk_unavailable_total", reason="engine_unavailable")
    found = await assessed(invoke, *refusals)
    assert found is not None
    assert (found.decision, found.unavailable, found.rules_version) == ("block", "engine_unavailable", 7)
    assert counted("fincore_risk_unavailable_total", reason="engine_unavailable") == before + 1
    assert "secret text" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("mode", "can_hold", "decision"),
    [
        ("open", True, "allow"),
        ("review", True, "review"),
        ("review", False, "block"),
        ("closed", True, "block"),
    ],
)
async def test_slow_function_leaves_the_failure_mode(
    mode: FailureMode,
    can_hold: bool,  # noqa: FBT001 -- a case of the table
    decision: str,
) -> None:
    request = replace(REQUEST, can_hold=can_hold)
    found = await assessed(answering(BLOCKED), "slow", mode=mode, timeout_seconds=0.2, request=request)
    assert found is not None
    assert (found.decision, found.unavailable) == (decision, "engine_slow")
    assert found.fell_back_from == ("review" if mode == "review" and not can_hold else None)


async def test_connection_that_was_closed_is_no_failure() -> None:
    found = await assessed(answering(BLOCKED), "closed")
    assert found is not None
    assert found.unavailable is None


async def test_charge_after_the_last_rules_are_retired_goes_on() -> None:
    assert await assessed(answering(None), rules=Rules(is_retired=True)) is None


async def test_function_is_not_asked_without_rules() -> None:
    invoke, rules = answering(BLOCKED), Rules()
    rules.live = None
    assert (await assessed(invoke, rules=rules), invoke.asked) == (None, [])


async def test_question_holds_nothing_of_a_card_but_what_rules_read() -> None:
    card = CardInstrument(
        brand="visa",
        last4="4242",
        expiry_month=1,
        expiry_year=2030,
        country="US",
        funding="credit",
        bin="424242",
    )
    question = question_of(replace(REQUEST, instrument=card))
    assert request_in(json.loads(question)).instrument == CardInstrument(
        brand="visa", country="US", funding="credit"
    )
    assert b"4242" not in question
    invoke = answering(BLOCKED)
    for changes in ({"number_hmac": "00"}, {"first_digits": "424242"}):
        found = await assessed(invoke, request=replace(REQUEST, **changes))
        assert found is not None
        assert found.unavailable == "engine_unavailable"
    assert invoke.asked == []


async def test_question_beyond_the_quota_is_not_sent() -> None:
    invoke = answering(BLOCKED)
    found = await assessed(invoke, request=replace(REQUEST, metadata={"a": "b" * QUESTION_BYTES_MAX}))
    assert found is not None
    assert (found.unavailable, invoke.asked) == ("engine_unavailable", [])


@pytest.mark.parametrize("event", [{}, {"form": 2, "request": {}}, {"form": 1, "request": {}}, [], None])
def test_function_refuses_what_is_no_question(event: object) -> None:
    with pytest.raises(NotAQuestion):
        request_in(event)


async def test_role_does_not_start_without_its_function() -> None:
    async with invoke_endpoint(Invocable(NAME, answering(BLOCKED))) as lambda_:

        def engine(name: str) -> RiskFunction:
            return RiskFunction(lambda_.client, name, Rules(), timeout_seconds=1, failure_mode="open")

        await engine(NAME).require_invocable()
        with pytest.raises(ConfigurationError, match="Lambda has no such function"):
            await engine("another").require_invocable()


async def test_charges_at_the_same_time_have_their_own_bounds() -> None:
    function = Invocable(NAME, answering(BLOCKED))
    function.refusals += ["slow", "slow"]
    async with invoke_endpoint(function) as lambda_:
        engine = RiskFunction(lambda_.client, NAME, Rules(), timeout_seconds=0.5, failure_mode="open")
        found = await asyncio.gather(*(engine.assess(REQUEST) for _ in range(5)))
    assert sorted(str(one and one.unavailable) for one in found) == ["None"] * 3 + ["engine_slow"] * 2
