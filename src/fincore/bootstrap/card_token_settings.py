"""What workers need to get tokens of kept cards: the secret that they share with the card edge, and where they reach it."""

from fincore.bootstrap.setting import PREFIX
from fincore.bootstrap.settings import Settings
from fincore.domain.errors import ConfigurationError
from fincore.postgres.pool import Pool
from fincore.write.vault.kept_rows import KeptRows


def card_edge_url(settings: Settings) -> str | None:
    """Where workers reach the card edge; None where there is none.

    Raises `ConfigurationError` where that is not known: under TLS its name is that of its certificate, and a port that the
    system chooses is known to the card edge alone.
    """
    if settings.card_edge_url is not None or settings.card_edge_port is None:
        return settings.card_edge_url
    if settings.card_edge_tls_certificate is not None or settings.card_edge_port == 0:
        raise ConfigurationError(
            "FINCORE_CARD_EDGE_URL is missing beside a card edge under TLS, or at a port that the system chooses: set it to where "
            "workers reach the card edge, under TLS by the name in its certificate"
        )
    host = f"[{settings.card_edge_host}]" if ":" in settings.card_edge_host else settings.card_edge_host
    return f"http://{host}:{settings.card_edge_port}"


def require_token_secret(settings: Settings) -> None:
    """Raise `ConfigurationError` where cards may be kept that no worker could charge."""
    if settings.card_edge_token_secret is not None:
        return
    for name, setting in (("VAULT_KEYS", settings.vault_keys), ("CARD_EDGE_URL", settings.card_edge_url)):
        if setting is not None:
            raise _token_secret_missing(f"beside {PREFIX}{name}")


def check_card_tokens(settings: Settings) -> None:
    """Raise `ConfigurationError` where the settings give workers a part of what they need for tokens, and not all of it."""
    require_token_secret(settings)
    if settings.card_edge_token_secret is not None and card_edge_url(settings) is None:
        raise ConfigurationError(
            f"{PREFIX}CARD_EDGE_URL is missing beside {PREFIX}CARD_EDGE_TOKEN_SECRET: set it to where workers reach the card edge"
        )


async def require_tokens(settings: Settings, pool: Pool) -> None:
    """Raise `ConfigurationError` where a worker could get no tokens of kept cards, and the API takes charges of them.

    A card edge without a vault needs no secret: beside its port alone, one is missing only once cards are kept.
    """
    check_card_tokens(settings)
    is_known_by_port = settings.card_edge_port is not None and settings.card_edge_token_secret is None
    if is_known_by_port and await KeptRows(pool).has_any():
        raise _token_secret_missing(f"beside {PREFIX}CARD_EDGE_PORT, and cards are kept")


def _token_secret_missing(where: str) -> ConfigurationError:
    return ConfigurationError(
        f"{PREFIX}CARD_EDGE_TOKEN_SECRET is missing {where}: set it to what `openssl rand -base64 32` prints, for the card edge "
        "and the workers alike"
    )
