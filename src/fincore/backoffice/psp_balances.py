"""What PSPs say that they hold for us, beside the books: every account is asked at once, and one that fails holds up no other."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, NamedTuple

import msgspec

from fincore.domain.currency import Currency
from fincore.domain.outcome import PspAccount, PspName
from fincore.postgres.pool import Pool
from fincore.read.ledgerdb.balances import AccountBalance, Balances
from fincore.write.psp.stated_balance import StatedBalance

ASKED_AT_ONCE_MAX: Final = 16
ASK_SECONDS_MAX: Final = 20.0
"""How long one account may take to be asked."""
SEGMENTS: Final = ("psp", "{psp}", "{account}", "{part}", "{currency}")

Ask = Callable[[], Awaitable[StatedBalance]]


class AskedAccount(NamedTuple):
    """An account at a PSP that is configured."""

    psp: PspName
    psp_account: PspAccount
    livemode: bool


class ComparedBalance(msgspec.Struct, frozen=True, kw_only=True):
    """What a PSP says that it holds in one currency, and the accounts of the ledger that this is made of, in minor units."""

    account: AskedAccount
    currency: Currency
    stated: StatedBalance
    balance_minor: int = 0
    clearing_minor: int = 0
    held_minor: int = 0
    unmatched_minor: int = 0

    @property
    def stated_minor(self) -> int:
        """What the PSP says; nothing in a currency that it does not list."""
        return self.stated.amounts.get(self.currency, 0)

    @property
    def booked_minor(self) -> int:
        """What it should hold by the books. What a statement tells and nothing explains is in `balance`, and may be in `clearing`, too."""
        return self.balance_minor + self.clearing_minor + self.held_minor - self.unmatched_minor

    @property
    def difference_minor(self) -> int:
        """What it says less what it should hold."""
        return self.stated_minor - self.booked_minor


class PspBalances(msgspec.Struct, frozen=True, kw_only=True):
    """The balances that were compared, and for each account that could not be asked the reason."""

    compared: tuple[ComparedBalance, ...]
    problems: Mapping[AskedAccount, str]


async def compare_balances(
    ledgerdb: Pool, asks: Mapping[AskedAccount, Ask], *, seconds_max: float = ASK_SECONDS_MAX
) -> PspBalances:
    """Ask each account, then read the books: what moved in between shows as a difference."""
    at_once = asyncio.Semaphore(ASKED_AT_ONCE_MAX)

    async def asked(ask: Ask) -> StatedBalance:
        async with at_once:
            try:
                async with asyncio.timeout(seconds_max):
                    return await ask()
            except TimeoutError:
                return StatedBalance(problem=f"the PSP did not answer within {seconds_max:g} s: repeat later")

    stated = dict(zip(asks, await asyncio.gather(*map(asked, asks.values())), strict=True))
    booked = {
        livemode: await Balances(ledgerdb).accounts(livemode=livemode)
        for livemode in {account.livemode for account in stated}
    }
    return PspBalances(
        compared=tuple(
            one
            for account, told in stated.items()
            if told.problem is None
            for one in _compared(account, told, booked[account.livemode])
        ),
        problems={account: told.problem for account, told in stated.items() if told.problem is not None},
    )


def _compared(
    account: AskedAccount, stated: StatedBalance, booked: list[AccountBalance]
) -> list[ComparedBalance]:
    parts: defaultdict[Currency, dict[str, int]] = defaultdict(dict)
    for one in booked:
        segments = one.name.split(":")
        if len(segments) == len(SEGMENTS) and segments[:3] == ["psp", account.psp, account.psp_account]:
            parts[one.currency][segments[3]] = one.balance_minor
    return [
        ComparedBalance(
            account=account,
            currency=currency,
            stated=stated,
            balance_minor=parts[currency].get("balance", 0),
            clearing_minor=parts[currency].get("clearing", 0),
            held_minor=parts[currency].get("held", 0),
            unmatched_minor=parts[currency].get("unmatched", 0),
        )
        for currency in sorted({*stated.amounts, *parts})
    ]
