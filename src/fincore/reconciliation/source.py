"""A source of settlement files: where they come from, of which account they are, and when to look for them. Pure."""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Final, get_args

import msgspec

from fincore.domain.outcome import PspAccount, PspName
from fincore.reconciliation.parsed_file import FileFormat

FORMATS: Final[tuple[FileFormat, ...]] = get_args(FileFormat)
PSP_OF_FORMAT: Final[Mapping[FileFormat, PspName]] = MappingProxyType(
    {
        "paypal_stl": PspName("paypal"),
        "stripe_payout_itemized": PspName("stripe"),
        "stripe_payout_summary": PspName("stripe"),
    }
)
"""Format -> the PSP that writes it."""
REPORT_NAMES: Final = "itemized-*.csv"
"""How the files of a source are called that is asked for reports of payouts."""


class SettlementSource(msgspec.Struct, frozen=True, kw_only=True):
    """One place that offers the settlement files of one account at a PSP.

    `account_id` is the account's id as its files state it, where that is checked. `names` is a pattern of file names (`*`, `?`, `[...]`). `cron` says when to look, in UTC; `late_after` how long after the last
    new file a further one is late, None where files come at no fixed time.
    """

    name: str
    psp: PspName
    psp_account: PspAccount
    livemode: bool
    account_id: str | None
    names: str
    format: FileFormat
    cron: str
    late_after: timedelta | None
