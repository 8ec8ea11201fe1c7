"""Checks of accounts run at once, and none holds up the others for longer than the bound."""

import asyncio

from fincore.backoffice.account_checks import run_checks
from fincore.write.psp.account_check import AccountCheck


async def test_checks_run_at_once_and_keep_their_order() -> None:
    both_begun = asyncio.Barrier(2)

    async def check() -> AccountCheck:
        await both_begun.wait()
        return AccountCheck(may=("refund",))

    found = await run_checks({"one": check, "two": check})
    assert list(found.items()) == [
        ("one", AccountCheck(may=("refund",))),
        ("two", AccountCheck(may=("refund",))),
    ]


async def test_check_without_an_end_is_a_problem() -> None:
    async def check() -> AccountCheck:
        await asyncio.Event().wait()
        return AccountCheck()

    found = await run_checks({"one": check}, seconds_max=0.01)
    assert found["one"].problems == ("the PSP did not answer within 0.01 s: repeat later",)


async def test_check_that_fails_is_a_problem_of_its_account_only() -> None:
    async def fails() -> AccountCheck:
        raise ValueError("sk_test_hidden")

    async def works() -> AccountCheck:
        return AccountCheck(may=("refund",))

    found = await run_checks({"one": fails, "two": works})
    assert found["one"].problems == ("it could not be checked (ValueError): this is a fault of FinCore",)
    assert found["two"] == AccountCheck(may=("refund",))
