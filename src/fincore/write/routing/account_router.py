"""The router over the configured accounts. Pure."""

from collections.abc import Sequence

from fincore.domain.errors import ConfigurationError
from fincore.domain.route_plan import RoutePlan
from fincore.write.psp.account import ConfiguredAccount
from fincore.write.routing.plan import plan_of
from fincore.write.routing.router import NoRoute, RouteRequest


class AccountRouter:
    """A `Router` over accounts in the order of preference. Raise `ConfigurationError` for accounts that a charge cannot tell apart."""

    def __init__(self, accounts: Sequence[ConfiguredAccount]) -> None:
        _require_distinct(accounts)
        self._accounts = tuple(accounts)

    def route(self, request: RouteRequest) -> RoutePlan | NoRoute:
        """The accounts that may carry the charge, in order."""
        return plan_of(request, self._accounts)


def _require_distinct(accounts: Sequence[ConfiguredAccount]) -> None:
    """A payment method names an account without its PSP, so the name and the type together must mean one account."""
    seen: dict[tuple[bool, str, str], ConfiguredAccount] = {}
    for account in accounts:
        for kind in account.limits.payment_method_types:
            other = seen.setdefault((account.livemode, account.name, kind), account)
            if other is not account:
                raise ConfigurationError(
                    f"{other.psp} and {account.psp} both have an account {account.name} that takes {kind}: rename one of them"
                )
