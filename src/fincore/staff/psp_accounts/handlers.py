"""/staff/v1/psp_accounts: the accounts at PSPs, what each can do, and whether it is called now."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response, json_response
from fincore.staff.access.admission import Admission, Visit
from fincore.staff.psp_accounts.body import StaffPspAccountList, render_account
from fincore.staff.psp_accounts.openapi import LIST_PSP_ACCOUNTS
from fincore.write.psp.account import ConfiguredAccount
from fincore.write.routing.breaker_store import NOTHING_KNOWN, AccountKey, SharedBreaker

ReadBreakers = Callable[[], Awaitable[Mapping[AccountKey, SharedBreaker] | None]]
"""The breakers that have a state; None where they could not be read."""


class PspAccountHandlers:
    """The handler of accounts."""

    def __init__(
        self, admission: Admission, accounts: Sequence[ConfiguredAccount], read_breakers: ReadBreakers
    ) -> None:
        self._admission = admission
        self._accounts = accounts
        self._read_breakers = read_breakers

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        return (
            self._admission.route(
                "GET", "/staff/v1/psp_accounts", LIST_PSP_ACCOUNTS, self.list, permission="routes.read"
            ),
        )

    async def list(self, _: Call, visit: Visit) -> Response:
        """The accounts of the modes that the caller sees."""
        breakers = await self._read_breakers()
        seen = [
            account
            for account in self._accounts
            if visit.person.scope(visit.permission, livemode=account.livemode) is not None
        ]
        shown = [
            render_account(
                account,
                None
                if breakers is None
                else breakers.get(AccountKey(account.psp, account.name), NOTHING_KNOWN),
            )
            for account in sorted(seen, key=lambda one: (one.psp, one.name))
        ]
        return json_response(200, StaffPspAccountList(data=shown))
