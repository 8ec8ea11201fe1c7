"""Checks of accounts at PSPs: every account is asked at once, within bounds, and one that fails holds up no other."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, TypeVar

from fincore.write.psp.account_check import AccountCheck

CHECKS_AT_ONCE_MAX: Final = 16
CHECK_SECONDS_MAX: Final = 20.0
"""How long the check of one account may take."""

K = TypeVar("K")

Check = Callable[[], Awaitable[AccountCheck]]


async def run_checks(
    checks: Mapping[K, Check], *, seconds_max: float = CHECK_SECONDS_MAX
) -> dict[K, AccountCheck]:
    """The result of each check, in their order."""
    at_once = asyncio.Semaphore(CHECKS_AT_ONCE_MAX)

    async def run(check: Check) -> AccountCheck:
        async with at_once:
            try:
                async with asyncio.timeout(seconds_max):
                    return await check()
            except TimeoutError:
                return AccountCheck(
                    problems=(f"the PSP did not answer within {seconds_max:g} s: repeat later",)
                )
            except Exception as error:  # noqa: BLE001 -- an account that cannot be checked is named; the others are looked at
                # Its text may quote what was sent.
                return AccountCheck(
                    problems=(
                        f"it could not be checked ({type(error).__name__}): this is a fault of FinCore",
                    )
                )

    results = await asyncio.gather(*map(run, checks.values()))
    return dict(zip(checks, results, strict=True))
