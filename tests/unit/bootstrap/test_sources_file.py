"""The file that declares sources of settlement files: what is read of it, and the sentence for each mistake."""

import base64
import hashlib
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from fincore.bootstrap.environment import read_settings
from fincore.bootstrap.psp_accounts.secret_reference import SecretReference, SecretResolver
from fincore.bootstrap.roles import configured_roles
from fincore.bootstrap.settings import Settings
from fincore.bootstrap.settlement_sources.declared_source import (
    DeclaredSource,
    FolderPlace,
    SftpPlace,
    StripeReportsPlace,
)
from fincore.bootstrap.settlement_sources.reached_sources import (
    ReportStores,
    asked_accounts,
    check_sources,
    watched_sources,
)
from fincore.domain.errors import ConfigurationError
from fincore.reconciliation.fetcher import WatchedSource
from fincore.reconciliation.source import REPORT_NAMES
from fixtures.secrets import secret_resolver

FINGERPRINT = "SHA256:" + "A" * 43
SFTP = {
    "name": '"paypal_eu"',
    "psp": '"paypal"',
    "account": '"eu"',
    "mode": '"live"',
    "kind": '"sftp"',
    "host": '"reports.paypal.com"',
    "user": '"sftp_acme"',
    "password": '"env:PAYPAL_SFTP"',
    "host_keys": f'["{FINGERPRINT}"]',
    "directory": '"/ppreports/outgoing"',
    "names": '"STL-*.CSV"',
    "format": '"paypal_stl"',
    "cron": '"*/30 * * * *"',
    "late_after_hours": "36",
}
FOLDER = {
    name: value
    for name, value in SFTP.items()
    if name not in ("host", "user", "password", "host_keys", "directory")
} | {"kind": '"folder"', "folder": '"/srv/settlement"'}


def watched(settings: Settings, resolver: SecretResolver) -> tuple[WatchedSource, ...]:
    """How the sources are reached, with stores that are not asked before a look."""
    nothing: Any = None
    stores = ReportStores(files=nothing, evidence=nothing, payouts=nothing, clock=nothing)
    return watched_sources(settings, resolver, stores)


def written(values: dict[str, str]) -> str:
    return "[[source]]\n" + "".join(f"{name} = {value}\n" for name, value in values.items())


class Declared:
    """A file of sources, and the settings that name it."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "sources.toml"
        self.environment = {
            "FINCORE_DATA_DIR": str(folder / "data"),
            "FINCORE_SETTLEMENT_SOURCES_FILE": str(self.file),
            "FINCORE_PAYPAL_LIVE_CLIENT_ID": "one",
        }

    def settings(self, text: str) -> Settings:
        self.file.write_text(text)
        return read_settings(self.environment)

    def sources(self, text: str) -> tuple[DeclaredSource, ...]:
        return self.settings(text).settlement_sources_file

    def refused(self, text: str) -> str:
        with pytest.raises(ConfigurationError) as raised:
            self.settings(text)
        return str(raised.value)


@pytest.fixture
def declared(tmp_path: Path) -> Declared:
    return Declared(tmp_path)


def test_source_over_sftp_is_read(declared: Declared) -> None:
    (one,) = declared.sources(written(SFTP))
    source = one.source
    assert (source.name, source.psp, source.psp_account, source.livemode) == (
        "paypal_eu",
        "paypal",
        "eu",
        True,
    )
    assert (source.cron, source.late_after) == ("*/30 * * * *", timedelta(hours=36))
    assert one.place == SftpPlace(
        host="reports.paypal.com",
        port=22,
        user="sftp_acme",
        directory="/ppreports/outgoing",
        host_keys=frozenset({FINGERPRINT}),
        password=SecretReference("env", "PAYPAL_SFTP"),
        private_key=None,
    )


def test_source_in_a_folder_is_read(declared: Declared) -> None:
    (one,) = declared.sources(written(FOLDER))
    assert one.place == FolderPlace(folder=Path("/srv/settlement"))
    assert one.secrets == ()


@pytest.mark.parametrize("algorithm", ["ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256"])
def test_public_host_key_is_pinned_by_its_fingerprint(declared: Declared, algorithm: str) -> None:
    key = asyncssh.generate_private_key(algorithm)
    line = key.export_public_key().decode().strip()
    (one,) = declared.sources(written(SFTP | {"host_keys": f'["{line} PayPal"]'}))
    assert isinstance(one.place, SftpPlace)
    assert one.place.host_keys == {key.get_fingerprint()}
    (encoded,) = one.place.host_keys
    assert encoded.removeprefix("SHA256:") == base64.b64encode(
        hashlib.sha256(base64.b64decode(line.split()[1])).digest()
    ).decode().rstrip("=")


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"kind": '"ftp"'}, "source paypal_eu: kind must be one of sftp, folder"),
        ({"format": '"csv"'}, "source paypal_eu: format must be one of paypal_stl"),
        ({"psp": '"paypall"'}, "psp must be one of"),
        ({"psp": '"stripe"'}, "format paypal_stl is what paypal writes: set psp to it"),
        ({"mode": '"prod"'}, "mode must be one of test, live"),
        ({"name": '"Pay Pal"'}, "source 1: name must have 1 to 32 characters"),
        ({"account": '"EU"'}, "account must be the name of an account"),
        ({"names": '"out/STL-*"'}, "names must be a pattern of file names"),
        ({"names": f'"{"a" * 181}"'}, "names must be a pattern of file names"),
        ({"cron": '"hourly"'}, "cron must be five fields"),
        ({"cron": '"0 0 31 2 *"'}, "cron must be five fields"),
        ({"late_after_hours": "0"}, "late_after_hours must be a number of hours, above 0"),
        ({"late_after_hours": "8761"}, "at most 8,760"),
        ({"late_after_hours": "true"}, "late_after_hours must be a number"),
        ({"late_after_hours": "nan"}, "late_after_hours must be a number"),
        ({"port": "0"}, "port must be a number from 1 to 65,535"),
        ({"port": "65536"}, "port must be a number from 1 to 65,535"),
        ({"directory": '"outgoing"'}, "directory must be a path from the root"),
        ({"private_key": '"file:/run/key"'}, "it must have a password or a private_key, and not both"),
        ({"password": '"hunter2"'}, "password must be a reference to the secret, never the secret itself"),
        ({"host_keys": "[]"}, "host_keys must be a list of 1 to 5 texts"),
        ({"host_keys": '["*"]'}, "host_keys must be fingerprints"),
        ({"host_keys": '["MD5:00:11"]'}, "host_keys must be fingerprints"),
        ({"host_keys": '["ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIA=="]'}, "host_keys must be fingerprints"),
        ({"hostkeys": "[]"}, "there is no field 'hostkeys' (did you mean host_keys?)"),
        ({"user": '"a\\nb"'}, "user must be a text of at most 500 characters on one line"),
    ],
)
def test_mistake_is_told_in_one_sentence(declared: Declared, changed: dict[str, str], sentence: str) -> None:
    told = declared.refused(written(SFTP | changed))
    assert sentence in told
    assert told.startswith(f"FINCORE_SETTLEMENT_SOURCES_FILE ({declared.file}): ")
    assert "hunter2" not in told


@pytest.mark.parametrize(
    "missing", ["name", "psp", "account", "mode", "kind", "names", "format", "cron", "host", "host_keys"]
)
def test_missing_field_is_told(declared: Declared, missing: str) -> None:
    assert missing in declared.refused(
        written({name: value for name, value in SFTP.items() if name != missing})
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "there must be 1 to 100 sources"),
        ("source = 1", "begin each source with a line [[source]]"),
        ("[[sources]]\n", "did you mean source?"),
        (written(SFTP) * 2, "source paypal_eu is declared 2 times"),
        (written(SFTP) * 101, "there must be 1 to 100 sources"),
    ],
)
def test_mistake_of_the_whole_file_is_told(declared: Declared, text: str, sentence: str) -> None:
    assert sentence in declared.refused(text)


def test_role_starts_where_a_source_is_declared_only(declared: Declared) -> None:
    assert "reconciliation" in configured_roles(declared.settings(written(FOLDER)))
    assert "reconciliation" not in configured_roles(read_settings({}))


def test_source_of_an_account_that_is_not_declared_is_refused(declared: Declared) -> None:
    resolver = secret_resolver({"PAYPAL_SFTP": "s"})
    with pytest.raises(
        ConfigurationError, match=r"source paypal_eu: there is no account paypal/eu of live mode"
    ):
        check_sources(declared.settings(written(SFTP)), resolver)
    of_other_mode = SFTP | {"account": '"live"', "mode": '"test"'}
    with pytest.raises(ConfigurationError, match="no account paypal/live of test mode"):
        check_sources(declared.settings(written(of_other_mode)), resolver)
    check_sources(declared.settings(written(SFTP | {"account": '"live"'})), resolver)


def test_secret_that_cannot_be_read_is_told(declared: Declared) -> None:
    settings = declared.settings(written(SFTP | {"account": '"live"'}))
    for check in (check_sources, watched):
        with pytest.raises(
            ConfigurationError, match="source paypal_eu: the environment variable PAYPAL_SFTP is not set"
        ):
            check(settings, secret_resolver({}))
    (one,) = watched(settings, secret_resolver({"PAYPAL_SFTP": "s"}))
    assert one.source == settings.settlement_sources_file[0].source


STRIPE = {
    "name": '"stripe_eu"',
    "psp": '"stripe"',
    "account": '"live"',
    "mode": '"live"',
    "kind": '"stripe_reports"',
    "cron": '"*/30 * * * *"',
}


def test_reports_are_asked_for_with_the_key_of_the_account(declared: Declared) -> None:
    declared.environment["FINCORE_STRIPE_LIVE_SECRET_KEY"] = "sk_live_1"
    settings = declared.settings(written(STRIPE | {"since": "2026-11-01"}))
    (one,) = settings.settlement_sources_file
    assert one.place == StripeReportsPlace(since=date(2026, 11, 1))
    assert (one.source.format, one.source.names) == ("stripe_payout_itemized", REPORT_NAMES)
    assert [account.label for account in asked_accounts(settings)] == ["stripe/live"]
    assert watched(settings, secret_resolver({}))[0].source == one.source
    other = declared.settings(written(STRIPE | {"account": '"eu"'}))
    with pytest.raises(ConfigurationError, match="there is no account stripe/eu of live mode"):
        watched(other, secret_resolver({}))


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"psp": '"paypal"'}, "kind stripe_reports is for accounts at Stripe: set psp to stripe"),
        ({"since": '"2026-11-01"'}, "since must be a day from 2010 on"),
        ({"since": "2026-11-01T00:00:00"}, "since must be a day from 2010 on"),
        ({"since": "0001-01-01"}, "since must be a day from 2010 on"),
        ({"names": '"*"'}, "there is no field 'names'"),
    ],
)
def test_wrong_field_of_a_report_source_is_told(
    declared: Declared, values: dict[str, str], sentence: str
) -> None:
    assert sentence in declared.refused(written(STRIPE | values))
