"""Accounts with secrets in AWS Secrets Manager, on its emulator: read at the start, and followed through rotations."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from botocore.session import get_session

from fincore.bootstrap.environment import read_settings
from fincore.bootstrap.functions.function_environment import function_environment
from fincore.bootstrap.psp_accounts.declared_account import values_of
from fincore.bootstrap.psps import open_webhooks, stripe_account
from fincore.bootstrap.secret_stores import secret_resolver
from fincore.bootstrap.settings import Settings
from fincore.domain.clock import SystemClock
from fincore.domain.errors import ConfigurationError
from fincore.domain.outcome import PspAccount
from fincore.write.psp.port import VerifiedWebhook
from fincore.write.psp.stripe.account import STRIPE
from fixtures.merchant_api import WEBHOOK_BODY, signed

ACCOUNTS = """
[[account]]
name = "eu"
psp = "stripe"
mode = "test"
secret_key = "aws-secret:{place}/calls#secret_key"
webhook_secrets = ["aws-secret:{place}/webhooks"]
"""
Put = Callable[[str, str], None]


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


@pytest.fixture
def place() -> str:
    return f"fincore/{uuid4()}"


@pytest.fixture
def put(aws_url: str, place: str, credentials: None) -> Put:
    """Writes a secret, as a rotation does: the present version becomes the previous one."""
    client: Any = get_session().create_client(
        "secretsmanager", region_name="eu-central-1", endpoint_url=aws_url
    )
    made: set[str] = set()

    def write(name: str, text: str) -> None:
        if name in made:
            client.put_secret_value(SecretId=f"{place}/{name}", SecretString=text)
        else:
            client.create_secret(Name=f"{place}/{name}", SecretString=text)
        made.add(name)

    return write


@pytest.fixture
def settings(tmp_path: Path, aws_url: str, place: str) -> Settings:
    file = tmp_path / "accounts.toml"
    file.write_text(ACCOUNTS.replace("{place}", place))
    return read_settings(
        {
            "FINCORE_PSP_ACCOUNTS_FILE": str(file),
            "FINCORE_SECRETS_MANAGER_URL": aws_url,
            "FINCORE_SECRETS_MANAGER_REGION": "eu-central-1",
        }
    )


async def test_webhooks_of_either_version_are_accepted(settings: Settings, put: Put) -> None:
    put("webhooks", "whsec_1")
    resolver = secret_resolver(settings, {})
    async with open_webhooks(settings, resolver) as webhooks:

        async def accepts(secret: str) -> bool:
            now = SystemClock().now()
            headers = {name.lower(): value for name, value in signed(WEBHOOK_BODY, secret).items()}
            verified = await webhooks[STRIPE].verify(PspAccount("eu"), headers, WEBHOOK_BODY, now)
            return isinstance(verified, VerifiedWebhook)

        seen = []
        for text in ("whsec_1", "whsec_2", "whsec_3"):
            if text != "whsec_1":
                put("webhooks", text)
                resolver.watched.refresh()
            seen.append([await accepts(secret) for secret in ("whsec_1", "whsec_2", "whsec_3")])
    assert seen == [[True, False, False], [True, True, False], [False, True, True]]


def test_key_for_calls_follows_a_rotation(settings: Settings, put: Put) -> None:
    put("calls", json.dumps({"secret_key": "sk_test_1"}))
    resolver = secret_resolver(settings, {})
    account = stripe_account(settings.psp_accounts[0], resolver)
    put("calls", json.dumps({"secret_key": "sk_test_2"}))
    resolver.watched.refresh()
    assert account.secret_key.reveal() == "sk_test_2"


def test_key_of_the_other_mode_is_refused_at_the_start(settings: Settings, put: Put) -> None:
    put("calls", json.dumps({"secret_key": "sk_live_1"}))
    with pytest.raises(ConfigurationError, match=r"is a key of the other mode"):
        values_of(settings.psp_accounts[0], "calls", secret_resolver(settings, {}))


def test_secret_that_is_not_there_is_one_sentence(settings: Settings, place: str, credentials: None) -> None:
    with pytest.raises(
        ConfigurationError, match=f"account stripe/eu: webhook_secrets: Secrets Manager has no secret {place}"
    ):
        values_of(settings.psp_accounts[0], "webhooks", secret_resolver(settings, {}))


def test_settings_of_a_function_are_read_by_reference(put: Put, place: str, aws_url: str) -> None:
    put("dsn", "postgresql://db.example.com/fincore\n")
    put("keys", json.dumps({"stripe": "sk_test_1"}))
    put("key", "-----BEGIN\n")
    given = {
        "FINCORE_EVENTSTORE_DSN": f"aws-secret:{place}/dsn",
        "FINCORE_STRIPE_TEST_SECRET_KEY": f"aws-secret:{place}/keys#stripe",
        "FINCORE_LOG_LEVEL": "warning",
        "SFTP_KEY": f"aws-secret:{place}/key",
        "FINCORE_SECRETS_MANAGER_URL": aws_url,
        "FINCORE_SECRETS_MANAGER_REGION": "eu-central-1",
    }
    assert function_environment(given) == given | {
        "FINCORE_EVENTSTORE_DSN": "postgresql://db.example.com/fincore",
        "FINCORE_STRIPE_TEST_SECRET_KEY": "sk_test_1",
        "SFTP_KEY": "-----BEGIN",
    }


def test_file_of_a_function_is_written_from_a_secret(put: Put, place: str, aws_url: str) -> None:
    given = {
        "FINCORE_SETTLEMENT_SOURCES_FILE": f"aws-secret:{place}/sources",
        "FINCORE_SECRETS_MANAGER_URL": aws_url,
        "FINCORE_SECRETS_MANAGER_REGION": "eu-central-1",
    }
    for text in ("[[source]]", "[[source]] # changed"):
        put("sources", text)
        file = Path(function_environment(given)["FINCORE_SETTLEMENT_SOURCES_FILE"])
        assert (file.read_text(), file.stat().st_mode & 0o777) == (text, 0o600)
    file.unlink()


def test_secret_of_a_function_that_is_missing_is_named(put: Put, place: str, aws_url: str) -> None:
    put("dsn", "postgresql://db.example.com/fincore")
    given = {
        "FINCORE_EVENTSTORE_DSN": f"aws-secret:{place}/dsn",
        "FINCORE_LEDGERDB_DSN": f"aws-secret:{place}/none",
        "FINCORE_SECRETS_MANAGER_URL": aws_url,
    }
    with pytest.raises(ConfigurationError, match=r"FINCORE_EVENTSTORE_DSN: .* needs a region"):
        function_environment(given)
    given["FINCORE_SECRETS_MANAGER_REGION"] = "eu-central-1"
    with pytest.raises(
        ConfigurationError, match=f"FINCORE_LEDGERDB_DSN: Secrets Manager has no secret {place}/none"
    ):
        function_environment(given)


@pytest.mark.parametrize("place", ["", "name", "fincore/two words", "arn:aws:s3:::bucket/key"])
def test_reference_of_a_function_that_is_none_is_refused(place: str) -> None:
    with pytest.raises(ConfigurationError, match="FINCORE_LEDGERDB_DSN is no reference"):
        function_environment({"FINCORE_LEDGERDB_DSN": f"aws-secret:{place}"})
