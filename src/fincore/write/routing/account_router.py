"""The router over the configured accounts, by the live rules. It decides in memory, and counts the rules that err."""

from collections.abc import Callable, Sequence

import structlog

from fincore.domain.errors import ConfigurationError
from fincore.domain.route_plan import RoutePlan
from fincore.write.psp.account import ConfiguredAccount
from fincore.write.routing.metrics import RULE_ERRORS
from fincore.write.routing.router import NoRoute, RouteRequest
from fincore.write.routing.rules import LiveRules, RuleError, routed

_log = structlog.get_logger(__name__)


class AccountRouter:
    """A `Router` over accounts in the order of preference. Raise `ConfigurationError` for accounts that a charge cannot tell apart.

    `live` gives the live rules; None where there are none.
    """

    def __init__(
        self, accounts: Sequence[ConfiguredAccount], live: Callable[[], LiveRules | None] = lambda: None
    ) -> None:
        require_distinct(accounts)
        self._accounts = tuple(accounts)
        self._live = live
        self._told: set[tuple[int, str]] = set()

    def route(self, request: RouteRequest) -> RoutePlan | NoRoute:
        """The accounts that may carry the charge, in order."""
        live = self._live()
        plan, errors = routed(request, self._accounts, live)
        if errors and live is not None:
            self._tell(live.version, request, errors)
        return plan

    def _tell(self, version: int, request: RouteRequest, errors: Sequence[RuleError]) -> None:
        """Count each error; log the first of each rule of a version, so that one rule does not fill the log."""
        for rule, reason in errors:
            RULE_ERRORS.labels(rule).inc()
            if (version, rule) not in self._told:
                if all(known != version for known, _ in self._told):
                    self._told.clear()
                self._told.add((version, rule))
                _log.warning(
                    "routing.rule_erred", rule=rule, version=version, reason=reason, charge_id=request.key
                )


def require_distinct(accounts: Sequence[ConfiguredAccount]) -> None:
    """Raise `ConfigurationError` where two accounts of a mode have one name and take one type of payment method.

    A payment method names an account without its PSP, so that the name and the type together must mean one account.
    """
    seen: dict[tuple[bool, str, str], ConfiguredAccount] = {}
    for account in accounts:
        for kind in sorted(account.limits.payment_method_types):
            other = seen.setdefault((account.livemode, account.name, kind), account)
            if other is not account:
                raise ConfigurationError(
                    f"{other.psp} and {account.psp} both have an account {account.name} that takes {kind}: rename one of them"
                )
