"""Why a file that is whole is not believed: it tells of a time that cannot be, or of another account. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from fincore.domain.counting import counted
from fincore.domain.currency import Currency
from fincore.domain.settlement_file import SUM_MINOR_MAX
from fincore.domain.told_times import unlikely_time
from fincore.reconciliation.parsed_file import FileFormat, quoted

ACCOUNT_ID_CHARACTERS_MAX: Final = 100
STATED_PERIOD_MAX: Final[Mapping[FileFormat, timedelta]] = MappingProxyType({"paypal_stl": timedelta(days=7)})
"""Format of which files state their period -> how long it may be. PayPal's is a day, of 25 hours where clocks are set back."""


def at_unlikely_times(
    *, told_from: datetime, told_until: datetime, fetched_at: datetime, livemode: bool
) -> str | None:
    """Why a file is refused that tells of this time, by its period or its lines; None where it may when it was fetched."""
    for at in (told_from, told_until):
        if (reason := unlikely_time(at, fetched_at, livemode=livemode)) is not None:
            return f"tells of {at:%Y-%m-%d %H:%M:%S %z}, which {reason}, when it was fetched"
    return None


def of_too_long_a_period(file_format: FileFormat, period: timedelta) -> str | None:
    """Why a file is refused that states a period of this length; None where its format may: what is before or within it is missing there."""
    longest = STATED_PERIOD_MAX.get(file_format)
    if longest is None or period <= longest:
        return None
    return f"states a period of {counted(period.days, 'day')}, and files of its format have at most {counted(longest.days, 'day')}"


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


def of_too_much(moved_minor: Mapping[Currency, int]) -> str | None:
    """Why a file is refused after which the files of its account moved this in and out.

    In one currency that stays within `SUM_MINOR_MAX`: so do the ledger's accounts and every sum over lines.
    """
    for currency, minor in sorted(moved_minor.items()):
        if minor > SUM_MINOR_MAX:
            return (
                f"brings what the files of its account moved in {currency.upper()} to more than can be booked: "
                "dismiss it, and ask the PSP"
            )
    return None
