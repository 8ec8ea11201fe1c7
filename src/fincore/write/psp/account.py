"""The accounts at PSPs that an installation has configured, as routing sees them. Pure data."""

import msgspec

from fincore.domain.outcome import PspAccount, PspName
from fincore.write.psp.limits import PspLimits


class ConfiguredAccount(msgspec.Struct, frozen=True, kw_only=True):
    """An account that charges of one mode may go to. `name` is unique among the accounts at its PSP, of both modes.

    `is_default`: it takes the charges that name no account, among the accounts at its PSP for its mode; exactly one does.
    """

    psp: PspName
    name: PspAccount
    livemode: bool
    is_default: bool
    limits: PspLimits


class BrowserAccess(msgspec.Struct, frozen=True, kw_only=True):
    """What a customer's browser needs of an account: the PSP's script, and by what the PSP knows the account there.

    None of it is secret. One of `publishable_key` and `client_id` is set.
    """

    script_url: str
    publishable_key: str | None = None
    client_id: str | None = None
