"""What the vault needs: its keys, none of them weak, and every key that encrypts a card."""

from fincore.bootstrap.card_token_settings import check_card_tokens
from fincore.bootstrap.setting import PREFIX
from fincore.bootstrap.settings import Settings
from fincore.domain.counting import counted
from fincore.domain.errors import ConfigurationError
from fincore.postgres.pool import Pool
from fincore.write.vault.card_cipher import CardCipher
from fincore.write.vault.card_fingerprints import CardFingerprints
from fincore.write.vault.kept_cards import VaultKeeping
from fincore.write.vault.kept_rows import KeptRows
from fincore.write.vault.key_service import KeyService, KeyServiceUnavailable
from fincore.write.vault.rotation import require_keys
from fincore.write.vault.vault_keys import ServiceKey, VaultKeys, decoded_key, key_flaw


def check_vault(settings: Settings) -> None:
    """Raise `ConfigurationError` where a vault is configured and cannot be used."""
    if settings.vault_keys is not None and settings.card_edge_port is None:
        raise ConfigurationError(
            "FINCORE_CARD_EDGE_PORT is missing beside FINCORE_VAULT_KEYS: only the card edge keeps cards"
        )
    check_card_tokens(settings)
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
    return VaultKeeping(CardCipher(keys, _key_service(settings, keys)), CardFingerprints(key, before))


def _key_service(settings: Settings, keys: VaultKeys) -> KeyService | None:
    if not any(isinstance(one, ServiceKey) for one in keys):
        return None
    from fincore.bootstrap.kms import kms_keys

    return kms_keys(url=settings.vault_kms_url)


async def require_key_service(keeping: VaultKeeping | None) -> None:
    """Raise `ConfigurationError` where the current key cannot wrap and unwrap: a card edge that cannot keep cards does not start."""
    if keeping is None:
        return
    try:
        works = await keeping.cipher.current_key_works()
    except KeyServiceUnavailable as error:
        raise ConfigurationError(f"the current key of FINCORE_VAULT_KEYS does not work: {error}") from None
    if not works:
        raise ConfigurationError(
            "the current key of FINCORE_VAULT_KEYS does not unwrap what it wrapped: name a symmetric key that encrypts and decrypts"
        )


async def require_vault_keys(pool: Pool, keeping: VaultKeeping | None) -> None:
    """Raise `ConfigurationError` where cards are kept under keys that are not at hand."""
    uses = await KeptRows(pool).key_uses()
    if keeping is not None:
        require_keys(uses, keeping.cipher.keys)
    elif uses:
        kept = sum(use.cards for use in uses)
        raise ConfigurationError(
            f"FINCORE_VAULT_KEYS is missing, and {counted(kept, 'card is', 'cards are')} kept: set it to the keys that encrypt "
            "them, or, if those are lost for good, to a new one, and give the cards up with `fincore vault forget`"
        )
