"""Where operations are reached, as settings spell it: the URL of a webhook, a mail server, addresses. Pure.

Each reader gives what is wrong as the end of a sentence, and never repeats the text, which may hold a password.
"""

import binascii
import re
from base64 import b64decode
from ipaddress import ip_address
from typing import Final, NamedTuple
from urllib.parse import unquote, urlsplit

ADDRESSES_MAX: Final = 20
ADDRESS_CHARACTERS_MAX: Final = 254
URL_CHARACTERS_MAX: Final = 2_048
USER_CHARACTERS_MAX: Final = 254
SIGNING_KEY_BYTES: Final = range(24, 65)
"""What Standard Webhooks allows."""

_ATEXT: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]"
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS: Final = re.compile(rf"{_ATEXT}+(?:\.{_ATEXT}+)*@{_LABEL}(?:\.{_LABEL})*")
"""A dot-atom of RFC 5322 at a host name, in ASCII: no display name, no comment, no quoted part."""
_URL: Final = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")
_HOST: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?")
_PORTS: Final = {"smtp": 587, "smtps": 465}
_TOPIC: Final = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,251}(?:\.fifo)?")


class Refused(ValueError):
    """What is wrong with a text, as the end of a sentence that begins with the name of its setting."""


class SmtpServer(NamedTuple):
    """A mail server. `tls`: from the first byte (`implicit`), by STARTTLS before anything else is said, or none on this machine itself."""

    host: str
    port: int
    tls: str
    user: str | None


def sns_topic(text: str) -> str:
    """The ARN of a topic of SNS. Raises `Refused`."""
    if not _TOPIC.fullmatch(text):
        raise Refused("must be the ARN of a topic, such as arn:aws:sns:eu-central-1:123456789012:fincore")
    return text


def webhook_url(text: str) -> str:
    """A URL to which notices may be posted. Raises `Refused`.

    The operator chooses it, so that it may lead into the own network, unlike the URL of a merchant.
    """
    if len(text) > URL_CHARACTERS_MAX or not _URL.fullmatch(text):
        raise Refused(f"must be a URL of at most {URL_CHARACTERS_MAX:,} ASCII characters without a space")
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise Refused("is no URL that can be read") from None
    if not _is_host(host) or port == 0:
        raise Refused("must name a server")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        raise Refused("must begin with https:// (http:// is taken for this machine itself alone)")
    if parts.username is not None or parts.password is not None:
        raise Refused("must not hold a user name or password")
    if "#" in text:
        raise Refused("must not hold a fragment (#)")
    return text


def smtp_server(text: str) -> SmtpServer:
    """`smtps://[user@]host[:465]` or `smtp://[user@]host[:587]`. Raises `Refused`."""
    form = "must be smtps://user@host:465 or smtp://user@host:587; user and port may be left out"
    if len(text) > URL_CHARACTERS_MAX or not _URL.fullmatch(text):
        raise Refused(form)
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise Refused(form) from None
    if parts.scheme not in _PORTS or not _is_host(host) or port == 0:
        raise Refused(form)
    if parts.password is not None:
        raise Refused("must not hold the password: set FINCORE_OPS_SMTP_PASSWORD, or its file")
    if parts.path.strip("/") or parts.query or "#" in text:
        raise Refused(form)
    user = unquote(parts.username) if parts.username else None
    if user is not None and (len(user) > USER_CHARACTERS_MAX or not user.isprintable()):
        raise Refused("must hold a user name of printable characters")
    tls = "implicit" if parts.scheme == "smtps" else "none" if is_loopback(host) else "starttls"
    return SmtpServer(host, port or _PORTS[parts.scheme], tls, user)


def mail_address(text: str) -> str:
    """An address such as ops@example.com. Raises `Refused`."""
    if len(text) > ADDRESS_CHARACTERS_MAX or not _ADDRESS.fullmatch(text):
        raise Refused("must be an address such as ops@example.com, in ASCII and without a display name")
    return text


def mail_addresses(text: str) -> tuple[str, ...]:
    """Addresses separated by commas, each once. Raises `Refused`."""
    found = tuple(dict.fromkeys(mail_address(one.strip()) for one in text.split(",") if one.strip()))
    if len(found) > ADDRESSES_MAX:
        raise Refused(f"must hold at most {ADDRESSES_MAX} addresses")
    return found


def signing_secret(text: str) -> str:
    """A secret of Standard Webhooks, `whsec_` and 24 to 64 bytes in base64. Raises `Refused`."""
    prefix, found, encoded = text.partition("whsec_")
    try:
        key = b64decode(encoded, validate=True) if found and not prefix else b""
    except binascii.Error:
        key = b""
    if len(key) not in SIGNING_KEY_BYTES:
        raise Refused(
            'must be whsec_ and 24 to 64 bytes in base64, such as `echo "whsec_$(openssl rand -base64 32)"` prints'
        )
    return text


def is_loopback(host: str) -> bool:
    """Whether a host is this machine itself."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _is_host(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return len(host) <= ADDRESS_CHARACTERS_MAX and bool(_HOST.fullmatch(host))
    return True
