"""A card edge that would take card numbers in clear, or that lacks its key, is refused at start; its memory leaves no core."""

import asyncio
import ssl
import subprocess
import sys
from base64 import b64decode
from pathlib import Path

import pytest

from fincore.bootstrap.card_edge_settings import card_edge_tls, check_card_edge
from fincore.bootstrap.card_token_settings import card_edge_url
from fincore.bootstrap.databases import Databases, Installation
from fincore.bootstrap.environment import read_settings
from fincore.bootstrap.everything import run_everything
from fincore.bootstrap.roles import configured_roles
from fincore.bootstrap.settings import Settings
from fincore.domain.errors import ConfigurationError
from fincore.http.server import load_tls
from fixtures.tls_files import server_tls

GOOD = {
    "FINCORE_CARD_EDGE_PORT": "8082",
    "FINCORE_CARD_EDGE_HMAC_KEY": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
}
OTHER_KEY = "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA="


def settings(**changes: str) -> Settings:
    return read_settings(GOOD | {f"FINCORE_CARD_EDGE_{name}": value for name, value in changes.items()})


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_card_edge_on_loopback_needs_no_tls(host: str) -> None:
    check_card_edge(settings(HOST=host))
    assert card_edge_tls(settings(HOST=host)) is None


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.5", "cards.example"])  # noqa: S104 -- listens on nothing
def test_card_edge_in_clear_beyond_loopback_is_refused(host: str) -> None:
    with pytest.raises(ConfigurationError, match=r"in clear on .*: set FINCORE_CARD_EDGE_TLS_CERTIFICATE"):
        check_card_edge(settings(HOST=host))


def test_card_edge_without_hmac_key_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="FINCORE_CARD_EDGE_HMAC_KEY is missing"):
        check_card_edge(settings(HMAC_KEY=""))


@pytest.mark.parametrize(
    "other",
    ["FINCORE_SECRETS_KEY", "FINCORE_SECRETS_KEY_BEFORE", "FINCORE_PAYPAL_LIVE_CLIENT_SECRET"],
)
@pytest.mark.parametrize("name", ["HMAC_KEY", "HMAC_KEY_BEFORE"])
def test_key_that_is_another_secret_too_is_refused(name: str, other: str) -> None:
    key = OTHER_KEY if name == "HMAC_KEY_BEFORE" else GOOD["FINCORE_CARD_EDGE_HMAC_KEY"]
    given = GOOD | {"FINCORE_CARD_EDGE_HMAC_KEY_BEFORE": OTHER_KEY, other: key}
    with pytest.raises(ConfigurationError) as error:
        read_settings(given)
    told = str(error.value)
    assert f"FINCORE_CARD_EDGE_{name}" in told
    assert other in told
    assert "\n" not in told
    assert key not in told


def test_same_key_in_another_spelling_is_refused() -> None:
    """The last character of 32 bytes in base64 holds two bits that mean nothing."""
    spelled = GOOD["FINCORE_CARD_EDGE_HMAC_KEY"].replace("Y=", "Z=")
    assert b64decode(spelled) == b64decode(GOOD["FINCORE_CARD_EDGE_HMAC_KEY"])
    with pytest.raises(ConfigurationError, match="are the same secret"):
        read_settings(GOOD | {"FINCORE_SECRETS_KEY": spelled})


def test_key_and_the_one_before_it_may_be_equal() -> None:
    settings(HMAC_KEY_BEFORE=GOOD["FINCORE_CARD_EDGE_HMAC_KEY"])
    read_settings(GOOD | {"FINCORE_SECRETS_KEY": OTHER_KEY, "FINCORE_SECRETS_KEY_BEFORE": OTHER_KEY})


def test_key_beside_the_embedded_server_is_no_hmac_key(tmp_path: Path) -> None:
    (tmp_path / "secrets.key").write_text(GOOD["FINCORE_CARD_EDGE_HMAC_KEY"])
    given = GOOD | {
        "FINCORE_DATA_DIR": str(tmp_path),
        "FINCORE_STRIPE_TEST_SECRET_KEY": "sk_test_1",
        "FINCORE_STRIPE_TEST_WEBHOOK_SECRETS": "whsec_1",
    }
    installation = Installation(Databases(eventstore="", paymentdb="", ledgerdb=""), None)
    with pytest.raises(ConfigurationError, match="FINCORE_SECRETS_KEY are the same secret"):
        asyncio.run(run_everything(read_settings(given), installation, announce=print))


def test_certificate_without_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="FINCORE_CARD_EDGE_TLS_KEY is missing"):
        check_card_edge(settings(TLS_CERTIFICATE=str(tmp_path / "chain.pem")))
    file = tmp_path / "chain.pem"
    for content in (None, "no certificate"):
        if content is not None:
            file.write_text(content)
        with pytest.raises(ConfigurationError, match="cannot be used together"):
            check_card_edge(settings(TLS_CERTIFICATE=str(file), TLS_KEY=str(file)))


def test_card_edge_beyond_loopback_speaks_tls_of_its_own(tmp_path: Path) -> None:
    files, other = server_tls(tmp_path), tmp_path / "other"
    other.mkdir()
    public = {"HOST": "0.0.0.0", "TLS_CERTIFICATE": str(files.certificate)}  # noqa: S104 -- listens on nothing
    found = card_edge_tls(settings(**public, TLS_KEY=str(files.key)))
    assert found is not None
    assert load_tls(found).minimum_version == ssl.TLSVersion.TLSv1_2
    with pytest.raises(ConfigurationError, match="cannot be used together"):
        check_card_edge(settings(**public, TLS_KEY=str(server_tls(other).key)))


def test_card_edge_is_started_only_where_it_is_configured() -> None:
    assert "card-edge" in configured_roles(settings())
    assert "card-edge" not in configured_roles(read_settings({}))
    check_card_edge(read_settings({}))


def test_process_of_the_card_edge_leaves_no_core() -> None:
    """Dumpable as a process begins; afterwards it is not, and its limit for cores cannot be raised."""
    program = (
        "from fincore.bootstrap.undumpable import become_undumpable, is_undumpable; "
        "before = is_undumpable(); become_undumpable(); print(before, is_undumpable())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


def test_workers_find_the_card_edge_where_it_listens(tmp_path: Path) -> None:
    assert card_edge_url(read_settings({})) is None
    assert card_edge_url(settings()) == "http://127.0.0.1:8082"
    assert card_edge_url(settings(HOST="::1")) == "http://[::1]:8082"
    elsewhere = "https://cards.internal.example:8443"
    assert card_edge_url(settings(PORT="", URL=elsewhere)) == elsewhere
    with pytest.raises(ConfigurationError, match="FINCORE_CARD_EDGE_URL"):
        settings(URL="http://cards.internal.example")
    files = server_tls(tmp_path)
    with pytest.raises(ConfigurationError, match="FINCORE_CARD_EDGE_URL is missing"):
        card_edge_url(settings(TLS_CERTIFICATE=str(files.certificate), TLS_KEY=str(files.key)))
