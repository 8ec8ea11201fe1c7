"""What an account at each PSP is declared with: its fields, which process needs each, and what may be wrong with one. Pure."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, Literal
from urllib.parse import urlsplit

import msgspec

from fincore.domain.outcome import PspName
from fincore.write.psp.paypal.account import LIVE_URL, PAYPAL, SANDBOX_URL
from fincore.write.psp.stripe.account import (
    STRIPE,
    STRIPE_BASE_URL,
    publishable_key_flaw,
    secret_key_flaw,
    webhook_secret_flaw,
)
from fincore.write.settlement.bank_account import bank_account_flaw

AccountPart = Literal["calls", "webhooks", "browser", "settlement"]
"""A worker calls the PSP and records its payouts, an API process takes its webhooks, and a checkout process tells browsers what they
need of it: each is given only the fields of its parts."""

FlawOf = Callable[[str, bool], str | None]
"""What is wrong with a value of an account for live money (true) or test money, as the rest of a sentence."""


class AccountField(msgspec.Struct, frozen=True, kw_only=True):
    """A value that an account has, for one part or more. `is_list`: it may have several, in one text separated by commas.

    A secret is declared by reference only; any other value may be written down as it is.
    """

    name: str
    parts: tuple[AccountPart, ...]
    is_required: bool = True
    is_secret: bool = True
    is_list: bool = False
    flaw_of: FlawOf = lambda _value, _livemode: None


class AccountForm(msgspec.Struct, frozen=True, kw_only=True):
    """What the accounts at one PSP are declared with. `own_urls`: where the PSP itself is called, by livemode.

    `own_script_url` is the PSP's script for browsers, and `script_path` where a simulator serves one in its place.
    `takes_ca_file`: a simulator of it signs with certificates, of the authority in a file.
    """

    own_urls: Mapping[bool, str]
    own_script_url: str
    script_path: str
    fields: tuple[AccountField, ...]
    takes_ca_file: bool = False

    def of_part(self, part: AccountPart) -> tuple[AccountField, ...]:
        """The fields that one kind of process is given."""
        return tuple(field for field in self.fields if part in field.parts)


def setting_of(psp: PspName, field: str, *, livemode: bool) -> str:
    """The setting that holds a field of the account that settings declare, one for each PSP and mode."""
    return f"FINCORE_{psp}_{'live' if livemode else 'test'}_{field}".upper()


def script_url_flaw(url: str, *, livemode: bool) -> str | None:
    """What is wrong with the address of a script for browsers, as the rest of a sentence; None where nothing shows."""
    try:
        parts = urlsplit(url)
        is_address = bool(parts.hostname) and not (parts.username or parts.query or parts.fragment)
        is_local = parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1", "::1")
    except ValueError:
        is_address = is_local = False
    if is_address and (parts.scheme == "https" or (is_local and not livemode)):
        return None
    return "must be an https:// URL without a login, query or fragment: what it serves runs in the pages of customers"


_SCRIPT_URL: Final = AccountField(
    name="script_url",
    parts=("browser",),
    is_required=False,
    is_secret=False,
    flaw_of=lambda url, livemode: script_url_flaw(url, livemode=livemode),
)

_BANK_ACCOUNT: Final = AccountField(
    name="bank_account",
    parts=("settlement",),
    is_required=False,
    is_secret=False,
    flaw_of=lambda name, _: bank_account_flaw(name),
)

FORMS: Final[Mapping[PspName, AccountForm]] = MappingProxyType(
    {
        STRIPE: AccountForm(
            own_urls={False: STRIPE_BASE_URL, True: STRIPE_BASE_URL},
            own_script_url="https://js.stripe.com/v3/",
            script_path="/v3/",
            fields=(
                AccountField(
                    name="secret_key",
                    parts=("calls",),
                    flaw_of=lambda key, livemode: secret_key_flaw(key, livemode=livemode),
                ),
                AccountField(
                    name="webhook_secrets",
                    parts=("webhooks",),
                    is_list=True,
                    flaw_of=lambda secret, _: webhook_secret_flaw(secret),
                ),
                AccountField(
                    name="publishable_key",
                    parts=("browser",),
                    is_required=False,
                    is_secret=False,
                    flaw_of=lambda key, livemode: publishable_key_flaw(key, livemode=livemode),
                ),
                _SCRIPT_URL,
                _BANK_ACCOUNT,
            ),
        ),
        PAYPAL: AccountForm(
            own_urls={False: SANDBOX_URL, True: LIVE_URL},
            own_script_url="https://www.paypal.com/sdk/js",
            script_path="/sdk/js",
            takes_ca_file=True,
            fields=(
                AccountField(name="client_id", parts=("calls", "browser"), is_secret=False),
                AccountField(name="client_secret", parts=("calls",)),
                AccountField(name="webhook_id", parts=("webhooks",), is_secret=False),
                _SCRIPT_URL,
                _BANK_ACCOUNT,
            ),
        ),
    }
)
"""By PSP; a new PSP is added here."""
