"""How the text of a setting becomes its value, and which texts are allowed. It reads no file and no environment.

Each reader says in `allowed` what may be given, for the table of settings; what it refuses is one sentence that names the setting.
"""

from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Final, Generic, NamedTuple, Protocol, TypeVar, cast
from urllib.parse import urlsplit

from fincore.domain.errors import ConfigurationError
from fincore.domain.one_person_limits import OnePersonLimits, limits_of
from fincore.domain.secret import Secret
from fincore.write.psp.stripe.account import publishable_key_flaw, secret_key_flaw, webhook_secret_flaw
from fincore.write.settlement.bank_account import bank_account_flaw
from fincore.write.vault.vault_keys import VaultKeys, decoded_key, vault_keys_of

Network = IPv4Network | IPv6Network
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
NumberT = TypeVar("NumberT", bound=float)
SECRETS_KEY_BYTES: Final = 32


class Reader(Protocol[T_co]):
    """Reads one setting. `allowed`: which texts it takes, in a few words."""

    @property
    def allowed(self) -> str:
        """Which texts are taken."""
        ...

    def __call__(self, name: str, text: str) -> T_co:
        """The value; raise `ConfigurationError` for a text that is not allowed."""
        ...


class Number(NamedTuple, Generic[NumberT]):
    """A number within bounds, both included, in a unit."""

    kind: Callable[[str], NumberT]
    at_least: float
    at_most: float
    unit: str = ""

    @property
    def allowed(self) -> str:
        bounds = f"{_shown(self.at_least)} to {_shown(self.at_most)}"
        return f"{bounds} {self.unit}" if self.unit else bounds

    def __call__(self, name: str, text: str) -> NumberT:
        wrong = ConfigurationError(f"{name} must be a number from {self.allowed}")
        try:
            value = self.kind(text)
        except ValueError:
            raise wrong from None
        if not self.at_least <= value <= self.at_most:
            raise wrong
        return value


class OneOf(NamedTuple, Generic[T]):
    """One of some words, which are those of the type `T`; or nothing, which is None, where that is one of them."""

    words: tuple[str, ...]

    @property
    def allowed(self) -> str:
        return ", ".join(filter(None, self.words))

    def __call__(self, name: str, text: str) -> T:
        if text not in self.words:
            raise ConfigurationError(f"{name} must be one of {self.allowed}")
        return cast("T", text or None)


class Form(NamedTuple, Generic[T]):
    """A text of a form that a function reads."""

    allowed: str
    read: Callable[[str, str], T]

    def __call__(self, name: str, text: str) -> T:
        return self.read(name, text)


def _folder(_: str, text: str) -> Path:
    return Path(text).expanduser().resolve()


def _text(_: str, text: str) -> str:
    return text


def _yes(name: str, text: str) -> bool:
    return OneOf[str](("true", "false"))(name, text) == "true"


def _dsn(name: str, text: str) -> str | None:
    if text and urlsplit(text).scheme not in ("postgresql", "postgres"):
        raise ConfigurationError(f"{name} must be a postgresql:// URL")
    return text or None


def _url(name: str, text: str) -> str:
    url = text.rstrip("/")
    try:
        parts = urlsplit(url)
        is_url = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # of the port, or of the brackets around an address of IPv6
        is_url = False
    if not is_url or not url.isprintable() or " " in url:
        raise ConfigurationError(f"{name} must be an http:// or https:// URL")
    return url


def _public_url(name: str, text: str) -> str | None:
    if not text:
        return None
    url = urlsplit(_url(name, text))
    is_local = url.hostname in ("localhost", "127.0.0.1", "::1")
    if (url.scheme != "https" and not is_local) or url.username or url.path or url.query or url.fragment:
        raise ConfigurationError(
            f"{name} must be an https:// URL without a path, such as https://pay.example.com"
        )
    return f"{url.scheme}://{url.netloc}"


def _networks(name: str, text: str) -> tuple[Network, ...]:
    try:
        return tuple(ip_network(part) for part in _parts(text))
    except ValueError:
        raise ConfigurationError(
            f"{name} must hold IP addresses or networks, such as 10.0.0.0/8, separated by commas"
        ) from None


def _secrets_key(name: str, text: str) -> Secret | None:
    if text and len(decoded_key(text)) != SECRETS_KEY_BYTES:
        raise ConfigurationError(
            f"{name} must be {SECRETS_KEY_BYTES} bytes in base64, such as `openssl rand -base64 32` prints"
        )
    return Secret(text) if text else None


def _vault_keys(name: str, text: str) -> VaultKeys | None:
    try:
        return vault_keys_of(text) if text else None
    except ValueError as error:
        raise ConfigurationError(f"{name} {error}") from None


def _one_person_limits(name: str, text: str) -> OnePersonLimits:
    try:
        return limits_of(_parts(text))
    except ValueError as error:
        raise ConfigurationError(f"{name} {error}") from None


def _stripe_webhook_secrets(name: str, text: str) -> tuple[Secret, ...]:
    secrets = _parts(text)
    for flaw in filter(None, map(webhook_secret_flaw, secrets)):
        raise ConfigurationError(f"{name} holds a secret that {flaw}")
    return tuple(map(Secret, secrets))


def stripe_key(*, livemode: bool) -> Form[Secret | None]:
    """A secret key of a Stripe account, refused where its prefix says that it is of the other mode."""

    def read(name: str, text: str) -> Secret | None:
        flaw = secret_key_flaw(text, livemode=livemode)
        if flaw is not None:
            raise ConfigurationError(f"{name} {flaw}")
        return Secret(text) if text else None

    return Form(f"sk_... or rk_... of {'live' if livemode else 'test'} mode", read)


def stripe_publishable_key(*, livemode: bool) -> Form[Secret | None]:
    """A publishable key of a Stripe account; a secret key in its place is refused and not repeated."""

    def read(name: str, text: str) -> Secret | None:
        flaw = publishable_key_flaw(text, livemode=livemode) if text else None
        if flaw is not None:
            raise ConfigurationError(f"{name} {flaw}")
        return Secret(text) if text else None

    return Form(f"pk_{'live' if livemode else 'test'}_...", read)


def _word(name: str, text: str) -> str | None:
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ConfigurationError(f"{name} must be ASCII characters without a space")
    return text or None


def _bank_account(name: str, text: str) -> str | None:
    flaw = bank_account_flaw(text) if text else None
    if flaw is not None:
        raise ConfigurationError(f"{name} {flaw}")
    return text or None


def _optional_secret(name: str, text: str) -> Secret | None:
    word = _word(name, text)
    return None if word is None else Secret(word)


def _optional_url(name: str, text: str) -> str | None:
    return _url(name, text) if text else None


def _optional_port(name: str, text: str) -> int | None:
    return PORT(name, text) if text else None


def _optional_file(_: str, text: str) -> Path | None:
    return Path(text).expanduser().resolve() if text else None


FOLDER: Final = Form("a path", _folder)
FILE: Final = Form("a path", _optional_file)
WORD: Final = Form("ASCII characters without a space", _word)
BANK_ACCOUNT: Final = Form("letters, digits, dots, hyphens, underscores", _bank_account)
SECRET: Final = Form("ASCII characters without a space", _optional_secret)
OPTIONAL_URL: Final = Form("http://... or https://...", _optional_url)
TEXT: Final = Form("a host name or address", _text)
YES_OR_NO: Final = Form("true, false", _yes)
DSN: Final = Form("postgresql://...", _dsn)
URL: Final = Form("http://... or https://...", _url)
PUBLIC_URL: Final = Form("https://... without a path", _public_url)
NETWORKS: Final = Form("addresses or networks, separated by commas", _networks)
SECRETS_KEY: Final = Form(f"{SECRETS_KEY_BYTES} bytes in base64", _secrets_key)
VAULT_KEYS: Final = Form(
    f"id:key, the key {SECRETS_KEY_BYTES} bytes in base64 or the ARN of a key of AWS KMS; several separated by commas",
    _vault_keys,
)
ONE_PERSON_LIMITS: Final = Form(
    "currency:at once:in a day in minor units, such as usd:10000:50000; several separated by commas",
    _one_person_limits,
)
STRIPE_WEBHOOK_SECRETS: Final = Form("whsec_..., several separated by commas", _stripe_webhook_secrets)
PORT: Final = Number(int, 0, 65_535)
OPTIONAL_PORT: Final = Form("0 to 65,535", _optional_port)


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _shown(number: float) -> str:
    return f"{number:,.0f}" if number == int(number) else f"{number:g}"
