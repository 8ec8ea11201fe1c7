"""The port RiskEngine on a function of Lambda that is invoked synchronously: its answer within a bound, or the failure mode.

Answers are AWS's: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html.
"""

import asyncio
import re
import time
from collections.abc import Mapping
from typing import Any, Final, Protocol

import msgspec
import structlog
from botocore.exceptions import BotoCoreError, ClientError, ConnectionClosedError
from msgspec.structs import replace

from fincore.aws.refusals import said_by
from fincore.domain.errors import ConfigurationError, FinCoreError
from fincore.domain.risk import RiskAssessment, RiskUnavailable
from fincore.write.risk.counted_assessment import count_assessment, count_rule_results
from fincore.write.risk.engine import RiskRequest
from fincore.write.risk.engine_question import NotAnAnswer, assessment_in, question_of
from fincore.write.risk.failure_mode import FailureMode, fallback
from fincore.write.risk.in_process_engine import Rules
from fincore.write.risk.shared_deadline import SharedDeadline

QUESTION_BYTES_MAX: Final = 6 * 1024 * 1024
"""The quota of a synchronous invocation, which no emulator enforces."""
ANSWER_BYTES_MAX: Final = 1024 * 1024
TRIES_MAX: Final = 2
"""A kept connection may be closed as a request is sent on it; a repeated question is one attempt."""
ERROR_TYPE_CHARACTERS_MAX: Final = 100
_TYPE: Final = re.compile(r"[A-Za-z0-9_.]+")
_REFUSED_FOR_GOOD: Final = frozenset(
    {"ResourceNotFoundException", "AccessDeniedException", "UnrecognizedClientException"}
)

_log = structlog.get_logger(__name__)


class LambdaClient(Protocol):
    """What is used of the client that aiobotocore makes. It raises `ClientError` and `BotoCoreError` of botocore."""

    async def invoke(self, **request: Any) -> Mapping[str, Any]: ...


class FollowedRules(Rules, Protocol):
    """The versions that are in force as the asking process knows them: whether to ask at all, and what each rule does."""

    async def refresh(self) -> None:
        """Look for changes now."""
        ...


class FunctionUnavailable(FinCoreError):
    """The function did not answer as it should; the message is a clause, and holds nothing of the charge."""


class RiskFunction:
    """A `RiskEngine`. `timeout_seconds` bounds the wait for the function; beyond it, `failure_mode` counts."""

    def __init__(
        self,
        client: LambdaClient,
        name: str,
        rules: FollowedRules,
        *,
        timeout_seconds: float,
        failure_mode: FailureMode,
    ) -> None:
        self._client = client
        self._name = name
        self._rules = rules
        self._timeout_seconds = timeout_seconds
        self._failure_mode: FailureMode = failure_mode
        self._bound = SharedDeadline()
        self._failing: str | None = None

    @property
    def is_active(self) -> bool:
        """Whether a version is live or in shadow, as far as this process knows."""
        return self._rules.live is not None or bool(self._rules.shadow) or self._rules.lacks_live

    async def require_invocable(self) -> None:
        """Ask whether the function is there and may be invoked. Raises `ConfigurationError`; while Lambda is away, it only logs."""
        try:
            await self._client.invoke(FunctionName=self._name, InvocationType="DryRun", Payload=b"{}")
        except (BotoCoreError, ClientError, OSError) as error:
            reason = said_by("Lambda", error)
            code = error.response.get("Error", {}).get("Code") if isinstance(error, ClientError) else None
            if code in _REFUSED_FOR_GOOD:
                raise ConfigurationError(
                    f"{reason}: FINCORE_RISK_FUNCTION must name a function that this process may invoke"
                ) from None
            _log.error("risk.function_unavailable", reason=reason)

    async def assess(self, request: RiskRequest) -> RiskAssessment | None:
        """What the function says of a charge, or the failure mode."""
        if not self.is_active:
            return None
        begun = time.perf_counter_ns()
        deadline = asyncio.get_running_loop().time() + self._timeout_seconds
        unavailable: RiskUnavailable = "engine_unavailable"
        reason = ""
        try:
            assessment = await self._bound.answer(self._asked(request), deadline)
        except TimeoutError:
            unavailable, reason = "engine_slow", f"no answer within {self._timeout_seconds:g} s"
        except FunctionUnavailable as error:
            reason = str(error)
        except Exception as error:  # noqa: BLE001 -- a defect leaves the failure mode, and is logged
            _log.exception("risk.assessment_failed", charge_id=request.charge_id)
            reason = type(error).__name__
        else:
            self._tell(None)
            if assessment is None:
                return None
            assessment = replace(assessment, elapsed_microseconds=_microseconds_since(begun))
            self._count(assessment)
            return assessment
        self._tell(reason)
        assessment = self._failed(request, begun, unavailable)
        self._count(assessment)
        return assessment

    async def _asked(self, request: RiskRequest) -> RiskAssessment | None:
        question = question_of(request)
        if len(question) > QUESTION_BYTES_MAX:
            raise FunctionUnavailable("the question is larger than an invocation may be")
        try:
            assessment = assessment_in(await self._invoked(question))
        except NotAnAnswer as error:
            raise FunctionUnavailable(str(error)) from None
        if assessment is None:
            # Rules were in force here. Either they have just been retired, or the function reads another installation.
            await self._rules.refresh()
            if self.is_active:
                raise FunctionUnavailable("the function knows of no rules, and there are some")
        return assessment

    async def _invoked(self, question: bytes) -> bytes:
        for tried in range(1, TRIES_MAX + 1):
            try:
                answer = await self._client.invoke(
                    FunctionName=self._name, InvocationType="RequestResponse", Payload=question
                )
                payload: bytes = await answer["Payload"].read()
            except ConnectionClosedError as error:
                if tried == TRIES_MAX:
                    raise FunctionUnavailable(said_by("Lambda", error)) from None
            except (BotoCoreError, ClientError, OSError) as error:
                raise FunctionUnavailable(said_by("Lambda", error)) from None
            else:
                break
        if answer.get("FunctionError"):
            raise FunctionUnavailable(f"the function failed ({_error_type(payload)}): its log has the error")
        if len(payload) > ANSWER_BYTES_MAX:
            raise FunctionUnavailable("the answer is too long")
        return payload

    def _failed(self, request: RiskRequest, begun: int, unavailable: RiskUnavailable) -> RiskAssessment:
        decided = fallback(self._failure_mode, can_hold=request.can_hold)
        return RiskAssessment(
            rules_version=0 if self._rules.live is None else self._rules.live.version,
            decision=decided.decision,
            fell_back_from=decided.fell_back_from,
            elapsed_microseconds=_microseconds_since(begun),
            unavailable=unavailable,
        )

    def _count(self, assessment: RiskAssessment) -> None:
        live = self._rules.live
        known = (*((live,) if live else ()), *self._rules.shadow)
        count_assessment(assessment)
        count_rule_results(assessment, {one.version: one.actions for one in known})

    def _tell(self, reason: str | None) -> None:
        """Log the first failure of a kind, and the first answer after it: every charge is counted."""
        if reason == self._failing:
            return
        if reason is not None:
            _log.error("risk.function_unavailable", reason=reason)
        else:
            _log.info("risk.function_answers_again")
        self._failing = reason


def _microseconds_since(begun: int) -> int:
    return (time.perf_counter_ns() - begun) // 1_000


class _Error(msgspec.Struct, rename="camel"):
    error_type: str = ""


def _error_type(payload: bytes) -> str:
    """The type of an error as Lambda tells it, such as `Sandbox.Timedout`; its text may hold anything, and is left out."""
    try:
        said = msgspec.json.decode(payload[:ANSWER_BYTES_MAX], type=_Error).error_type
    except (msgspec.DecodeError, UnicodeDecodeError):
        return "no type"
    return said if len(said) <= ERROR_TYPE_CHARACTERS_MAX and _TYPE.fullmatch(said) else "no type"
