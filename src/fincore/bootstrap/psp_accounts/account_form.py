"""What an account at each PSP is declared with: its fields, which process needs each, and what may be wrong with one. Pure."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, Literal

import msgspec

from fincore.domain.outcome import PspName
from fincore.write.psp.paypal.account import LIVE_URL, PAYPAL, SANDBOX_URL
from fincore.write.psp.stripe.account import (
    STRIPE,
    STRIPE_BASE_URL,
    secret_key_flaw,
    webhook_secret_flaw,
)

AccountHalf = Literal["calls", "webhooks"]
"""A worker calls the PSP, an API process takes its webhooks: each is given only the fields of its half."""

FlawOf = Callable[[str, bool], str | None]
"""What is wrong with a value of an account for live money (true) or test money, as the rest of a sentence."""


class AccountField(msgspec.Struct, frozen=True, kw_only=True):
    """A value that an account needs. `is_list`: it may have several, in one text separated by commas.

    A secret is declared by reference only; any other value may be written down as it is.
    """

    name: str
    half: AccountHalf
    is_secret: bool = True
    is_list: bool = False
    flaw_of: FlawOf = lambda _value, _livemode: None


class AccountForm(msgspec.Struct, frozen=True, kw_only=True):
    """What the accounts at one PSP are declared with. `own_urls`: where the PSP itself is called, by livemode.

    `takes_ca_file`: a simulator of it signs with certificates, of the authority in a file.
    """

    own_urls: Mapping[bool, str]
    fields: tuple[AccountField, ...]
    takes_ca_file: bool = False

    def of_half(self, half: AccountHalf) -> tuple[AccountField, ...]:
        """The fields that one kind of process needs."""
        return tuple(field for field in self.fields if field.half == half)


def setting_of(psp: PspName, field: str, *, livemode: bool) -> str:
    """The setting that holds a field of the account that settings declare, one for each PSP and mode."""
    return f"FINCORE_{psp}_{'live' if livemode else 'test'}_{field}".upper()


FORMS: Final[Mapping[PspName, AccountForm]] = MappingProxyType(
    {
        STRIPE: AccountForm(
            own_urls={False: STRIPE_BASE_URL, True: STRIPE_BASE_URL},
            fields=(
                AccountField(
                    name="secret_key",
                    half="calls",
                    flaw_of=lambda key, livemode: secret_key_flaw(key, livemode=livemode),
                ),
                AccountField(
                    name="webhook_secrets",
                    half="webhooks",
                    is_list=True,
                    flaw_of=lambda secret, _: webhook_secret_flaw(secret),
                ),
            ),
        ),
        PAYPAL: AccountForm(
            own_urls={False: SANDBOX_URL, True: LIVE_URL},
            takes_ca_file=True,
            fields=(
                AccountField(name="client_id", half="calls", is_secret=False),
                AccountField(name="client_secret", half="calls"),
                AccountField(name="webhook_id", half="webhooks", is_secret=False),
            ),
        ),
    }
)
"""By PSP; a new PSP is added here."""
