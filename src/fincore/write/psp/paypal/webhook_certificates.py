"""The certificates that sign PayPal's webhooks: fetched with bounds, checked up to a trusted root, kept for a while."""

import asyncio
import ssl
import warnings
from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Final

import msgspec
import structlog
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError
from yarl import URL

from fincore.domain.errors import ConfigurationError
from fincore.observability.metrics import CERTIFICATE_ENDS_AT
from fincore.write.psp.http import HttpSession, RawResponse
from fincore.write.psp.paypal.account import PayPalWebhookEndpoint
from fincore.write.psp.port import CouldNotCheck, SignatureRefused

KEPT_FOR: Final = timedelta(hours=12)
KEPT_MAX: Final = 64
FETCH_SECONDS_MAX: Final = 4.0
CONNECTIONS_MAX: Final = 8
FETCHES_MAX: Final = 16
CERTIFICATE_BYTES_MAX: Final = 64 * 1024
CHAIN_LENGTH_MAX: Final = 8
KEY_BITS_MIN: Final = 2_048
RETRY_AFTER_SECONDS: Final = 60

LIVE_NAMES: Final = ("messageverificationcerts.paypal.com",)
TEST_NAMES: Final = (*LIVE_NAMES, "messageverificationcerts.sandbox.paypal.com")
"""The names for which PayPal's signing certificates are made out, by the mode of the account."""

_OK: Final = 200
_log = structlog.get_logger(__name__)


class _Kept(msgspec.Struct, frozen=True):
    key: RSAPublicKey
    until: datetime
    ends_at: datetime


Checked = RSAPublicKey | SignatureRefused | CouldNotCheck


class SigningCertificates:
    """Gives the key of a certificate that may sign webhooks. Only those that passed every check are kept."""

    def __init__(self) -> None:
        self._http = HttpSession(
            "PayPal's certificates",
            connections_max=CONNECTIONS_MAX,
            total_timeout_seconds=FETCH_SECONDS_MAX,
            response_bytes_max=CERTIFICATE_BYTES_MAX,
        )
        self._kept: OrderedDict[tuple[str, PayPalWebhookEndpoint], _Kept] = OrderedDict()
        self._fetches: dict[tuple[str, PayPalWebhookEndpoint], asyncio.Task[Checked]] = {}

    async def key_of(self, endpoint: PayPalWebhookEndpoint, address: str, now: datetime) -> Checked:
        """The key behind an address that may serve certificates of the endpoint."""
        name = (address, endpoint)
        kept = self._kept.get(name)
        if kept is not None and now < kept.until:
            return kept.key
        fetch = self._fetches.get(name)
        if fetch is None:
            if len(self._fetches) >= FETCHES_MAX:
                # A sender may name any certificate of the host, and is not known before it is fetched.
                return _could_not(f"{FETCHES_MAX} certificates are being fetched already")
            fetch = asyncio.create_task(self._fetch(endpoint, address, now))
            self._fetches[name] = fetch
            fetch.add_done_callback(lambda _: self._fetches.pop(name, None))
        # The webhook that waits first may be given up: the others still need it.
        return await asyncio.shield(fetch)

    async def close(self) -> None:
        """Close connections."""
        fetches = list(self._fetches.values())
        for fetch in fetches:
            fetch.cancel()
        await asyncio.gather(*fetches, return_exceptions=True)
        await self._http.close()

    async def _fetch(self, endpoint: PayPalWebhookEndpoint, address: str, now: datetime) -> Checked:
        answer = await self._http.call("GET", URL(address, encoded=True))
        if not isinstance(answer, RawResponse):
            return _could_not(answer.reason)
        if answer.status != _OK:
            return _could_not(f"PayPal's certificate is not served: HTTP {answer.status}")
        try:
            chain = x509.load_pem_x509_certificates(answer.body)
        except (ValueError, x509.InvalidVersion):
            return _could_not("what is served in place of PayPal's certificate is none")
        roots = trusted_roots(endpoint.ca_file)
        if not roots:
            return _could_not("the system has no certificates of trusted authorities: install them")
        checked = _checked(chain, roots, TEST_NAMES if not endpoint.expects_livemode else LIVE_NAMES, now)
        if isinstance(checked, SignatureRefused):
            _log.warning("paypal.certificate_refused", address=address)
            return checked
        CERTIFICATE_ENDS_AT.labels(f"paypal_{'live' if endpoint.expects_livemode else 'test'}").set(
            checked.ends_at.timestamp()
        )
        self._kept[address, endpoint] = checked
        self._kept.move_to_end((address, endpoint))
        while len(self._kept) > KEPT_MAX:
            self._kept.popitem(last=False)
        return checked.key


@cache
def trusted_roots(ca_file: Path | None) -> tuple[x509.Certificate, ...]:
    """The authorities that may stand behind a signing certificate: those of the file, else those of the system.

    Raise `ConfigurationError` for a file that cannot be read or holds no certificate.
    """
    if ca_file is not None:
        try:
            return tuple(x509.load_pem_x509_certificates(ca_file.read_bytes()))
        except (OSError, ValueError):
            raise ConfigurationError(
                f"the file {ca_file} of the authority that signs webhooks holds no certificate in PEM"
            ) from None
    with warnings.catch_warnings():
        # Some systems still trust an authority with a serial number that RFC 5280 forbids.
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        return tuple(root for one in _system_roots() if (root := _root_in(one)) is not None)


def _root_in(der: bytes) -> x509.Certificate | None:
    try:
        return x509.load_der_x509_certificate(der)
    except ValueError:
        # An old authority of the system that cannot be read is none that signs for PayPal.
        return None


def _system_roots() -> list[bytes]:
    context = ssl.create_default_context()
    roots = context.get_ca_certs(binary_form=True)
    folder = ssl.get_default_verify_paths().capath
    if roots or folder is None:
        return roots
    # OpenSSL reads a folder of authorities only when it needs one of them.
    for file in sorted(Path(folder).glob("*.0")):
        context.load_verify_locations(cafile=file)
    return context.get_ca_certs(binary_form=True)


def _checked(
    chain: Sequence[x509.Certificate],
    roots: Sequence[x509.Certificate],
    names: Sequence[str],
    now: datetime,
) -> _Kept | SignatureRefused:
    """The key of the first certificate, if a chain of valid ones leads from it to a root, and it is PayPal's by name."""
    leaf, others = chain[0], chain[1:CHAIN_LENGTH_MAX]
    try:
        # What a certificate says is parsed when it is asked for.
        key, ends_at = leaf.public_key(), leaf.not_valid_after_utc
    except (ValueError, UnsupportedAlgorithm):
        return SignatureRefused("certificate")
    if not isinstance(key, RSAPublicKey) or key.key_size < KEY_BITS_MIN:
        return SignatureRefused("certificate")
    for name in names:
        verifier = (
            PolicyBuilder().store(Store(list(roots))).time(now).build_server_verifier(x509.DNSName(name))
        )
        try:
            verifier.verify(leaf, list(others))
        except (VerificationError, ValueError, UnsupportedAlgorithm):
            continue
        return _Kept(key, min(now + KEPT_FOR, ends_at), ends_at)
    return SignatureRefused("certificate")


def _could_not(reason: str) -> CouldNotCheck:
    return CouldNotCheck(reason=reason, retry_after_seconds=RETRY_AFTER_SECONDS)
