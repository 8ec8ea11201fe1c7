"""Accounts at Stripe, checked where they are configured."""

import pytest

from fincore.domain.errors import ConfigurationError
from fincore.domain.secret import Secret
from fincore.write.psp.stripe.account import StripeAccount, StripeWebhookEndpoint


@pytest.mark.parametrize("key", ["sk_live_hidden", "rk_live_hidden"])
def test_a_live_key_is_refused_where_test_money_is_expected(key: str) -> None:
    with pytest.raises(ConfigurationError, match=r"other mode \(live\)") as refused:
        StripeAccount(secret_key=Secret(key), expects_livemode=False)
    assert "hidden" not in str(refused.value)


@pytest.mark.parametrize("key", ["sk_test_hidden", "rk_test_hidden"])
def test_a_test_key_is_refused_where_live_money_is_expected(key: str) -> None:
    with pytest.raises(ConfigurationError, match=r"other mode \(test\)"):
        StripeAccount(secret_key=Secret(key), expects_livemode=True)


def test_an_account_prints_without_its_secrets() -> None:
    account = StripeAccount(secret_key=Secret("sk_test_hidden"), expects_livemode=False)
    endpoint = StripeWebhookEndpoint(secrets=(Secret("whsec_hidden"),), expects_livemode=False)
    assert "hidden" not in repr((account, endpoint))
