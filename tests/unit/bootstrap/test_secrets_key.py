"""The key that encrypts secrets: set, or made once beside the embedded PostgreSQL and never elsewhere."""

import stat
from base64 import b64decode, b64encode
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fincore.bootstrap.environment import read_settings
from fincore.bootstrap.secrets_key import FILE_NAME, secret_cipher, secrets_key
from fincore.bootstrap.settings import Settings
from fincore.domain.errors import ConfigurationError
from fincore.domain.ids import WebhookEndpointId
from fincore.notify.webhook_secret import mint_secret

KEY = b64encode(bytes(range(32))).decode()
DSN = "postgresql://fincore@db.internal/fincore"
ENDPOINT = WebhookEndpointId("we_1")


def settings(folder: Path, **more: str) -> Settings:
    return read_settings({"FINCORE_DATA_DIR": str(folder), **more})


def test_configured_secrets_key_is_used_and_no_file_made(tmp_path: Path) -> None:
    configured = settings(tmp_path, FINCORE_SECRETS_KEY=KEY, FINCORE_EVENTSTORE_DSN=DSN)
    assert secrets_key(configured).reveal() == KEY
    assert list(tmp_path.iterdir()) == []
    assert KEY not in repr(configured)


def test_previous_key_opens_secrets_beside_new_key(
    tmp_path: Path,
) -> None:
    secret = mint_secret()
    encrypted = secret_cipher(settings(tmp_path, FINCORE_SECRETS_KEY=KEY)).encrypt(secret, ENDPOINT)
    for more in ({"FINCORE_SECRETS_KEY": b64encode(bytes(32)).decode()}, {}):
        configured = settings(tmp_path, FINCORE_SECRETS_KEY_BEFORE=KEY, **more)
        assert secret_cipher(configured).decrypt(encrypted, ENDPOINT) == secret
        assert KEY not in repr(configured)


def test_embedded_server_gets_one_secrets_key_readable_by_owner(tmp_path: Path) -> None:
    folder = tmp_path / "var"
    key = secrets_key(settings(folder))
    assert len(b64decode(key.reveal(), validate=True)) == 32
    assert secrets_key(settings(folder)) == key
    assert secrets_key(settings(tmp_path / "other")) != key
    assert [file.name for file in folder.iterdir()] == [FILE_NAME]
    assert stat.S_IMODE((folder / FILE_NAME).stat().st_mode) == 0o600
    secret = mint_secret()
    encrypted = secret_cipher(settings(folder)).encrypt(secret, ENDPOINT)
    assert secret_cipher(settings(folder)).decrypt(encrypted, ENDPOINT) == secret


def test_concurrent_starts_make_one_secrets_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        keys = list(threads.map(lambda _: secrets_key(settings(tmp_path)).reveal(), range(32)))
    assert len(set(keys)) == 1


def test_with_a_database_of_ones_own_a_missing_key_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="FINCORE_SECRETS_KEY is missing"):
        secrets_key(settings(tmp_path, FINCORE_EVENTSTORE_DSN=DSN))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="FINCORE_DATA_DIR"):
        secrets_key(settings(tmp_path / "file" / "var"))
