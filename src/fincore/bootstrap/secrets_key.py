"""The key that encrypts secrets in the database: from the settings, or made once beside the embedded PostgreSQL."""

import contextlib
import os
import secrets
import tempfile
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Final

from fincore.bootstrap.setting_values import SECRETS_KEY_BYTES
from fincore.bootstrap.settings import Settings
from fincore.domain.errors import ConfigurationError
from fincore.domain.secret import Secret
from fincore.notify.secret_cipher import SecretCipher

FILE_NAME: Final = "secrets.key"


def secrets_key(settings: Settings) -> Secret:
    """The key as base64. Raises `ConfigurationError` where the database is not the embedded one and no key is set.

    A key made here could not be found again by the next process on another machine.
    """
    if settings.secrets_key is not None:
        return settings.secrets_key
    if settings.eventstore_dsn is not None:
        raise ConfigurationError(
            "FINCORE_SECRETS_KEY is missing beside FINCORE_EVENTSTORE_DSN: set it to what `openssl rand -base64 32` "
            "prints, and keep it as safe as the database"
        )
    try:
        return Secret(_kept(settings.data_dir / FILE_NAME))
    except OSError as error:
        raise ConfigurationError(
            f"the key file {settings.data_dir / FILE_NAME} cannot be made or read ({error.strerror}): "
            "correct FINCORE_DATA_DIR or set FINCORE_SECRETS_KEY"
        ) from error


def secret_cipher(settings: Settings) -> SecretCipher:
    """Encrypts with that key; decrypts with the one before it, too, where one is set."""
    before = settings.secrets_key_before
    return SecretCipher(
        b64decode(secrets_key(settings).reveal()), b64decode(before.reveal()) if before is not None else None
    )


def _kept(file: Path) -> str:
    """What the file holds; it is made first where it is missing. Of several processes that make it one wins."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        # Only its owner may read what mkstemp makes.
        descriptor, draft = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
        try:
            with os.fdopen(descriptor, "w", encoding="ascii") as opened:
                opened.write(b64encode(secrets.token_bytes(SECRETS_KEY_BYTES)).decode())
                opened.flush()
                os.fsync(opened.fileno())
            with contextlib.suppress(FileExistsError):
                os.link(draft, file)
        finally:
            Path(draft).unlink()
    return file.read_text(encoding="ascii")
