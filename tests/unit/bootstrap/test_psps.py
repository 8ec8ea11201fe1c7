"""What is composed of the accounts that are configured: each process asks for the half that it uses."""

from collections.abc import Awaitable, Callable

import pytest

from fincore.bootstrap.environment import read_settings
from fincore.bootstrap.psp_limits import LIMITS
from fincore.bootstrap.psps import (
    check_accounts,
    configured_accounts,
    gateways,
    open_webhooks,
    paypal_webhook_endpoint,
)
from fincore.domain.clock import SystemClock
from fincore.domain.errors import ConfigurationError
from fixtures.secrets import secret_resolver

Environment = dict[str, str]
KEY = {"FINCORE_STRIPE_LIVE_SECRET_KEY": "sk_live_1"}
WEBHOOKS = {"FINCORE_STRIPE_LIVE_WEBHOOK_SECRETS": "whsec_1"}
CLIENT = {"FINCORE_PAYPAL_TEST_CLIENT_ID": "A1", "FINCORE_PAYPAL_TEST_CLIENT_SECRET": "E1"}
WEBHOOK_ID = {"FINCORE_PAYPAL_TEST_WEBHOOK_ID": "8PT597110X687430LKGECATA"}
NO_SECRETS = secret_resolver({})


async def calling(environment: Environment) -> set[str]:
    """The PSPs that a worker calls."""
    return set(gateways(read_settings(environment), NO_SECRETS, SystemClock()))


async def told(environment: Environment) -> set[str]:
    """The PSPs from which an API process takes webhooks."""
    async with open_webhooks(read_settings(environment), NO_SECRETS) as webhooks:
        return set(webhooks)


async def everything(environment: Environment) -> None:
    """What `fincore up` checks."""
    check_accounts(read_settings(environment), NO_SECRETS)


async def test_each_half_of_an_account_stands_alone() -> None:
    assert await calling(KEY) == {"stripe"}
    assert await calling(CLIENT) == {"paypal"}
    assert await calling({}) == set()
    assert await told(WEBHOOKS | WEBHOOK_ID) == {"stripe", "paypal"}


@pytest.mark.parametrize(
    ("compose", "given", "missing"),
    [
        (calling, WEBHOOKS, "FINCORE_STRIPE_LIVE_SECRET_KEY"),
        (told, KEY, "FINCORE_STRIPE_LIVE_WEBHOOK_SECRETS"),
        (everything, KEY, "FINCORE_STRIPE_LIVE_WEBHOOK_SECRETS"),
        (everything, WEBHOOKS, "FINCORE_STRIPE_LIVE_SECRET_KEY"),
        (calling, WEBHOOK_ID, "FINCORE_PAYPAL_TEST_CLIENT_ID"),
        (calling, {"FINCORE_PAYPAL_TEST_CLIENT_ID": "A1"}, "FINCORE_PAYPAL_TEST_CLIENT_SECRET"),
        (told, CLIENT, "FINCORE_PAYPAL_TEST_WEBHOOK_ID"),
        (everything, CLIENT, "FINCORE_PAYPAL_TEST_WEBHOOK_ID"),
    ],
)
async def test_account_without_the_half_it_needs_is_refused(
    compose: Callable[[Environment], Awaitable[object]], given: Environment, missing: str
) -> None:
    with pytest.raises(ConfigurationError, match=f"{missing} is missing beside {next(iter(given))}"):
        await compose(given)


def test_account_of_each_mode_is_the_default_of_its_mode() -> None:
    accounts = configured_accounts(
        read_settings({**KEY, **CLIENT, "FINCORE_STRIPE_TEST_SECRET_KEY": "sk_test_1"})
    )
    assert [(one.psp, one.name, one.livemode, one.is_default) for one in accounts] == [
        ("stripe", "test", False, True),
        ("stripe", "live", True, True),
        ("paypal", "test", False, True),
    ]
    assert [one.limits.payment_method_types for one in accounts] == [
        {"card", "hosted_card", "kept_card"},
        {"card", "hosted_card", "kept_card"},
        {"paypal", "paypal_vault"},
    ]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (
            {"FINCORE_PAYPAL_TEST_BASE_URL": "https://api-m.paypal.com"},
            "has the address https://api-m.paypal",
        ),
        ({"FINCORE_PAYPAL_TEST_BASE_URL": "http://paypal.example"}, "must be https://HOST"),
        ({"FINCORE_PAYPAL_TEST_CA_FILE": "/no/authority.pem"}, "holds no certificate in PEM"),
    ],
)
async def test_wrong_simulator_of_paypal_names_the_account(given: Environment, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says) as error:
        await everything(CLIENT | WEBHOOK_ID | given)
    assert str(error.value).startswith("FINCORE_PAYPAL_TEST_...: account paypal/test: ")


def test_longest_configured_call_is_within_every_call_timeout() -> None:
    """The janitor takes a call for over after the PSP's call timeout: it must not be under way any more."""
    name = "FINCORE_PSP_TIMEOUT_SECONDS"
    longest_seconds = read_settings({name: "60"}).psp_timeout_seconds
    with pytest.raises(ConfigurationError, match=name):
        read_settings({name: "60.1"})
    for limits in LIMITS.values():
        assert all(one.call_timeout_seconds > longest_seconds for one in limits.operations.values())


@pytest.mark.parametrize(
    ("mode", "base_url", "simulator_url"),
    [
        ("TEST", "http://127.0.0.1:12111", "http://127.0.0.1:12111"),
        ("TEST", "https://api-m.sandbox.paypal.com", None),
        ("TEST", "", None),
        ("LIVE", "", None),
    ],
)
def test_webhooks_of_paypal_are_a_simulators_only_in_test_mode(
    mode: str, base_url: str, simulator_url: str | None
) -> None:
    given = {f"FINCORE_PAYPAL_{mode}_WEBHOOK_ID": "8PT597110X687430LKGECATA"}
    if base_url:
        given["FINCORE_PAYPAL_TEST_BASE_URL"] = base_url
    (account,) = read_settings(given).psp_accounts
    endpoint = paypal_webhook_endpoint(account, NO_SECRETS)
    assert (endpoint.simulator_url, endpoint.expects_livemode) == (simulator_url, mode == "LIVE")
