"""What the card edge needs: TLS of its own or loopback, and the key under which card numbers enter fingerprints."""

from datetime import datetime
from ipaddress import ip_address
from pathlib import Path
from ssl import SSLError
from typing import Protocol

from cryptography import x509

from fincore.domain.errors import ConfigurationError
from fincore.domain.secret import Secret
from fincore.http.server import TlsFiles, load_tls
from fincore.write.raw_cards.number_hmac import NumberHmac


class CardEdgeSettings(Protocol):
    """The settings that this depends on."""

    @property
    def card_edge_port(self) -> int | None: ...
    @property
    def card_edge_host(self) -> str: ...
    @property
    def card_edge_tls_certificate(self) -> Path | None: ...
    @property
    def card_edge_tls_key(self) -> Path | None: ...
    @property
    def card_edge_hmac_key(self) -> Secret | None: ...
    @property
    def card_edge_hmac_key_before(self) -> Secret | None: ...


def check_card_edge(settings: CardEdgeSettings) -> None:
    """Raise `ConfigurationError` where a card edge is configured and cannot start."""
    if settings.card_edge_port is not None:
        card_edge_tls(settings)
        number_hmac(settings)


def number_hmac(settings: CardEdgeSettings) -> NumberHmac:
    """What card numbers become in fingerprints. Raises `ConfigurationError` where no key is set.

    A key that is made here would not be found again by the next process, and its requests would no longer be known.
    """
    key, before = settings.card_edge_hmac_key, settings.card_edge_hmac_key_before
    if key is None:
        raise ConfigurationError(
            "FINCORE_CARD_EDGE_HMAC_KEY is missing beside FINCORE_CARD_EDGE_PORT: set it to what `openssl rand -base64 32` prints"
        )
    return NumberHmac(key, before)


def card_edge_tls(settings: CardEdgeSettings) -> TlsFiles | None:
    """The certificate and key of the card edge; None on loopback without them.

    Raises `ConfigurationError` where card numbers would cross a network in clear, and for files that cannot be used.
    """
    certificate, key = settings.card_edge_tls_certificate, settings.card_edge_tls_key
    if (certificate is None) != (key is None):
        missing = "FINCORE_CARD_EDGE_TLS_KEY" if key is None else "FINCORE_CARD_EDGE_TLS_CERTIFICATE"
        raise ConfigurationError(f"{missing} is missing: set the certificate and its key together")
    if certificate is None or key is None:
        if not is_loopback(settings.card_edge_host):
            raise ConfigurationError(
                f"the card edge would take card numbers in clear on {settings.card_edge_host}: set "
                "FINCORE_CARD_EDGE_TLS_CERTIFICATE and FINCORE_CARD_EDGE_TLS_KEY, or FINCORE_CARD_EDGE_HOST to 127.0.0.1"
            )
        return None
    files = TlsFiles(certificate, key)
    try:
        load_tls(files)
    except (OSError, SSLError) as error:
        raise ConfigurationError(
            f"FINCORE_CARD_EDGE_TLS_CERTIFICATE and FINCORE_CARD_EDGE_TLS_KEY cannot be used together ({error.strerror or error}): "
            "name a PEM certificate chain and its key, which needs no password"
        ) from error
    return files


def certificate_ends_at(files: TlsFiles) -> datetime:
    """When the certificate of files ends that can be used."""
    return x509.load_pem_x509_certificates(files.certificate.read_bytes())[0].not_valid_after_utc


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine itself."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
