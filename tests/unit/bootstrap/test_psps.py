"""Which accounts the settings configure: each process asks for the half that it uses."""

from collections.abc import Callable

import pytest

from fincore.bootstrap.psps import (
    LIMITS,
    configured_accounts,
    stripe_accounts,
    stripe_webhook_endpoints,
)
from fincore.bootstrap.settings import Settings, read_settings
from fincore.domain.errors import ConfigurationError

KEY = {"FINCORE_STRIPE_LIVE_SECRET_KEY": "sk_live_1"}
WEBHOOKS = {"FINCORE_STRIPE_LIVE_WEBHOOK_SECRETS": "whsec_1"}


def test_each_half_of_an_account_stands_alone() -> None:
    assert stripe_accounts(read_settings(KEY)).keys() == {"live"}
    assert stripe_webhook_endpoints(read_settings(WEBHOOKS)).keys() == {"live"}
    assert stripe_accounts(read_settings({})) == {}
    assert stripe_webhook_endpoints(read_settings({})) == {}


@pytest.mark.parametrize(
    ("read", "given", "missing"),
    [
        (stripe_accounts, WEBHOOKS, "FINCORE_STRIPE_LIVE_SECRET_KEY"),
        (stripe_webhook_endpoints, KEY, "FINCORE_STRIPE_LIVE_WEBHOOK_SECRETS"),
    ],
)
def test_account_without_the_half_it_needs_is_refused(
    read: Callable[[Settings], object], given: dict[str, str], missing: str
) -> None:
    with pytest.raises(ConfigurationError, match=f"{missing} is missing beside {next(iter(given))}"):
        read(read_settings(given))


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
