"""A function that assesses charges: a role invokes it synchronously with one question, and waits within a bound of its own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Final, NamedTuple

from fincore.aws.deadline import Deadline, LambdaContext
from fincore.aws.lambda_environment import LambdaEnvironment
from fincore.bootstrap.functions.installed import installed
from fincore.bootstrap.functions.printed_metrics import METRICS
from fincore.bootstrap.risk_engine import engine_by
from fincore.domain.errors import ConfigurationError
from fincore.postgres.database_clock import DatabaseClock
from fincore.write.risk.engine import RiskEngine
from fincore.write.risk.engine_question import answer_of, request_in
from fincore.write.risk.rule_cache import RiskRuleCache
from fincore.write.risk.rule_versions import RiskRuleVersions


class _Kept(NamedTuple):
    engine: RiskEngine
    rules: RiskRuleCache
    clock: DatabaseClock


@asynccontextmanager
async def _opened() -> AsyncIterator[_Kept]:
    async with installed("risk") as found:
        rules = RiskRuleCache(RiskRuleVersions(found.stores.eventstore))
        async with engine_by(rules, found.stores, found.clock, found.settings) as engine:
            yield _Kept(engine, rules, found.clock)


COUNTED_WHERE_ASKED: Final = frozenset(
    {"fincore_risk_unavailable_total", "fincore_risk_rule_results_total", "fincore_risk_decisions_total"}
)
METRICS.leave_out(COUNTED_WHERE_ASKED)
_ENVIRONMENT: Final = LambdaEnvironment(_opened, ended=METRICS.write)


def assess(event: object, context: LambdaContext) -> object:
    """Handler of a synchronous invocation with a question of `fincore.write.risk.engine_question`."""
    return _ENVIRONMENT.run(partial(_assess, event), context)


async def _assess(event: object, kept: _Kept, deadline: Deadline) -> object:
    request = request_in(event)
    # The process was frozen for any time since it last read the clock and the rules.
    async with asyncio.timeout(deadline.seconds_left()):
        await asyncio.gather(kept.clock.measure_anew(), _look(kept.rules))
    return answer_of(await kept.engine.assess(request))


async def _look(rules: RiskRuleCache) -> None:
    try:
        await rules.refresh()
    except ConfigurationError as error:
        rules.looks.tell_unusable(error)
