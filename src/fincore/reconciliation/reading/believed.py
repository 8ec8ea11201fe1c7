"""Why a file that is whole is not believed: it tells of a time that has not come, or of another account. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from fincore.domain.counting import counted
from fincore.reconciliation.parsed_file import quoted

ACCOUNT_ID_CHARACTERS_MAX: Final = 100
AHEAD_MAX: Final[Mapping[bool, timedelta]] = MappingProxyType(
    {True: timedelta(days=1), False: timedelta(days=366)}
)
"""Mode (live is True) -> how long after a file was fetched its period and its lines may be: clocks differ, and those of sandboxes and
of tests at PSPs are set ahead."""


def ahead_of_time(*, told_until: datetime, fetched_at: datetime, livemode: bool) -> str | None:
    """Why a file is refused that tells of times up to `told_until`; None where these may have passed when it was fetched."""
    if told_until <= fetched_at + AHEAD_MAX[livemode]:
        return None
    return (
        f"tells of a time up to {told_until:%Y-%m-%d %H:%M:%S %z}, and was fetched at {fetched_at:%Y-%m-%d %H:%M:%S %z}: it may be at most "
        f"{counted(AHEAD_MAX[livemode].days, 'day')} ahead"
    )


def of_another_account(*, stated: str | None, declared: str | None, before: str | None) -> str | None:
    """Why a file is refused that states the account `stated`; None where it may be of ours, or states none.

    A parser has compared it with the `declared` one. Where none is declared, the last file of the account that was read tells: `before`.
    """
    if stated is None or declared is not None:
        return None
    if len(stated) > ACCOUNT_ID_CHARACTERS_MAX:
        return f"names an account of more than {ACCOUNT_ID_CHARACTERS_MAX} characters"
    if before is None or stated == before:
        return None
    return (
        f"is about the account {quoted(stated)}, and the files before were about {quoted(before)}: declare the account_id of its source "
        "if both are yours"
    )
