"""Every setting, read once from the environment into one frozen value. Only `bootstrap` and `__main__` read it."""

from base64 import b64decode
from collections.abc import Callable, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Final, Literal, TypeVar, cast, get_args
from urllib.parse import urlsplit

import msgspec

from fincore.domain.errors import ConfigurationError
from fincore.domain.secret import Secret
from fincore.observability.logs import LogFormat

T = TypeVar("T")
Network = IPv4Network | IPv6Network
LogLevel = Literal["debug", "info", "warning", "error"]

SECRETS_KEY_BYTES: Final = 32
BODIES_KEPT_DAYS_MAX: Final = 3_650


class StripeSettings(msgspec.Struct, frozen=True, kw_only=True):
    """One account at Stripe: its secret key and the secrets of its webhook endpoint (several while one is rotated).

    A process has both, or only what its role needs: None, or no secrets, where it was given the other half alone.
    """

    secret_key: Secret | None
    webhook_secrets: tuple[Secret, ...]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """All settings of all roles. A DSN that is None means the embedded PostgreSQL in `data_dir`."""

    data_dir: Path
    eventstore_dsn: str | None
    paymentdb_dsn: str | None
    ledgerdb_dsn: str | None
    host: str
    api_port: int
    public_url: str | None
    trusted_proxies: tuple[Network, ...]
    connections_per_address: int
    rate_limit_live_per_second: float
    rate_limit_test_per_second: float
    ops_port: int
    stripe_base_url: str
    stripe_test: StripeSettings | None
    stripe_live: StripeSettings | None
    psp_timeout_seconds: float
    worker_concurrency: int
    worker_heartbeat_timeout_seconds: float
    action_timeout_seconds: float
    webhook_bodies_kept_days: int
    ignored_webhook_bodies_kept_days: int
    laws_interval_seconds: float
    failpoints_allowed: bool
    secrets_key: Secret | None
    secrets_key_before: Secret | None
    webhooks_allow_loopback: bool
    log_level: LogLevel
    log_format: LogFormat | None


class Setting(msgspec.Struct, frozen=True):
    """A setting's name in the environment, its default as text, and what it means.

    `is_secret`: it holds a password or a key. It is never shown, and may be given as a file: `{name}_FILE`.
    """

    name: str
    default: str
    meaning: str
    is_secret: bool = False


SETTINGS: Final = (
    Setting("FINCORE_DATA_DIR", "var", "folder of the embedded PostgreSQL"),
    Setting(
        "FINCORE_EVENTSTORE_DSN",
        "",
        "postgresql://... of the event store; empty: the embedded server",
        is_secret=True,
    ),
    Setting(
        "FINCORE_PAYMENTDB_DSN",
        "",
        "postgresql://... of the payment views; empty: the event store's server",
        is_secret=True,
    ),
    Setting(
        "FINCORE_LEDGERDB_DSN",
        "",
        "postgresql://... of the ledger; empty: the event store's server",
        is_secret=True,
    ),
    Setting("FINCORE_HOST", "127.0.0.1", "address the servers listen on"),
    Setting("FINCORE_API_PORT", "8080", "port of the merchants' API"),
    Setting(
        "FINCORE_PUBLIC_URL",
        "",
        "https://... under which merchants and PSPs reach the API, without a path; empty: not said",
    ),
    Setting(
        "FINCORE_TRUSTED_PROXIES",
        "",
        "addresses or networks of the proxies in front, separated by commas; only their X-Forwarded-For counts",
    ),
    Setting(
        "FINCORE_CONNECTIONS_PER_ADDRESS",
        "500",
        "connections one address may hold to one api process; trusted proxies and the machine itself may hold any number",
    ),
    Setting(
        "FINCORE_RATE_LIMIT_LIVE_PER_SECOND",
        "500",
        "requests a second that one live key may send to one api process; five times as many at once",
    ),
    Setting("FINCORE_RATE_LIMIT_TEST_PER_SECOND", "200", "the same of one test key"),
    Setting("FINCORE_OPS_PORT", "9100", "first of the ports for health and metrics, one per role"),
    Setting("FINCORE_STRIPE_BASE_URL", "https://api.stripe.com", "Stripe, or a simulator of it"),
    Setting(
        "FINCORE_STRIPE_TEST_SECRET_KEY", "", "secret key of the Stripe account for test mode", is_secret=True
    ),
    Setting(
        "FINCORE_STRIPE_TEST_WEBHOOK_SECRETS", "", "its webhook secrets, separated by commas", is_secret=True
    ),
    Setting(
        "FINCORE_STRIPE_LIVE_SECRET_KEY", "", "secret key of the Stripe account for live mode", is_secret=True
    ),
    Setting(
        "FINCORE_STRIPE_LIVE_WEBHOOK_SECRETS", "", "its webhook secrets, separated by commas", is_secret=True
    ),
    Setting("FINCORE_PSP_TIMEOUT_SECONDS", "30", "how long a call to a PSP may take"),
    Setting("FINCORE_WORKER_CONCURRENCY", "400", "jobs one worker does at a time"),
    Setting(
        "FINCORE_WORKER_HEARTBEAT_TIMEOUT_SECONDS", "15", "silence after which a worker's jobs are taken over"
    ),
    Setting(
        "FINCORE_ACTION_TIMEOUT_SECONDS",
        "3600",
        "how long after a charge was created its customer may take to authenticate",
    ),
    Setting(
        "FINCORE_WEBHOOK_BODIES_KEPT_DAYS",
        "30",
        "how long the raw body of a PSP's webhook is kept, 1 to 3650; one that a person still has to look at stays",
    ),
    Setting(
        "FINCORE_IGNORED_WEBHOOK_BODIES_KEPT_DAYS",
        "3",
        "the same for types of events that FinCore does not read; at most as long as the others",
    ),
    Setting(
        "FINCORE_LAWS_INTERVAL_SECONDS",
        "900",
        "pause between two checks of the invariants; at least ten times as long as a check takes",
    ),
    Setting(
        "FINCORE_FAILPOINTS",
        "off",
        "allowed: tests may make processes die on purpose, by POST /failpoints on the ops ports",
    ),
    Setting(
        "FINCORE_SECRETS_KEY",
        "",
        "32 bytes in base64 that seal the secrets of merchants' webhooks; empty: the embedded server's own",
        is_secret=True,
    ),
    Setting(
        "FINCORE_SECRETS_KEY_BEFORE",
        "",
        "the key before that one, which still opens what it sealed, until `fincore webhooks reseal` has run",
        is_secret=True,
    ),
    Setting(
        "FINCORE_WEBHOOKS_ALLOW_LOOPBACK",
        "false",
        "true: merchants' webhooks may go to this machine and over plain http; for development only",
    ),
    Setting("FINCORE_LOG_LEVEL", "info", "debug, info, warning or error"),
    Setting("FINCORE_LOG_FORMAT", "", "json or console; empty: console at a terminal, else json"),
)


FILE_SUFFIX: Final = "_FILE"
SECRET_BYTES_MAX: Final = 65_536
SECRET_SETTINGS: Final = frozenset(setting.name for setting in SETTINGS if setting.is_secret)
_NAMES: Final = frozenset(setting.name for setting in SETTINGS) | {
    name + FILE_SUFFIX for name in SECRET_SETTINGS
}


class InForce(msgspec.Struct, frozen=True):
    """A setting as it counts. `origin`: where the value comes from, such as `default` or `environment`."""

    setting: Setting
    value: str
    origin: str


def settings_in_force(environment: Mapping[str, str]) -> list[InForce]:
    """Every setting with its value and where that comes from; values may be wrong, and secrets are not masked.

    Raises `ConfigurationError` for a name that begins with FINCORE_ and is none of ours (most often a typing mistake),
    for a secret that is given twice, and for a file that cannot be read or is empty.
    """
    for name in environment:
        if name.startswith("FINCORE_") and name not in _NAMES:
            raise ConfigurationError(f"{name} is not a setting; `fincore settings` lists them all")
    return [_in_force(setting, environment) for setting in SETTINGS]


def _in_force(setting: Setting, environment: Mapping[str, str]) -> InForce:
    given = environment.get(setting.name, "").strip()
    file = environment.get(setting.name + FILE_SUFFIX, "").strip() if setting.is_secret else ""
    if given and file:
        raise ConfigurationError(
            f"{setting.name} and {setting.name}{FILE_SUFFIX} are both set: remove one of them"
        )
    if file:
        return InForce(setting, _secret_in(setting.name + FILE_SUFFIX, Path(file)), f"file {file}")
    if given:
        return InForce(setting, given, "environment")
    return InForce(setting, setting.default, "default")


def _secret_in(name: str, file: Path) -> str:
    """What a file holds, without white space around it."""
    try:
        with file.open(encoding="utf-8") as opened:
            text = opened.read(SECRET_BYTES_MAX).strip()
    except OSError as error:
        raise ConfigurationError(f"{name}: the file {file} cannot be read ({error.strerror})") from error
    except UnicodeDecodeError:
        raise ConfigurationError(f"{name}: the file {file} is not UTF-8 text") from None
    if not text:
        raise ConfigurationError(f"{name}: the file {file} is empty")
    return text


def read_settings(environment: Mapping[str, str]) -> Settings:
    """The settings an environment holds.

    Raises `ConfigurationError`, one sentence that names the setting, for a wrong value and for what `settings_in_force`
    refuses.
    """
    values = {one.setting.name: one.value for one in settings_in_force(environment)}
    read = _Reader(values)
    bodies_kept_days = read.number(
        "FINCORE_WEBHOOK_BODIES_KEPT_DAYS", int, at_least=1, at_most=BODIES_KEPT_DAYS_MAX
    )
    failpoints = read.one_of("FINCORE_FAILPOINTS", ("off", "allowed"))
    stripe_live = read.stripe("FINCORE_STRIPE_LIVE")
    if failpoints == "allowed" and stripe_live is not None:
        raise ConfigurationError(
            "FINCORE_FAILPOINTS must be off where an account for live money is configured"
        )
    return Settings(
        data_dir=Path(values["FINCORE_DATA_DIR"]).expanduser().resolve(),
        eventstore_dsn=read.dsn("FINCORE_EVENTSTORE_DSN"),
        paymentdb_dsn=read.dsn("FINCORE_PAYMENTDB_DSN"),
        ledgerdb_dsn=read.dsn("FINCORE_LEDGERDB_DSN"),
        host=values["FINCORE_HOST"],
        api_port=read.port("FINCORE_API_PORT"),
        public_url=read.public_url("FINCORE_PUBLIC_URL"),
        trusted_proxies=read.networks("FINCORE_TRUSTED_PROXIES"),
        connections_per_address=read.number(
            "FINCORE_CONNECTIONS_PER_ADDRESS", int, at_least=1, at_most=1_000_000
        ),
        rate_limit_live_per_second=read.number(
            "FINCORE_RATE_LIMIT_LIVE_PER_SECOND", float, at_least=0.1, at_most=1_000_000
        ),
        rate_limit_test_per_second=read.number(
            "FINCORE_RATE_LIMIT_TEST_PER_SECOND", float, at_least=0.1, at_most=1_000_000
        ),
        ops_port=read.port("FINCORE_OPS_PORT"),
        stripe_base_url=read.url("FINCORE_STRIPE_BASE_URL"),
        stripe_test=read.stripe("FINCORE_STRIPE_TEST"),
        stripe_live=stripe_live,
        psp_timeout_seconds=read.number("FINCORE_PSP_TIMEOUT_SECONDS", float, at_least=0.1, at_most=60),
        worker_concurrency=read.number("FINCORE_WORKER_CONCURRENCY", int, at_least=2, at_most=5_000),
        worker_heartbeat_timeout_seconds=read.number(
            "FINCORE_WORKER_HEARTBEAT_TIMEOUT_SECONDS", float, at_least=0.5, at_most=3_600
        ),
        action_timeout_seconds=read.number(
            "FINCORE_ACTION_TIMEOUT_SECONDS", float, at_least=1, at_most=86_400
        ),
        webhook_bodies_kept_days=bodies_kept_days,
        ignored_webhook_bodies_kept_days=read.number(
            "FINCORE_IGNORED_WEBHOOK_BODIES_KEPT_DAYS", int, at_least=1, at_most=bodies_kept_days
        ),
        laws_interval_seconds=read.number("FINCORE_LAWS_INTERVAL_SECONDS", float, at_least=1, at_most=86_400),
        failpoints_allowed=failpoints == "allowed",
        secrets_key=read.secrets_key("FINCORE_SECRETS_KEY"),
        secrets_key_before=read.secrets_key("FINCORE_SECRETS_KEY_BEFORE"),
        webhooks_allow_loopback=read.one_of("FINCORE_WEBHOOKS_ALLOW_LOOPBACK", ("true", "false")) == "true",
        log_level=cast("LogLevel", read.one_of("FINCORE_LOG_LEVEL", get_args(LogLevel))),
        log_format=cast(
            "LogFormat | None", read.one_of("FINCORE_LOG_FORMAT", ("", *get_args(LogFormat))) or None
        ),
    )


_KEYS_OF_THE_OTHER_MODE: Final = {
    "FINCORE_STRIPE_TEST": ("sk_live_", "rk_live_"),
    "FINCORE_STRIPE_LIVE": ("sk_test_", "rk_test_"),
}


class _Reader:
    """Reads values by name, each error naming the setting and what to put there."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def number(self, name: str, kind: Callable[[str], T], *, at_least: float, at_most: float) -> T:
        wrong = ConfigurationError(f"{name} must be a number from {at_least:g} to {at_most:g}")
        try:
            value = kind(self._values[name])
        except ValueError:
            raise wrong from None
        if not at_least <= cast("float", value) <= at_most:
            raise wrong
        return value

    def port(self, name: str) -> int:
        return self.number(name, int, at_least=0, at_most=65_535)

    def one_of(self, name: str, choices: tuple[str, ...]) -> str:
        if self._values[name] not in choices:
            raise ConfigurationError(f"{name} must be one of {', '.join(filter(None, choices))}")
        return self._values[name]

    def dsn(self, name: str) -> str | None:
        value = self._values[name]
        if value and urlsplit(value).scheme not in ("postgresql", "postgres"):
            raise ConfigurationError(f"{name} must be a postgresql:// URL")
        return value or None

    def url(self, name: str) -> str:
        value = self._values[name].rstrip("/")
        if urlsplit(value).scheme not in ("http", "https") or not urlsplit(value).netloc:
            raise ConfigurationError(f"{name} must be an http:// or https:// URL")
        return value

    def public_url(self, name: str) -> str | None:
        if not self._values[name]:
            return None
        url = urlsplit(self.url(name))
        is_local = url.hostname in ("localhost", "127.0.0.1", "::1")
        if (url.scheme != "https" and not is_local) or url.username or url.path or url.query or url.fragment:
            raise ConfigurationError(
                f"{name} must be an https:// URL without a path, such as https://pay.example.com"
            )
        return f"{url.scheme}://{url.netloc}"

    def networks(self, name: str) -> tuple[Network, ...]:
        parts = [part.strip() for part in self._values[name].split(",") if part.strip()]
        try:
            return tuple(ip_network(part) for part in parts)
        except ValueError:
            raise ConfigurationError(
                f"{name} must hold IP addresses or networks, such as 10.0.0.0/8, separated by commas"
            ) from None

    def secrets_key(self, name: str) -> Secret | None:
        text = self._values[name]
        try:
            size = len(b64decode(text, validate=True))
        except ValueError:
            size = -1
        if text and size != SECRETS_KEY_BYTES:
            raise ConfigurationError(
                f"{name} must be {SECRETS_KEY_BYTES} bytes in base64, such as `openssl rand -base64 32` prints"
            )
        return Secret(text) if text else None

    def stripe(self, prefix: str) -> StripeSettings | None:
        key = self._values[f"{prefix}_SECRET_KEY"]
        secrets = [
            part.strip() for part in self._values[f"{prefix}_WEBHOOK_SECRETS"].split(",") if part.strip()
        ]
        if not key and not secrets:
            return None
        if key.startswith("pk_"):
            raise ConfigurationError(
                f"{prefix}_SECRET_KEY is a publishable key (pk_...): set the secret key (sk_... or rk_...)"
            )
        if key.startswith(_KEYS_OF_THE_OTHER_MODE[prefix]):
            raise ConfigurationError(
                f"{prefix}_SECRET_KEY is a key of the other mode: set it in the other setting"
            )
        if not all(secret.startswith("whsec_") for secret in secrets):
            raise ConfigurationError(
                f"{prefix}_WEBHOOK_SECRETS holds a secret that does not begin with whsec_: set the signing secret that "
                "Stripe shows for the webhook endpoint"
            )
        return StripeSettings(
            secret_key=Secret(key) if key else None,
            webhook_secrets=tuple(Secret(secret) for secret in secrets),
        )
