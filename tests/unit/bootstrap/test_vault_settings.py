"""Keys of the vault that are missing, weak, or another secret as well are refused at start, in one sentence that shows none."""

import re
from base64 import b64encode

import pytest

from fincore.bootstrap.environment import read_settings
from fincore.bootstrap.settings import Settings
from fincore.bootstrap.vault_settings import check_vault, vault_keeping
from fincore.domain.errors import ConfigurationError
from fixtures.vault import key_of


def base64(word: str) -> str:
    return b64encode(key_of(word)).decode()


GOOD = {
    "FINCORE_CARD_EDGE_PORT": "8082",
    "FINCORE_CARD_EDGE_HMAC_KEY": base64("numbers"),
    "FINCORE_CARD_EDGE_TOKEN_SECRET": base64("tokens"),
    "FINCORE_SECRETS_KEY": base64("webhooks"),
    "FINCORE_VAULT_KEYS": f"new:{base64('new')},old:{base64('old')}",
    "FINCORE_VAULT_FINGERPRINT_KEY": base64("prints"),
    "FINCORE_VAULT_FINGERPRINT_KEY_BEFORE": base64("prints before"),
}


def settings(**changes: str) -> Settings:
    return read_settings(GOOD | {f"FINCORE_{name}": value for name, value in changes.items()})


def test_good_keys_make_a_vault() -> None:
    check_vault(settings())
    keeping = vault_keeping(settings())
    assert keeping is not None
    assert keeping.cipher.keys.current.key_id == "new"
    assert base64("new") not in repr(settings())


def test_no_vault_is_configured_without_keys() -> None:
    check_vault(read_settings({}))
    assert vault_keeping(read_settings({})) is None


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"VAULT_FINGERPRINT_KEY": ""}, "FINCORE_VAULT_FINGERPRINT_KEY is missing beside FINCORE_VAULT_KEYS"),
        ({"VAULT_KEYS": ""}, "FINCORE_VAULT_KEYS is missing beside FINCORE_VAULT_FINGERPRINT_KEY"),
        ({"CARD_EDGE_PORT": ""}, "FINCORE_CARD_EDGE_PORT is missing beside FINCORE_VAULT_KEYS"),
        (
            {"CARD_EDGE_TOKEN_SECRET": ""},
            "FINCORE_CARD_EDGE_TOKEN_SECRET is missing beside FINCORE_VAULT_KEYS",
        ),
        (
            {"VAULT_KEYS": "", "CARD_EDGE_TOKEN_SECRET": "", "CARD_EDGE_URL": "https://cards.example"},
            "FINCORE_CARD_EDGE_TOKEN_SECRET is missing beside FINCORE_CARD_EDGE_URL",
        ),
        ({"CARD_EDGE_PORT": "0"}, "FINCORE_CARD_EDGE_URL is missing beside a card edge under TLS"),
        (
            {"CARD_EDGE_TOKEN_SECRET": base64("prints")},
            "FINCORE_CARD_EDGE_TOKEN_SECRET and FINCORE_VAULT_FINGERPRINT_KEY are the same secret",
        ),
        (
            {"VAULT_FINGERPRINT_KEY": b64encode(bytes(32)).decode()},
            "FINCORE_VAULT_FINGERPRINT_KEY is not random",
        ),
        (
            {"VAULT_FINGERPRINT_KEY_BEFORE": b64encode(b"x" * 32).decode()},
            "FINCORE_VAULT_FINGERPRINT_KEY_BEFORE is not random",
        ),
        (
            {"VAULT_FINGERPRINT_KEY": base64("old")},
            "FINCORE_VAULT_KEYS (old) and FINCORE_VAULT_FINGERPRINT_KEY are the same secret",
        ),
        (
            {"SECRETS_KEY": base64("new")},
            "FINCORE_VAULT_KEYS (new) and FINCORE_SECRETS_KEY are the same secret",
        ),
        (
            {"CARD_EDGE_HMAC_KEY_BEFORE": base64("prints")},
            "FINCORE_CARD_EDGE_HMAC_KEY_BEFORE and FINCORE_VAULT_FINGERPRINT_KEY are the same secret",
        ),
    ],
)
def test_vault_that_cannot_be_used_is_refused(changes: dict[str, str], sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(sentence)) as refused:
        check_vault(settings(**changes))
    assert not any(value in str(refused.value) for value in GOOD.values() if len(value) > 10)


def test_wrong_vault_key_is_refused_by_its_setting() -> None:
    with pytest.raises(ConfigurationError, match="FINCORE_VAULT_KEYS holds a key new that is not random"):
        settings(VAULT_KEYS=f"new:{b64encode(bytes(32)).decode()}")
