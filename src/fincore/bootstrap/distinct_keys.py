"""No key of 32 bytes is another secret as well."""

from fincore.bootstrap.setting_values import SECRETS_KEY
from fincore.bootstrap.settings import SETTINGS, Settings
from fincore.domain.errors import ConfigurationError
from fincore.domain.secret import Secret
from fincore.write.vault.vault_keys import VaultKey, VaultKeys, decoded_key


def check_keys_apart(settings: Settings) -> None:
    """Raise `ConfigurationError` where a key of 32 bytes is another secret as well: what gives one away would give both away.

    A key and the one before it may be equal.
    """
    keys, others = _secrets_of(settings)
    for name, key in keys.items():
        for other, secret in (keys | others).items():
            if _purpose(name) != _purpose(other) and key == secret:
                raise ConfigurationError(
                    f"{name} and {other} are the same secret: set each key to what a run of its own of "
                    "`openssl rand -base64 32` prints"
                )


def _secrets_of(settings: Settings) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """By name the keys of 32 bytes, and what the other secrets are as bytes, where they could be a key at all."""
    keys: dict[str, bytes] = {}
    others: dict[str, bytes] = {}
    for setting in SETTINGS:
        match getattr(settings, setting.field):
            case VaultKeys() as vault_keys:
                keys |= {
                    f"{setting.name} ({key.key_id})": key.key
                    for key in vault_keys
                    if isinstance(key, VaultKey)
                }
            case Secret() as secret if setting.read is SECRETS_KEY:
                keys[setting.name] = decoded_key(secret.reveal())
            case Secret() as secret if setting.is_secret:
                others[setting.name] = decoded_key(secret.reveal())
            case _:
                pass
    return keys, others


def _purpose(name: str) -> str:
    return name.removesuffix("_BEFORE")
