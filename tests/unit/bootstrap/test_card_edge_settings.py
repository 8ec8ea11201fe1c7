"""A card edge that would take card numbers in clear, or that lacks its key, is refused at start; its memory leaves no core."""

import subprocess
import sys
from pathlib import Path

import pytest

from fincore.bootstrap.card_edge_settings import card_edge_tls, check_card_edge
from fincore.bootstrap.roles import configured_roles
from fincore.bootstrap.settings import Settings, read_settings
from fincore.domain.errors import ConfigurationError

GOOD = {
    "FINCORE_CARD_EDGE_PORT": "8082",
    "FINCORE_CARD_EDGE_HMAC_KEY": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
}


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


def test_certificate_without_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="FINCORE_CARD_EDGE_TLS_KEY is missing"):
        check_card_edge(settings(TLS_CERTIFICATE=str(tmp_path / "chain.pem")))
    file = tmp_path / "chain.pem"
    for content in (None, "no certificate"):
        if content is not None:
            file.write_text(content)
        with pytest.raises(ConfigurationError, match="cannot be used together"):
            check_card_edge(settings(TLS_CERTIFICATE=str(file), TLS_KEY=str(file)))


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
