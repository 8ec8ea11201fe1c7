"""Settings are read once, and a wrong one is named in one sentence."""

from pathlib import Path

import pytest

from fincore.domain.errors import ConfigurationError
from fincore.settings import SETTINGS, read_settings


def test_an_empty_environment_gives_the_defaults() -> None:
    settings = read_settings({})
    assert settings.api_port == 8080
    assert settings.eventstore_dsn is None
    assert settings.stripe_test is None
    assert settings.data_dir == Path("var").resolve()


def test_secrets_are_read_and_not_shown() -> None:
    settings = read_settings(
        {
            "FINCORE_STRIPE_TEST_SECRET_KEY": "sk_test_abcdef",
            "FINCORE_STRIPE_TEST_WEBHOOK_SECRETS": "whsec_one, whsec_two",
        }
    )
    assert settings.stripe_test is not None
    assert settings.stripe_test.secret_key.reveal() == "sk_test_abcdef"
    assert [secret.reveal() for secret in settings.stripe_test.webhook_secrets] == ["whsec_one", "whsec_two"]
    assert "abcdef" not in repr(settings)
    assert "one" not in repr(settings.stripe_test)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FINCORE_API_PORT", "http"),
        ("FINCORE_API_PORT", "70000"),
        ("FINCORE_EVENTSTORE_DSN", "mysql://localhost"),
        ("FINCORE_STRIPE_BASE_URL", "stripe.com"),
        ("FINCORE_LOG_LEVEL", "loud"),
        ("FINCORE_PSP_TIMEOUT_SECONDS", "0"),
        ("FINCORE_PSP_TIMEOUT_SECONDS", "nan"),
        ("FINCORE_WORKER_CONCURRENCY", "1.5"),
        ("FINCORE_WEBHOOK_BODIES_KEPT_DAYS", "0"),
        ("FINCORE_WEBHOOK_BODIES_KEPT_DAYS", "3651"),
        ("FINCORE_IGNORED_WEBHOOK_BODIES_KEPT_DAYS", "0"),
        ("FINCORE_IGNORED_WEBHOOK_BODIES_KEPT_DAYS", "31"),
        ("FINCORE_STRIPE_TEST_SECRET_KEY", "sk_test_alone"),
        ("FINCORE_STRIPE_LIVE_WEBHOOK_SECRETS", "whsec_alone"),
        ("FINCORE_SECRETS_KEY", "alone"),
        ("FINCORE_SECRETS_KEY", "YWxvbmU="),
        ("FINCORE_SECRETS_KEY_BEFORE", "alone"),
        ("FINCORE_WEBHOOKS_ALLOW_LOOPBACK", "yes"),
        ("FINCORE_API_PROT", "8080"),
    ],
)
def test_a_wrong_setting_is_named_in_one_sentence(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        read_settings({name: value})
    assert name.rsplit("_", 2)[0] in str(error.value)
    assert "\n" not in str(error.value)
    assert "alone" not in str(error.value)


def test_processes_may_not_be_made_to_die_where_live_money_moves() -> None:
    live = {
        "FINCORE_STRIPE_LIVE_SECRET_KEY": "sk_live_alone",
        "FINCORE_STRIPE_LIVE_WEBHOOK_SECRETS": "whsec_one",
    }
    assert not read_settings(live).failpoints_allowed
    with pytest.raises(ConfigurationError, match="FINCORE_FAILPOINTS must be off"):
        read_settings({**live, "FINCORE_FAILPOINTS": "allowed"})


def test_every_setting_has_a_meaning() -> None:
    assert all(setting.meaning and setting.name.startswith("FINCORE_") for setting in SETTINGS)
