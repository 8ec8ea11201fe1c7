"""A certificate authority of the sandbox's own, and the certificate under which PayPal's webhooks are signed.

Made when first needed and kept with the process, so that each run has its own and no key is ever stored.
"""

import base64
from datetime import UTC, datetime, timedelta
from functools import cached_property

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from psp_sandbox.ids import new_paypal_id

SIGNER_NAME = "messageverificationcerts.paypal.com"
"""The name in the certificates of PayPal's webhooks."""
KEY_BITS = 2_048
VALID_DAYS = 365

_KEY_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


class Issued:
    """A certificate and its key."""

    def __init__(self, name: str, *, issuer: "Issued | None", is_authority: bool) -> None:
        self.key = rsa.generate_private_key(public_exponent=65_537, key_size=KEY_BITS)
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        signer = issuer or self
        self.certificate = _certificate(self, signer, is_authority=is_authority)

    @property
    def pem(self) -> bytes:
        """The certificate as PEM text."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)


class Authority:
    """Root, intermediate and signing certificate. A verifier is told the root, and is sent the other two."""

    def __init__(self) -> None:
        self.certificate_id = f"CERT-{new_paypal_id(24)}"

    @cached_property
    def _root(self) -> Issued:
        return Issued("PSP sandbox root", issuer=None, is_authority=True)

    @cached_property
    def _intermediate(self) -> Issued:
        return Issued("PSP sandbox intermediate", issuer=self._root, is_authority=True)

    @cached_property
    def _signer(self) -> Issued:
        return Issued(SIGNER_NAME, issuer=self._intermediate, is_authority=False)

    @property
    def root_pem(self) -> bytes:
        """What a verifier has to trust."""
        return self._root.pem

    @property
    def chain_pem(self) -> bytes:
        """The signing certificate, then the intermediate one."""
        return self._signer.pem + self._intermediate.pem

    def sign(self, message: bytes) -> str:
        """The message's signature (RSA, PKCS #1 v1.5, SHA-256) as base64."""
        signature = self._signer.key.sign(message, padding.PKCS1v15(), hashes.SHA256())
        return base64.b64encode(signature).decode()

    def verifies(self, message: bytes, signature: str) -> bool:
        """Whether a signature is one of ours for this message."""
        public = self._signer.key.public_key()
        try:
            public.verify(
                base64.b64decode(signature, validate=True), message, padding.PKCS1v15(), hashes.SHA256()
            )
        except (InvalidSignature, ValueError):
            return False
        return True


def _certificate(subject: Issued, signer: Issued, *, is_authority: bool) -> x509.Certificate:
    now = datetime.now(UTC)
    used_for = {"key_cert_sign", "crl_sign"} if is_authority else {"digital_signature", "key_encipherment"}
    signer_key = x509.SubjectKeyIdentifier.from_public_key(signer.key.public_key())
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject.name)
        .issuer_name(signer.name)
        .public_key(subject.key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=VALID_DAYS))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(**{usage: usage in used_for for usage in _KEY_USAGES}), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(subject.key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(signer_key), critical=False
        )
    )
    if not is_authority:
        names = x509.SubjectAlternativeName([x509.DNSName(SIGNER_NAME)])
        purposes = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
        builder = builder.add_extension(names, critical=False).add_extension(purposes, critical=False)
    return builder.sign(signer.key, hashes.SHA256())
