"""`fincore up` hands each role the settings, and of the secrets only those it needs."""

from pathlib import Path

import pytest

from fincore.bootstrap.databases import Databases
from fincore.bootstrap.environment import read_settings
from fincore.bootstrap.psps import browser_accesses
from fincore.bootstrap.role_environment import environment_of
from fincore.bootstrap.roles import ROLES, Role
from fincore.bootstrap.settings import SECRET_SETTINGS
from fixtures.secrets import secret_resolver

KEY = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
NUMBER_KEY = "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA="
DATABASES = Databases(
    eventstore="postgresql://log", paymentdb="postgresql://views", ledgerdb="postgresql://books"
)
PSP_KEYS = {
    "FINCORE_STRIPE_TEST_SECRET_KEY",
    "FINCORE_STRIPE_LIVE_SECRET_KEY",
    "FINCORE_PAYPAL_TEST_CLIENT_SECRET",
    "FINCORE_PAYPAL_LIVE_CLIENT_SECRET",
}
STRIPE_WEBHOOKS = {"FINCORE_STRIPE_TEST_WEBHOOK_SECRETS", "FINCORE_STRIPE_LIVE_WEBHOOK_SECRETS"}
NUMBER_KEYS = {"FINCORE_CARD_EDGE_HMAC_KEY", "FINCORE_CARD_EDGE_HMAC_KEY_BEFORE"}
VAULT = {"FINCORE_VAULT_KEYS", "FINCORE_VAULT_FINGERPRINT_KEY", "FINCORE_VAULT_FINGERPRINT_KEY_BEFORE"}
TOKEN_SECRET = "dG9rZW5zIGZvciB3b3JrZXJzOiAzMiBieXRlcyEhISE="
TOKENS = {"FINCORE_CARD_EDGE_TOKEN_SECRET"}
PRINTS_KEY = "iQd7zYkqH0lJp3rYwqvS0b8sW4k1c2dE5fG6hI7jK8k="
VAULT_KEY = "N0OFEQQdJ5S6fZ1qxwMyHqnPAR1qu0GMVvNwZt1Ln0U="
SEALING = {"FINCORE_SECRETS_KEY", "FINCORE_SECRETS_KEY_BEFORE"}
OPERATIONS = {
    "FINCORE_OPS_WEBHOOK_URL",
    "FINCORE_OPS_WEBHOOK_SECRET",
    "FINCORE_OPS_SMTP_URL",
    "FINCORE_OPS_SMTP_PASSWORD",
}
LOG, VIEWS, BOOKS = "FINCORE_EVENTSTORE_DSN", "FINCORE_PAYMENTDB_DSN", "FINCORE_LEDGERDB_DSN"

NEEDED: dict[Role, set[str]] = {
    "api": {LOG, VIEWS, BOOKS, "FINCORE_SHARED_RESPONSES_PASSWORD"} | STRIPE_WEBHOOKS | SEALING,
    "worker": {LOG} | PSP_KEYS | TOKENS,
    "projectionist": {LOG, VIEWS},
    "ledger": {LOG, BOOKS},
    "notify": {LOG} | SEALING,
    "auditor": {LOG, VIEWS, BOOKS},
    "checkout": {LOG, "FINCORE_STRIPE_TEST_PUBLISHABLE_KEY", "FINCORE_STRIPE_LIVE_PUBLISHABLE_KEY"},
    "card-edge": {LOG} | PSP_KEYS | NUMBER_KEYS | TOKENS | VAULT,
    "risk": {LOG},
    "reconciliation": {LOG, BOOKS} | OPERATIONS,
    "relay": {LOG},
    "staff": {LOG, VIEWS, BOOKS, "FINCORE_STRIPE_TEST_PUBLISHABLE_KEY", "FINCORE_STRIPE_LIVE_PUBLISHABLE_KEY"}
    | SEALING,
}


def full_environment(folder: Path, *, as_files: bool) -> dict[str, str]:
    """Every secret there is, and what is none."""
    secrets = {
        "FINCORE_STRIPE_TEST_SECRET_KEY": "sk_test_1",
        "FINCORE_STRIPE_TEST_WEBHOOK_SECRETS": "whsec_1",
        "FINCORE_STRIPE_LIVE_SECRET_KEY": "sk_live_1",
        "FINCORE_STRIPE_LIVE_WEBHOOK_SECRETS": "whsec_2",
        "FINCORE_STRIPE_TEST_PUBLISHABLE_KEY": "pk_test_1",
        "FINCORE_STRIPE_LIVE_PUBLISHABLE_KEY": "pk_live_1",
        "FINCORE_PAYPAL_TEST_CLIENT_SECRET": "E1",
        "FINCORE_PAYPAL_LIVE_CLIENT_SECRET": "E2",
        "FINCORE_CARD_EDGE_HMAC_KEY": NUMBER_KEY,
        "FINCORE_CARD_EDGE_HMAC_KEY_BEFORE": NUMBER_KEY,
        "FINCORE_CARD_EDGE_TOKEN_SECRET": TOKEN_SECRET,
        "FINCORE_VAULT_KEYS": f"a:{VAULT_KEY}",
        "FINCORE_VAULT_FINGERPRINT_KEY": PRINTS_KEY,
        "FINCORE_VAULT_FINGERPRINT_KEY_BEFORE": PRINTS_KEY,
        "FINCORE_SECRETS_KEY": KEY,
        "FINCORE_SECRETS_KEY_BEFORE": KEY,
        "FINCORE_SHARED_RESPONSES_PASSWORD": "a-password",
        "FINCORE_OPS_WEBHOOK_URL": "https://ops.example.com/hook",
        "FINCORE_OPS_WEBHOOK_SECRET": f"whsec_{KEY}",
        "FINCORE_OPS_SMTP_URL": "smtps://ops@mail.example.com",
        "FINCORE_OPS_SMTP_PASSWORD": "a password",
        LOG: DATABASES.eventstore,
        VIEWS: DATABASES.paymentdb,
        BOOKS: DATABASES.ledgerdb,
    }
    assert secrets.keys() == SECRET_SETTINGS
    if as_files:
        for name, secret in secrets.items():
            (folder / name).write_text(secret)
        secrets = {f"{name}_FILE": str(folder / name) for name in secrets}
    return {"FINCORE_API_PORT": "8081", "PATH": "/usr/bin", **secrets}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("as_files", [False, True])
def test_role_gets_the_secrets_it_needs_and_no_others(role: Role, tmp_path: Path, *, as_files: bool) -> None:
    environment = full_environment(tmp_path, as_files=as_files)
    told = environment_of(role, environment, read_settings(environment), DATABASES)
    secrets = {name.removesuffix("_FILE") for name in told if name.removesuffix("_FILE") in SECRET_SETTINGS}
    assert secrets == NEEDED[role]
    assert (told["FINCORE_API_PORT"], told["PATH"]) == ("8081", "/usr/bin")
    # The role starts with it, and finds its stores.
    settings = read_settings(told)
    assert settings.eventstore_dsn == DATABASES.eventstore
    assert bool(settings.psp_accounts) == (role in ("api", "worker", "checkout", "card-edge", "staff"))


@pytest.mark.parametrize("role", ROLES)
def test_variables_of_the_accounts_file_reach_their_part_only(role: Role, tmp_path: Path) -> None:
    file = tmp_path / "accounts.toml"
    file.write_text(
        '[[account]]\npsp = "stripe"\nname = "eu"\nmode = "test"\n'
        'secret_key = "env:EU_KEY"\nwebhook_secrets = ["env:EU_WEBHOOK", "env:EU_WEBHOOK_OLD"]\n'
        'publishable_key = "env:EU_PAGES"\n'
    )
    secrets = {
        "EU_KEY": "sk_test_1",
        "EU_WEBHOOK": "whsec_1",
        "EU_WEBHOOK_OLD": "whsec_2",
        "EU_PAGES": "pk_test_1",
    }
    environment = {"FINCORE_PSP_ACCOUNTS_FILE": str(file), "FINCORE_DATA_DIR": str(tmp_path), **secrets}
    told = environment_of(role, environment, read_settings(environment), DATABASES)
    needed: dict[Role, set[str]] = {
        "worker": {"EU_KEY"},
        "card-edge": {"EU_KEY"},
        "checkout": {"EU_PAGES"},
        "staff": {"EU_PAGES"},
        "api": {"EU_WEBHOOK", "EU_WEBHOOK_OLD"},
    }
    assert secrets.keys() & told.keys() == needed.get(role, set())
    assert [one.label for one in read_settings(told).psp_accounts] == ["stripe/eu"]


@pytest.mark.parametrize("role", ROLES)
def test_variables_of_the_sources_file_reach_one_role(role: Role, tmp_path: Path) -> None:
    file = tmp_path / "sources.toml"
    file.write_text(
        '[[source]]\nname = "eu"\npsp = "paypal"\naccount = "eu"\nmode = "test"\nkind = "sftp"\nhost = "h"\nuser = "u"\n'
        'password = "env:SFTP_PASSWORD"\nhost_keys = ["SHA256:'
        + "A"
        * 43
        + '"]\ndirectory = "/out"\nnames = "*"\n'
        'format = "paypal_stl"\ncron = "0 12 * * *"\n'
    )
    environment = {
        "FINCORE_SETTLEMENT_SOURCES_FILE": str(file),
        "FINCORE_DATA_DIR": str(tmp_path),
        "SFTP_PASSWORD": "s",
    }
    told = environment_of(role, environment, read_settings(environment), DATABASES)
    assert ("SFTP_PASSWORD" in told) == (role == "reconciliation")
    assert [one.source.name for one in read_settings(told).settlement_sources_file] == ["eu"]


@pytest.mark.parametrize("role", ROLES)
def test_key_of_an_asked_account_reaches_reconciliation(role: Role, tmp_path: Path) -> None:
    accounts, sources = tmp_path / "accounts.toml", tmp_path / "sources.toml"
    accounts.write_text(
        "".join(
            f'[[account]]\npsp = "stripe"\nname = "{name}"\nmode = "test"\ndefault = {default}\n'
            f'secret_key = "env:{name.upper()}_KEY"\nwebhook_secrets = ["env:{name.upper()}_WEBHOOK"]\n'
            for name, default in (("eu", "true"), ("us", "false"))
        )
    )
    sources.write_text(
        "".join(
            f'[[source]]\nname = "{name}"\npsp = "stripe"\naccount = "{name}"\nmode = "{mode}"\n'
            'kind = "stripe_reports"\ncron = "0 12 * * *"\n'
            for name, mode in (("eu", "test"), ("live", "live"))
        )
    )
    environment = {
        "FINCORE_PSP_ACCOUNTS_FILE": str(accounts),
        "FINCORE_SETTLEMENT_SOURCES_FILE": str(sources),
        "FINCORE_DATA_DIR": str(tmp_path),
        "FINCORE_STRIPE_LIVE_SECRET_KEY": "sk_live_1",
        "FINCORE_STRIPE_LIVE_WEBHOOK_SECRETS": "whsec_3",
        "FINCORE_PAYPAL_TEST_CLIENT_SECRET": "secret",
        "EU_KEY": "sk_test_1",
        "EU_WEBHOOK": "whsec_1",
        "US_KEY": "sk_test_2",
        "US_WEBHOOK": "whsec_2",
    }
    told = environment_of(role, environment, read_settings(environment), DATABASES)
    if role == "reconciliation":
        secrets = {
            name for name in told if name in environment and name[-3:] != "DIR" and "_FILE" not in name
        }
        assert secrets == {"EU_KEY", "FINCORE_STRIPE_LIVE_SECRET_KEY"}
    else:
        assert ("EU_KEY" in told) == ("US_KEY" in told)


@pytest.mark.parametrize("role", ROLES)
def test_variables_of_aws_reach_the_roles_that_call_it(role: Role, tmp_path: Path) -> None:
    """Most of the ways to credentials that the AWS library knows are variables; all begin alike."""
    variables = {
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
        "AWS_SESSION_TOKEN": "c",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN": "d",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/e",
        "AWS_WEB_IDENTITY_TOKEN_FILE": "/f",
        "AWS_SHARED_CREDENTIALS_FILE": "/g",
        "AWS_PROFILE": "h",
        "AWS_REGION": "eu-central-1",
    }
    environment = {"FINCORE_DATA_DIR": str(tmp_path), **variables}
    told = environment_of(role, environment, read_settings(environment), DATABASES)
    calls = role in {"api", "worker", "card-edge", "relay"}
    assert variables.keys() & told.keys() == (variables.keys() if calls else set())


@pytest.mark.parametrize(
    ("place", "reached"),
    [("", set()), ("/srv/evidence", set()), ("s3://company-evidence", {"AWS_ACCESS_KEY_ID"})],
)
def test_variables_of_aws_reach_the_role_that_keeps_in_s3(
    place: str, reached: set[str], tmp_path: Path
) -> None:
    environment = {
        "FINCORE_DATA_DIR": str(tmp_path),
        "FINCORE_SETTLEMENT_EVIDENCE": place,
        "AWS_ACCESS_KEY_ID": "a",
    }
    told = environment_of("reconciliation", environment, read_settings(environment), DATABASES)
    assert {"AWS_ACCESS_KEY_ID"} & told.keys() == reached


@pytest.mark.parametrize(
    ("field", "reached"), [("secret_key", set()), ("publishable_key", {"AWS_ACCESS_KEY_ID"})]
)
def test_variables_of_aws_reach_a_role_that_reads_its_secrets(
    field: str, reached: set[str], tmp_path: Path
) -> None:
    sources = dict.fromkeys(("secret_key", "webhook_secrets", "publishable_key"), "env:KEY")
    sources[field] = "aws-secret:fincore/key"
    file = tmp_path / "accounts.toml"
    file.write_text(
        '[[account]]\npsp = "stripe"\nname = "eu"\nmode = "test"\n'
        + "".join(f'{name} = "{source}"\n' for name, source in sources.items())
    )
    environment = {
        "FINCORE_PSP_ACCOUNTS_FILE": str(file),
        "FINCORE_DATA_DIR": str(tmp_path),
        "AWS_ACCESS_KEY_ID": "a",
    }
    told = environment_of("checkout", environment, read_settings(environment), DATABASES)
    assert {"AWS_ACCESS_KEY_ID"} & told.keys() == reached


@pytest.mark.parametrize("role", ["reconciliation", "notify"])
def test_variables_of_aws_reach_the_role_that_tells_by_sns(role: Role, tmp_path: Path) -> None:
    environment = {
        "FINCORE_DATA_DIR": str(tmp_path),
        "FINCORE_OPS_SNS_TOPIC": "arn:aws:sns:eu-central-1:123456789012:fincore",
        "AWS_ACCESS_KEY_ID": "a",
    }
    told = environment_of(role, environment, read_settings(environment), DATABASES)
    assert ("AWS_ACCESS_KEY_ID" in told) == (role == "reconciliation")


def test_key_of_an_account_may_be_named_as_those_of_aws(tmp_path: Path) -> None:
    file = tmp_path / "accounts.toml"
    file.write_text(
        '[[account]]\npsp = "stripe"\nname = "eu"\nmode = "test"\nsecret_key = "env:AWS_EU_KEY"\n'
        'webhook_secrets = "env:AWS_EU_WEBHOOK"\npublishable_key = "env:AWS_EU_PAGES"\n'
    )
    variables = {"AWS_EU_KEY": "sk_test_1", "AWS_EU_WEBHOOK": "whsec_1", "AWS_EU_PAGES": "pk_test_1"}
    environment = {"FINCORE_PSP_ACCOUNTS_FILE": str(file), "FINCORE_DATA_DIR": str(tmp_path), **variables}
    told = environment_of("checkout", environment, read_settings(environment), DATABASES)
    assert variables.keys() & told.keys() == {"AWS_EU_PAGES"}


def test_made_key_and_embedded_server_reach_the_roles(tmp_path: Path) -> None:
    environment = {"FINCORE_DATA_DIR": str(tmp_path)}
    told = environment_of("notify", environment, read_settings(environment), DATABASES)
    assert told["FINCORE_EVENTSTORE_DSN"] == DATABASES.eventstore
    assert told["FINCORE_SECRETS_KEY"] == (tmp_path / "secrets.key").read_text()


def test_checkout_knows_of_accounts_without_their_secrets(tmp_path: Path) -> None:
    """An account without a publishable key may be the default: then one in the file is none."""
    file = tmp_path / "accounts.toml"
    file.write_text(
        '[[account]]\npsp = "stripe"\nname = "eu"\nmode = "test"\nsecret_key = "env:EU_KEY"\n'
        'webhook_secrets = "env:EU_WEBHOOK"\npublishable_key = "pk_test_1"\n'
    )
    environment = {
        "FINCORE_PSP_ACCOUNTS_FILE": str(file),
        "FINCORE_STRIPE_TEST_SECRET_KEY": "sk_test_1",
        "FINCORE_STRIPE_TEST_WEBHOOK_SECRETS": "whsec_1",
        "FINCORE_STRIPE_BASE_URL": "http://127.0.0.1:12111",
    }
    told = environment_of("checkout", environment, read_settings(environment), DATABASES)
    settings = read_settings(told)
    assert [(one.label, one.is_default) for one in settings.psp_accounts] == [
        ("stripe/test", True),
        ("stripe/eu", False),
    ]
    assert set(browser_accesses(settings, secret_resolver(told))) == {("stripe", "eu")}
