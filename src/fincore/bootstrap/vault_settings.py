"""What the vault needs: its keys, none of them weak, and every key that encrypts a card."""

from fincore.bootstrap.card_edge_settings import card_edge_url
from fincore.bootstrap.setting import PREFIX
from fincore.bootstrap.settings import Settings
from fincore.domain.errors import ConfigurationError
from fincore.postgres.pool import Pool
from fincore.write.vault.card_cipher import CardCipher
from fincore.write.vault.card_fingerprints import CardFingerprints
from fincore.write.vault.kept_cards import VaultKeeping
from fincore.write.vault.kept_rows import KeptRows
from fincore.write.vault.rotation import require_keys
from fincore.write.vault.vault_keys import decoded_key, key_flaw


def check_vault(settings: Settings) -> None:
    """Raise `ConfigurationError` where a vault is configured and cannot be used."""
    if settings.vault_keys is not None and settings.card_edge_port is None:
        raise ConfigurationError(
            "FINCORE_CARD_EDGE_PORT is missing beside FINCORE_VAULT_KEYS: only the card edge keeps cards"
        )
    require_token_secret(settings)
    _require_url(settings)
    vault_keeping(settings)


def vault_keeping(settings: Settings) -> VaultKeeping | None:
    """The ciphers of the vault; None where none is configured. Raises `ConfigurationError`."""
    keys, key = settings.vault_keys, settings.vault_fingerprint_key
    if keys is None and key is None:
        return None
    if keys is None or key is None:
        missing, other = ("VAULT_KEYS", "VAULT_FINGERPRINT_KEY")[:: 1 if keys is None else -1]
        raise ConfigurationError(f"{PREFIX}{missing} is missing beside {PREFIX}{other}: set both")
    before = settings.vault_fingerprint_key_before
    for name, secret in (("VAULT_FINGERPRINT_KEY", key), ("VAULT_FINGERPRINT_KEY_BEFORE", before)):
        flaw = None if secret is None else key_flaw(decoded_key(secret.reveal()))
        if flaw is not None:
            raise ConfigurationError(f"{PREFIX}{name} {flaw}")
    return VaultKeeping(CardCipher(keys), CardFingerprints(key, before))


async def require_vault_keys(pool: Pool, keeping: VaultKeeping | None) -> None:
    """Raise `ConfigurationError` where cards are kept under keys that are not at hand."""
    uses = await KeptRows(pool).key_uses()
    if keeping is not None:
        require_keys(uses, keeping.cipher.keys)
    elif uses:
        raise ConfigurationError(
            f"FINCORE_VAULT_KEYS is missing, and {sum(use.cards for use in uses):,} cards are kept: set it to the keys that "
            "encrypt them, or, if those are lost for good, to a new one, and give the cards up with `fincore vault forget`"
        )


def require_token_secret(settings: Settings) -> None:
    """Raise `ConfigurationError` where cards may be kept that no worker could charge."""
    if settings.card_edge_token_secret is not None:
        return
    for name, setting in (("VAULT_KEYS", settings.vault_keys), ("CARD_EDGE_URL", settings.card_edge_url)):
        if setting is not None:
            raise _token_secret_missing(f"beside {PREFIX}{name}")


async def require_tokens(settings: Settings, pool: Pool) -> None:
    """Raise `ConfigurationError` where a worker could get no tokens of kept cards, and the API takes charges of them.

    A card edge without a vault needs no secret: beside its port alone, one is missing only once cards are kept.
    """
    require_token_secret(settings)
    _require_url(settings)
    is_known_by_port = settings.card_edge_port is not None and settings.card_edge_token_secret is None
    if is_known_by_port and await KeptRows(pool).has_any():
        raise _token_secret_missing(f"beside {PREFIX}CARD_EDGE_PORT, and cards are kept")


def _require_url(settings: Settings) -> None:
    if settings.card_edge_token_secret is not None and card_edge_url(settings) is None:
        raise ConfigurationError(
            f"{PREFIX}CARD_EDGE_URL is missing beside {PREFIX}CARD_EDGE_TOKEN_SECRET: set it to where workers reach the card edge"
        )


def _token_secret_missing(where: str) -> ConfigurationError:
    return ConfigurationError(
        f"{PREFIX}CARD_EDGE_TOKEN_SECRET is missing {where}: set it to what `openssl rand -base64 32` prints, for the card edge "
        "and the workers alike"
    )
