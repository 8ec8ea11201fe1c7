"""One account at Stripe, as an operator configures it: the half that calls, and the half that receives webhooks."""

from typing import Final

import msgspec

from fincore.domain.errors import ConfigurationError
from fincore.domain.outcome import PspName
from fincore.domain.secret import Secret

STRIPE: Final = PspName("stripe")
STRIPE_BASE_URL: Final = "https://api.stripe.com"

_LIVE_PREFIXES: Final = ("sk_live_", "rk_live_")
_TEST_PREFIXES: Final = ("sk_test_", "rk_test_")


class StripeAccount(msgspec.Struct, frozen=True, kw_only=True):
    """What a process needs that calls Stripe. `base_url` has no slash at its end.

    Raise `ConfigurationError` for a key that `secret_key_flaw` finds wrong.
    """

    secret_key: Secret
    expects_livemode: bool
    base_url: str = STRIPE_BASE_URL

    def __post_init__(self) -> None:
        flaw = secret_key_flaw(self.secret_key.reveal(), livemode=self.expects_livemode)
        if flaw is not None:
            raise ConfigurationError(f"the secret key of a Stripe account {flaw}")


class StripeWebhookEndpoint(msgspec.Struct, frozen=True, kw_only=True):
    """What a process needs that takes Stripe's webhooks.

    `secrets` are all that may sign, the `whsec_...` texts whole: two while one is being rotated.
    """

    secrets: tuple[Secret, ...]
    expects_livemode: bool


def secret_key_flaw(key: str, *, livemode: bool) -> str | None:
    """What is wrong with the secret key of an account, as the rest of a sentence; None where nothing shows.

    A key with a prefix that names no mode may be of either.
    """
    if key.startswith("pk_"):
        return "is a publishable key (pk_...): set the secret key (sk_... or rk_...)"
    if key.startswith(_TEST_PREFIXES if livemode else _LIVE_PREFIXES):
        given, wanted = ("test", "live") if livemode else ("live", "test")
        return f"is a key of the other mode ({given}): set one of {wanted} mode"
    return None


def publishable_key_flaw(key: str, *, livemode: bool) -> str | None:
    """The same for a publishable key, which customers' browsers are told: a secret key in its place would be given away."""
    if key.startswith(("sk_", "rk_")):
        return (
            "is a secret key, which every customer could read: set the publishable key (pk_...), and roll the secret key if a "
            "process has run with it here"
        )
    wanted, other = ("live", "test") if livemode else ("test", "live")
    if key.startswith(f"pk_{other}_"):
        return f"is a key of the other mode ({other}): set one of {wanted} mode"
    if not key.startswith(f"pk_{wanted}_"):
        return f"does not begin with pk_{wanted}_: set the publishable key that Stripe shows beside the secret key"
    return None


def webhook_secret_flaw(secret: str) -> str | None:
    """The same for a signing secret of a webhook endpoint."""
    if secret.startswith("whsec_"):
        return None
    return "does not begin with whsec_: set the signing secret that Stripe shows for the webhook endpoint"
