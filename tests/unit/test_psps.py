"""Which accounts the settings configure: each process asks for the half that it uses."""

from collections.abc import Callable

import pytest

from fincore.bootstrap.psps import stripe_accounts, stripe_webhook_endpoints
from fincore.domain.errors import ConfigurationError
from fincore.settings import Settings, read_settings

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
