"""One account at Stripe, as an operator configures it: the half that calls, and the half that is told."""

from typing import Final

import msgspec

from fincore.domain.errors import ConfigurationError
from fincore.domain.outcome import PspName
from fincore.domain.secret import Secret

STRIPE: Final = PspName("stripe")

_LIVE_PREFIXES: Final = ("sk_live_", "rk_live_")
_TEST_PREFIXES: Final = ("sk_test_", "rk_test_")


class StripeAccount(msgspec.Struct, frozen=True, kw_only=True):
    """What a process needs that calls Stripe.

    Raise `ConfigurationError` for a live key where test money is expected, and the reverse.
    """

    secret_key: Secret
    expects_livemode: bool

    def __post_init__(self) -> None:
        other_mode = _TEST_PREFIXES if self.expects_livemode else _LIVE_PREFIXES
        if self.secret_key.reveal().startswith(other_mode):
            expected, given = ("live", "test") if self.expects_livemode else ("test", "live")
            raise ConfigurationError(
                f"the Stripe account for {expected} mode has a {given} secret key: use one of {expected} mode"
            )


class StripeWebhookEndpoint(msgspec.Struct, frozen=True, kw_only=True):
    """What a process needs that takes Stripe's webhooks.

    `secrets` are all that may sign, the `whsec_...` texts whole: two while one is being rotated.
    """

    secrets: tuple[Secret, ...]
    expects_livemode: bool
