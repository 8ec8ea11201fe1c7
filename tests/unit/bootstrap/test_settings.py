"""Settings are read once, and a wrong one is named in one sentence."""

from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest

from fincore.bootstrap.environment import read_settings, settings_in_force
from fincore.bootstrap.settings import SETTINGS
from fincore.domain.errors import ConfigurationError
from fincore.domain.secret import Secret


def test_an_empty_environment_gives_the_defaults() -> None:
    settings = read_settings({})
    assert settings.api_port == 8080
    assert settings.eventstore_dsn is None
    assert settings.psp_accounts == ()
    assert settings.data_dir == Path("var").resolve()


def test_secrets_are_read_and_not_shown() -> None:
    settings = read_settings(
        {
            "FINCORE_STRIPE_TEST_SECRET_KEY": "sk_test_abcdef",
            "FINCORE_STRIPE_TEST_WEBHOOK_SECRETS": "whsec_one, whsec_two",
        }
    )
    assert settings.stripe_test_secret_key is not None
    assert settings.stripe_test_secret_key.reveal() == "sk_test_abcdef"
    assert [one.reveal() for one in settings.stripe_test_webhook_secrets] == ["whsec_one", "whsec_two"]
    for shown in (repr(settings), repr(settings.psp_accounts)):
        assert "abcdef" not in shown
        assert "whsec_" not in shown


def test_a_public_url_and_trusted_proxies_are_read() -> None:
    settings = read_settings(
        {
            "FINCORE_PUBLIC_URL": "https://pay.example.com/",
            "FINCORE_TRUSTED_PROXIES": "10.0.0.0/8, 192.0.2.7, 2001:db8::/32",
        }
    )
    assert settings.public_url == "https://pay.example.com"
    assert [str(network) for network in settings.trusted_proxies] == [
        "10.0.0.0/8",
        "192.0.2.7/32",
        "2001:db8::/32",
    ]
    assert read_settings({}).public_url is None
    assert (
        read_settings({"FINCORE_PUBLIC_URL": "http://localhost:8080"}).public_url == "http://localhost:8080"
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("FINCORE_API_PORT", "http"),
        ("FINCORE_API_PORT", "70000"),
        ("FINCORE_EVENTSTORE_DSN", "mysql://localhost"),
        ("FINCORE_STRIPE_BASE_URL", "stripe.com"),
        ("FINCORE_STRIPE_BASE_URL", "http://[::1"),
        ("FINCORE_STRIPE_BASE_URL", "http://stripe.com:port"),
        ("FINCORE_PAYPAL_TEST_BASE_URL", "paypal.com"),
        ("FINCORE_PAYPAL_TEST_CLIENT_ID", "two alone"),
        ("FINCORE_PAYPAL_LIVE_CLIENT_SECRET", "two alone"),
        ("FINCORE_LOG_LEVEL", "loud"),
        ("FINCORE_PSP_TIMEOUT_SECONDS", "0"),
        ("FINCORE_PSP_TIMEOUT_SECONDS", "nan"),
        ("FINCORE_WORKER_CONCURRENCY", "1.5"),
        ("FINCORE_WEBHOOK_BODIES_KEPT_DAYS", "0"),
        ("FINCORE_WEBHOOK_BODIES_KEPT_DAYS", "3651"),
        ("FINCORE_IGNORED_WEBHOOK_BODIES_KEPT_DAYS", "0"),
        ("FINCORE_IGNORED_WEBHOOK_BODIES_KEPT_DAYS", "31"),
        ("FINCORE_RAW_CARD_REQUESTS_KEPT_DAYS", "91"),
        ("FINCORE_RAW_CARD_REQUESTS_KEPT_DAYS", "3651"),
        ("FINCORE_SECRETS_KEY", "alone"),
        ("FINCORE_SECRETS_KEY", "YWxvbmU="),
        ("FINCORE_SECRETS_KEY_BEFORE", "alone"),
        ("FINCORE_WEBHOOKS_ALLOW_LOOPBACK", "yes"),
        ("FINCORE_API_PROT", "8080"),
        ("FINCORE_API_PORT_FILE", "/run/port"),
        ("FINCORE_PUBLIC_URL", "http://pay.example.com"),
        ("FINCORE_PUBLIC_URL", "https://pay.example.com/api"),
        ("FINCORE_PUBLIC_URL", "https://ada@pay.example.com"),
        ("FINCORE_TRUSTED_PROXIES", "proxy.internal"),
        ("FINCORE_TRUSTED_PROXIES", "10.0.0.1/8"),
        ("FINCORE_CONNECTIONS_PER_ADDRESS", "0"),
        ("FINCORE_RATE_LIMIT_LIVE_PER_SECOND", "0"),
        ("FINCORE_RATE_LIMIT_TEST_PER_SECOND", "inf"),
    ],
)
def test_a_wrong_setting_is_named_in_one_sentence(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        read_settings({name: value})
    assert name.rsplit("_", 2)[0] in str(error.value)
    assert "\n" not in str(error.value)
    assert "alone" not in str(error.value)


def test_processes_may_not_be_made_to_die_where_live_money_moves() -> None:
    key = {"FINCORE_STRIPE_LIVE_SECRET_KEY": "sk_live_alone"}
    webhooks = {"FINCORE_STRIPE_LIVE_WEBHOOK_SECRETS": "whsec_one"}
    paypal = {"FINCORE_PAYPAL_LIVE_WEBHOOK_ID": "8PT597110X687430LKGECATA"}
    for live in (key, webhooks, paypal):
        assert not read_settings(live).failpoints_allowed
        with pytest.raises(ConfigurationError, match="FINCORE_FAILPOINTS must be off"):
            read_settings({**live, "FINCORE_FAILPOINTS": "allowed"})


@pytest.mark.parametrize(
    ("mode", "key", "secret", "names"),
    [
        ("TEST", "pk_test_alone", "whsec_one", "publishable key"),
        ("LIVE", "pk_live_alone", "whsec_one", "publishable key"),
        ("TEST", "sk_live_alone", "whsec_one", "other mode"),
        ("LIVE", "rk_test_alone", "whsec_one", "other mode"),
        ("TEST", "sk_test_alone", "whsec_one,we_alone", "whsec_"),
    ],
)
def test_stripe_secret_of_another_kind_is_refused(mode: str, key: str, secret: str, names: str) -> None:
    prefix = f"FINCORE_STRIPE_{mode}"
    with pytest.raises(ConfigurationError, match=names) as error:
        read_settings({f"{prefix}_SECRET_KEY": key, f"{prefix}_WEBHOOK_SECRETS": secret})
    assert str(error.value).startswith(prefix)
    assert "alone" not in str(error.value)


@pytest.mark.parametrize("key", ["sk_test_1", "rk_test_1", "sk_org_test_1"])
def test_stripe_secret_key_of_any_form_is_taken(key: str) -> None:
    assert read_settings({"FINCORE_STRIPE_TEST_SECRET_KEY": key}).stripe_test_secret_key == Secret(key)


def test_secret_in_a_file_counts_without_its_white_space(tmp_path: Path) -> None:
    (tmp_path / "dsn").write_text("postgresql://fincore:hidden@db/fincore\n")
    environment = {"FINCORE_EVENTSTORE_DSN_FILE": str(tmp_path / "dsn")}
    assert read_settings(environment).eventstore_dsn == "postgresql://fincore:hidden@db/fincore"
    origins = {one.setting.name: one.origin for one in settings_in_force(environment)}
    assert origins["FINCORE_EVENTSTORE_DSN"] == f"file {tmp_path / 'dsn'}"
    assert origins["FINCORE_HOST"] == "default"


def test_secret_given_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "dsn").write_text("postgresql://one")
    with pytest.raises(
        ConfigurationError, match="FINCORE_LEDGERDB_DSN and FINCORE_LEDGERDB_DSN_FILE are both"
    ):
        read_settings(
            {"FINCORE_LEDGERDB_DSN": "postgresql://two", "FINCORE_LEDGERDB_DSN_FILE": str(tmp_path / "dsn")}
        )


@pytest.mark.parametrize(
    ("content", "names"), [(None, "cannot be read"), (b" \n", "is empty"), (b"\xff\xfe", "not UTF-8")]
)
def test_secret_file_that_holds_none_is_one_sentence(
    tmp_path: Path, content: bytes | None, names: str
) -> None:
    if content is not None:
        (tmp_path / "key").write_bytes(content)
    with pytest.raises(ConfigurationError, match=names) as error:
        read_settings({"FINCORE_SECRETS_KEY_FILE": str(tmp_path / "key")})
    assert str(error.value).startswith("FINCORE_SECRETS_KEY_FILE: ")


def test_every_setting_has_a_meaning_and_says_what_is_allowed() -> None:
    for setting in SETTINGS:
        assert setting.name.startswith("FINCORE_")
        assert setting.meaning
        assert setting.read.allowed


FULL = {
    "FINCORE_EVENTSTORE_DSN": "postgresql://one",
    "FINCORE_PAYMENTDB_DSN": "postgresql://two",
    "FINCORE_LEDGERDB_DSN": "postgresql://three",
    "FINCORE_PUBLIC_URL": "https://pay.example.com",
    "FINCORE_TRUSTED_PROXIES": "10.0.0.0/8, 2001:db8::/32",
    "FINCORE_STRIPE_TEST_SECRET_KEY": "sk_test_1",
    "FINCORE_STRIPE_TEST_WEBHOOK_SECRETS": "whsec_1, whsec_2",
    "FINCORE_STRIPE_LIVE_SECRET_KEY": "rk_live_1",
    "FINCORE_STRIPE_LIVE_WEBHOOK_SECRETS": "whsec_3",
    "FINCORE_STRIPE_TEST_PUBLISHABLE_KEY": "pk_test_1",
    "FINCORE_STRIPE_TEST_SCRIPT_URL": "http://127.0.0.1:12111/v3/",
    "FINCORE_STRIPE_LIVE_PUBLISHABLE_KEY": "pk_live_1",
    "FINCORE_STRIPE_LIVE_SCRIPT_URL": "https://js.stripe.com/v3/",
    "FINCORE_PAYPAL_TEST_SCRIPT_URL": "http://127.0.0.1:12111/sdk/js",
    "FINCORE_PAYPAL_LIVE_SCRIPT_URL": "https://www.paypal.com/sdk/js",
    "FINCORE_PAYPAL_TEST_CLIENT_ID": "A1",
    "FINCORE_PAYPAL_TEST_CLIENT_SECRET": "E1",
    "FINCORE_PAYPAL_TEST_WEBHOOK_ID": "8PT597110X687430LKGECATA",
    "FINCORE_PAYPAL_TEST_BASE_URL": "http://127.0.0.1:12111",
    "FINCORE_PAYPAL_TEST_CA_FILE": "/run/paypal-authority.pem",
    "FINCORE_PAYPAL_LIVE_CLIENT_ID": "A2",
    "FINCORE_PAYPAL_LIVE_CLIENT_SECRET": "E2",
    "FINCORE_PAYPAL_LIVE_WEBHOOK_ID": "9PT597110X687430LKGECATB",
    "FINCORE_SECRETS_KEY": "A" * 43 + "=",
    "FINCORE_SECRETS_KEY_BEFORE": "B" * 42 + "A=",
    "FINCORE_LOG_FORMAT": "json",
}


@pytest.mark.parametrize("environment", [{}, FULL], ids=["defaults", "all set"])
def test_every_reader_gives_a_value_of_the_type_of_its_field(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """Mypy holds it, but for the words of a `OneOf`, which are given beside the type."""
    file = tmp_path / "accounts.toml"
    file.write_text(
        '[[account]]\npsp = "stripe"\nname = "eu"\nmode = "test"\n'
        'secret_key = "env:KEY"\nwebhook_secrets = "env:SECRET"\n'
    )
    settings = read_settings(
        {**environment, "FINCORE_PSP_ACCOUNTS_FILE": str(file)} if environment else environment
    )
    for field, hint in get_type_hints(type(settings)).items():
        assert _is_of(getattr(settings, field), hint), field


def _is_of(value: object, hint: Any) -> bool:
    if get_origin(hint) is Literal:
        return value in get_args(hint)
    if get_origin(hint) is tuple:
        (of, _) = get_args(hint)
        return isinstance(value, tuple) and all(_is_of(one, of) for one in value)
    if get_origin(hint) in (Union, UnionType):
        return any(_is_of(value, one) for one in get_args(hint))
    return type(value) is hint or (isinstance(value, Path) and hint is Path)
