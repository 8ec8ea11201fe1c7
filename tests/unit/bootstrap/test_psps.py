"""What is composed of the accounts that are configured: each process asks for the half that it uses."""

from collections.abc import Callable

import pytest

from fincore.bootstrap.psp_accounts.secret_reference import SecretResolver, secret_resolver
from fincore.bootstrap.psps import LIMITS, check_accounts, configured_accounts, gateways, webhooks
from fincore.bootstrap.settings import Settings, read_settings
from fincore.domain.clock import SystemClock
from fincore.domain.errors import ConfigurationError

KEY = {"FINCORE_STRIPE_LIVE_SECRET_KEY": "sk_live_1"}
WEBHOOKS = {"FINCORE_STRIPE_LIVE_WEBHOOK_SECRETS": "whsec_1"}
NO_SECRETS = secret_resolver({})


def calling_half(settings: Settings, resolver: SecretResolver) -> object:
    return gateways(settings, resolver, SystemClock())


def test_each_half_of_an_account_stands_alone() -> None:
    assert gateways(read_settings(KEY), NO_SECRETS, SystemClock()).keys() == {"stripe"}
    assert webhooks(read_settings(WEBHOOKS), NO_SECRETS).keys() == {"stripe"}
    assert gateways(read_settings({}), NO_SECRETS, SystemClock()) == {}


@pytest.mark.parametrize(
    ("compose", "given", "missing"),
    [
        (calling_half, WEBHOOKS, "FINCORE_STRIPE_LIVE_SECRET_KEY"),
        (webhooks, KEY, "FINCORE_STRIPE_LIVE_WEBHOOK_SECRETS"),
        (check_accounts, KEY, "FINCORE_STRIPE_LIVE_WEBHOOK_SECRETS"),
        (check_accounts, WEBHOOKS, "FINCORE_STRIPE_LIVE_SECRET_KEY"),
    ],
)
def test_account_without_the_half_it_needs_is_refused(
    compose: Callable[..., object], given: dict[str, str], missing: str
) -> None:
    with pytest.raises(ConfigurationError, match=f"{missing} is missing beside {next(iter(given))}"):
        compose(read_settings(given), NO_SECRETS)


def test_account_of_each_mode_is_the_default_of_its_mode() -> None:
    accounts = configured_accounts(read_settings({**KEY, "FINCORE_STRIPE_TEST_SECRET_KEY": "sk_test_1"}))
    assert [(one.psp, one.name, one.livemode, one.is_default) for one in accounts] == [
        ("stripe", "test", False, True),
        ("stripe", "live", True, True),
    ]
    assert all(one.limits.payment_method_types == {"card"} for one in accounts)


def test_longest_configured_call_is_within_every_call_timeout() -> None:
    """The janitor takes a call for over after the PSP's call timeout: it must not be under way any more."""
    name = "FINCORE_PSP_TIMEOUT_SECONDS"
    longest_seconds = read_settings({name: "60"}).psp_timeout_seconds
    with pytest.raises(ConfigurationError, match=name):
        read_settings({name: "60.1"})
    for limits in LIMITS.values():
        assert all(one.call_timeout_seconds > longest_seconds for one in limits.operations.values())
