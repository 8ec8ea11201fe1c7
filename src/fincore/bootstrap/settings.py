"""Every setting, declared once and read once from the environment into one frozen value.

Only `bootstrap`, `cli` and `__main__` read settings.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal, get_args, get_type_hints

import msgspec

from fincore.bootstrap.psp_accounts.accounts_file import ACCOUNTS_FILE
from fincore.bootstrap.psp_accounts.accounts_of_settings import accounts_of_settings
from fincore.bootstrap.psp_accounts.declared_account import DeclaredAccount, with_defaults
from fincore.bootstrap.secret_file import SecretUnreadable, secret_in
from fincore.bootstrap.setting_values import (
    DSN,
    FILE,
    FOLDER,
    NETWORKS,
    OPTIONAL_PORT,
    OPTIONAL_URL,
    PORT,
    PUBLIC_URL,
    SECRET,
    SECRETS_KEY,
    STRIPE_WEBHOOK_SECRETS,
    TEXT,
    URL,
    VAULT_KEYS,
    WORD,
    YES_OR_NO,
    Network,
    Number,
    OneOf,
    Reader,
    stripe_key,
    stripe_publishable_key,
)
from fincore.domain.errors import ConfigurationError
from fincore.domain.secret import Secret
from fincore.observability.logs import LogFormat
from fincore.write.merchants.raw_card_requests import KEPT_DAYS_MIN
from fincore.write.risk.failure_mode import FailureMode
from fincore.write.vault.vault_keys import VaultKeys, decoded_key

LogLevel = Literal["debug", "info", "warning", "error"]
PREFIX: Final = "FINCORE_"
FILE_SUFFIX: Final = "_FILE"


class Declared(msgspec.Struct, frozen=True, kw_only=True):
    """How a field of `Settings` is given: its default as text, how it is read, and its meaning.

    `is_secret`: it holds a password or a key. It is never shown, and may be given as a file: `{name}_FILE`.
    """

    default: str = ""
    read: Reader
    meaning: str
    is_secret: bool = False


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """All settings of all roles. The environment variable of a field is its name in capitals after `FINCORE_`.

    A DSN that is None means the embedded PostgreSQL in `data_dir`.
    """

    data_dir: Annotated[
        Path, Declared(default="var", read=FOLDER, meaning="folder of the embedded PostgreSQL")
    ]
    eventstore_dsn: Annotated[
        str | None,
        Declared(
            read=DSN, is_secret=True, meaning="database of the event store; empty: the embedded PostgreSQL"
        ),
    ]
    paymentdb_dsn: Annotated[
        str | None,
        Declared(
            read=DSN, is_secret=True, meaning="database of the query view; empty: that of the event store"
        ),
    ]
    ledgerdb_dsn: Annotated[
        str | None,
        Declared(read=DSN, is_secret=True, meaning="database of the ledger; empty: that of the event store"),
    ]
    host: Annotated[
        str, Declared(default="127.0.0.1", read=TEXT, meaning="address that the servers listen on")
    ]
    api_port: Annotated[
        int,
        Declared(
            default="8080", read=PORT, meaning="port of the merchants' API; 0: one that the system chooses"
        ),
    ]
    api_url: Annotated[
        str | None,
        Declared(
            read=PUBLIC_URL,
            meaning="where merchants' back ends and PSPs reach the API; empty: documentation shows paths alone",
        ),
    ]
    checkout_port: Annotated[
        int,
        Declared(
            default="8081",
            read=PORT,
            meaning="port of the checkout role, which customers' browsers call; 0: one that the system chooses",
        ),
    ]
    public_url: Annotated[
        str | None,
        Declared(
            read=PUBLIC_URL,
            meaning="where customers' browsers reach the checkout role; needed beside an account that takes wallets",
        ),
    ]
    card_edge_port: Annotated[
        int | None,
        Declared(
            read=OPTIONAL_PORT,
            meaning="port of the card edge, which takes card numbers; empty: there is none; 0: one that the system chooses",
        ),
    ]
    card_edge_host: Annotated[
        str,
        Declared(
            default="127.0.0.1",
            read=TEXT,
            meaning="address that the card edge listens on; any but loopback needs TLS of its own",
        ),
    ]
    card_edge_tls_certificate: Annotated[
        Path | None,
        Declared(read=FILE, meaning="file of the card edge's certificate chain (PEM)"),
    ]
    card_edge_tls_key: Annotated[
        Path | None,
        Declared(read=FILE, meaning="file of that certificate's key (PEM, without a password)"),
    ]
    card_edge_hmac_key: Annotated[
        Secret | None,
        Declared(
            read=SECRETS_KEY,
            is_secret=True,
            meaning="key under which a card number enters fingerprints of requests and counters of risk; the card edge needs it",
        ),
    ]
    card_edge_hmac_key_before: Annotated[
        Secret | None,
        Declared(
            read=SECRETS_KEY,
            is_secret=True,
            meaning="the key before that one; leave it for 72 hours after a change, as long as idempotency keys are kept",
        ),
    ]
    card_edge_url: Annotated[
        str | None,
        Declared(
            read=PUBLIC_URL,
            meaning="where workers reach the card edge for tokens of kept cards; empty: on this machine, at its port",
        ),
    ]
    card_edge_token_secret: Annotated[
        Secret | None,
        Declared(
            read=SECRETS_KEY,
            is_secret=True,
            meaning="what workers show the card edge for a token of a kept card; needed beside FINCORE_VAULT_KEYS or FINCORE_CARD_EDGE_URL",
        ),
    ]
    vault_keys: Annotated[
        VaultKeys | None,
        Declared(
            read=VAULT_KEYS,
            is_secret=True,
            meaning="keys that encrypt the cards of the vault, the current one first; empty: the card edge keeps no cards",
        ),
    ]
    vault_fingerprint_key: Annotated[
        Secret | None,
        Declared(
            read=SECRETS_KEY,
            is_secret=True,
            meaning="key of the fingerprints of kept cards; needed beside FINCORE_VAULT_KEYS",
        ),
    ]
    vault_fingerprint_key_before: Annotated[
        Secret | None,
        Declared(
            read=SECRETS_KEY,
            is_secret=True,
            meaning="the key before that one, until `fincore vault rotate` has run",
        ),
    ]
    trusted_proxies: Annotated[
        tuple[Network, ...],
        Declared(read=NETWORKS, meaning="proxies in front of the servers; only their X-Forwarded-For counts"),
    ]
    connections_per_address: Annotated[
        int,
        Declared(
            default="500",
            read=Number(int, 1, 1_000_000),
            meaning="connections that one address may hold to one process; trusted proxies and the machine itself "
            "may hold any number",
        ),
    ]
    rate_limit_live_per_second: Annotated[
        float,
        Declared(
            default="500",
            read=Number(float, 0.1, 1_000_000, "requests a second"),
            meaning="what one live key may send to one process; five times as many at once",
        ),
    ]
    rate_limit_test_per_second: Annotated[
        float,
        Declared(
            default="200",
            read=Number(float, 0.1, 1_000_000, "requests a second"),
            meaning="what one test key may send to one process; five times as many at once",
        ),
    ]
    ops_port: Annotated[
        int,
        Declared(
            default="9100",
            read=PORT,
            meaning="first of the ports for health and metrics, one a role; 0: ports that the system chooses",
        ),
    ]
    psp_accounts_file: Annotated[
        tuple[DeclaredAccount, ...],
        Declared(
            read=ACCOUNTS_FILE,
            meaning="file that declares accounts at PSPs, several for each mode; empty: the accounts that the settings "
            "of each PSP declare, which may stand beside a file",
        ),
    ]
    stripe_base_url: Annotated[
        str, Declared(default="https://api.stripe.com", read=URL, meaning="Stripe, or a simulator of it")
    ]
    stripe_test_secret_key: Annotated[
        Secret | None,
        Declared(
            read=stripe_key(livemode=False),
            is_secret=True,
            meaning="secret key of the Stripe account for test mode",
        ),
    ]
    stripe_test_webhook_secrets: Annotated[
        tuple[Secret, ...],
        Declared(
            read=STRIPE_WEBHOOK_SECRETS,
            is_secret=True,
            meaning="signing secrets of the webhook endpoint at Stripe for test mode",
        ),
    ]
    stripe_test_publishable_key: Annotated[
        Secret | None,
        Declared(
            read=stripe_publishable_key(livemode=False),
            is_secret=True,  # so that a secret key which is set here by mistake is not shown
            meaning="publishable key of the Stripe account for test mode; empty: browsers get no card fields",
        ),
    ]
    stripe_test_script_url: Annotated[
        str | None,
        Declared(
            read=OPTIONAL_URL,
            meaning="script for browsers of that account; empty: Stripe's own, or that of the simulator which is called",
        ),
    ]
    stripe_live_secret_key: Annotated[
        Secret | None,
        Declared(
            read=stripe_key(livemode=True),
            is_secret=True,
            meaning="secret key of the Stripe account for live mode",
        ),
    ]
    stripe_live_webhook_secrets: Annotated[
        tuple[Secret, ...],
        Declared(
            read=STRIPE_WEBHOOK_SECRETS,
            is_secret=True,
            meaning="signing secrets of the webhook endpoint at Stripe for live mode",
        ),
    ]
    stripe_live_publishable_key: Annotated[
        Secret | None,
        Declared(
            read=stripe_publishable_key(livemode=True),
            is_secret=True,  # so that a secret key which is set here by mistake is not shown
            meaning="publishable key of the Stripe account for live mode; empty: browsers get no card fields",
        ),
    ]
    stripe_live_script_url: Annotated[
        str | None,
        Declared(
            read=OPTIONAL_URL,
            meaning="script for browsers of that account; empty: Stripe's own, or that of the simulator which is called",
        ),
    ]
    paypal_test_client_id: Annotated[
        str | None,
        Declared(read=WORD, meaning="client id of the REST app of the PayPal account for test mode"),
    ]
    paypal_test_client_secret: Annotated[
        Secret | None,
        Declared(
            read=SECRET, is_secret=True, meaning="secret of the REST app of the PayPal account for test mode"
        ),
    ]
    paypal_test_webhook_id: Annotated[
        str | None, Declared(read=WORD, meaning="PayPal's id of the webhook of the account for test mode")
    ]
    paypal_test_script_url: Annotated[
        str | None,
        Declared(
            read=OPTIONAL_URL,
            meaning="script for browsers of that account; empty: PayPal's own, or that of the simulator which is called",
        ),
    ]
    paypal_test_base_url: Annotated[
        str | None,
        Declared(
            read=OPTIONAL_URL, meaning="a simulator of PayPal for test mode; empty: PayPal's own sandbox"
        ),
    ]
    paypal_test_ca_file: Annotated[
        Path | None,
        Declared(
            read=FILE,
            meaning="certificate of the authority (PEM) with which that simulator signs its webhooks",
        ),
    ]
    paypal_live_client_id: Annotated[
        str | None,
        Declared(read=WORD, meaning="client id of the REST app of the PayPal account for live mode"),
    ]
    paypal_live_client_secret: Annotated[
        Secret | None,
        Declared(
            read=SECRET, is_secret=True, meaning="secret of the REST app of the PayPal account for live mode"
        ),
    ]
    paypal_live_webhook_id: Annotated[
        str | None, Declared(read=WORD, meaning="PayPal's id of the webhook of the account for live mode")
    ]
    paypal_live_script_url: Annotated[
        str | None,
        Declared(
            read=OPTIONAL_URL,
            meaning="script for browsers of that account; empty: PayPal's own, or that of the simulator which is called",
        ),
    ]
    psp_timeout_seconds: Annotated[
        float,
        Declared(
            default="30", read=Number(float, 0.1, 60, "seconds"), meaning="how long a call to a PSP may take"
        ),
    ]
    worker_concurrency: Annotated[
        int,
        Declared(default="400", read=Number(int, 2, 5_000, "jobs"), meaning="what one worker does at a time"),
    ]
    worker_heartbeat_timeout_seconds: Annotated[
        float,
        Declared(
            default="15",
            read=Number(float, 0.5, 3_600, "seconds"),
            meaning="silence of a worker after which others take its jobs over",
        ),
    ]
    action_timeout_seconds: Annotated[
        float,
        Declared(
            default="3600",
            read=Number(float, 1, 86_400, "seconds"),
            meaning="how long after the creation of a charge its customer may authenticate",
        ),
    ]
    risk_undecided_review: Annotated[
        Literal["decline", "approve"],
        Declared(
            default="decline",
            read=OneOf(("decline", "approve")),
            meaning="what becomes of a charge under review that no person decided in time",
        ),
    ]
    risk_review_hours: Annotated[
        float,
        Declared(
            default="72",
            read=Number(float, 0.01, 672, "hours"),
            meaning="how long staff may decide a charge under review, from its authorization",
        ),
    ]
    risk_review_margin_hours: Annotated[
        float,
        Declared(
            default="12",
            read=Number(float, 0, 168, "hours"),
            meaning="how long before the end of a hold a review is decided at the latest",
        ),
    ]
    risk_timeout_ms: Annotated[
        int,
        Declared(
            default="250",
            read=Number(int, 10, 5_000, "ms"),
            meaning="how long the risk rules of a charge wait for counters and lists; then the failure mode counts",
        ),
    ]
    risk_failure_mode: Annotated[
        FailureMode,
        Declared(
            default="open",
            read=OneOf(get_args(FailureMode)),
            meaning="what becomes of a charge while risk rules cannot get their counters and lists: it goes on, is put under "
            "review, or is blocked; a stricter decision of the other rules stays",
        ),
    ]
    webhook_bodies_kept_days: Annotated[
        int,
        Declared(
            default="30",
            read=Number(int, 1, 3_650, "days"),
            meaning="how long the raw body of a PSP's webhook is kept; one that waits for a person stays",
        ),
    ]
    ignored_webhook_bodies_kept_days: Annotated[
        int,
        Declared(
            default="3",
            read=Number(int, 1, 3_650, "days"),
            meaning="the same for types of events that FinCore does not read; at most as long as the others",
        ),
    ]
    raw_card_requests_kept_days: Annotated[
        int,
        Declared(
            default="400",
            read=Number(int, KEPT_DAYS_MIN, 3_650, "days"),
            meaning="how long the record of a request with a card number is kept; PCI DSS asks for twelve months, three of them at hand",
        ),
    ]
    laws_interval_seconds: Annotated[
        float,
        Declared(
            default="900",
            read=Number(float, 1, 86_400, "seconds"),
            meaning="pause between two checks of the invariants; it is at least ten times as long as a check took",
        ),
    ]
    failpoints: Annotated[
        Literal["off", "allowed"],
        Declared(
            default="off",
            read=OneOf(("off", "allowed")),
            meaning="allowed: tests may kill processes, by POST /failpoints on the ops ports; refused "
            "beside an account for live money",
        ),
    ]
    secrets_key: Annotated[
        Secret | None,
        Declared(
            read=SECRETS_KEY,
            is_secret=True,
            meaning="key that encrypts the secrets of merchants' webhooks; empty: one that is made beside the embedded PostgreSQL",
        ),
    ]
    secrets_key_before: Annotated[
        Secret | None,
        Declared(
            read=SECRETS_KEY,
            is_secret=True,
            meaning="the key before that one, which still decrypts, until `fincore webhooks reencrypt` has run",
        ),
    ]
    webhooks_allow_loopback: Annotated[
        bool,
        Declared(
            default="false",
            read=YES_OR_NO,
            meaning="true: merchants' webhooks may go to this machine and over plain http; for development only",
        ),
    ]
    log_level: Annotated[
        LogLevel,
        Declared(
            default="info",
            read=OneOf(get_args(LogLevel)),
            meaning="the least important lines that are logged",
        ),
    ]
    log_format: Annotated[
        LogFormat | None,
        Declared(
            read=OneOf(("", *get_args(LogFormat))),
            meaning="form of the log; empty: console at a terminal, else json",
        ),
    ]

    @property
    def psp_accounts(self) -> tuple[DeclaredAccount, ...]:
        """Every account at a PSP: those that settings declare, then those in the file.

        Raises `ConfigurationError` where two have one name, or the default of a PSP and mode is not clear.
        """
        declared = accounts_of_settings(msgspec.structs.asdict(self), self.psp_accounts_file)
        return with_defaults((*declared, *self.psp_accounts_file))

    @property
    def failpoints_allowed(self) -> bool:
        """Whether tests may make processes die."""
        return self.failpoints == "allowed"


class Setting(msgspec.Struct, frozen=True):
    """A setting as an operator sees it: its name in the environment, and how it is given."""

    name: str
    declared: Declared


def _declared() -> dict[str, Setting]:
    hints = get_type_hints(Settings, include_extras=True)
    found: dict[str, Setting] = {}
    for field in Settings.__struct_fields__:
        (declared,) = hints[field].__metadata__
        found[field] = Setting(PREFIX + field.upper(), declared)
    return found


_SETTING_OF_FIELD: Final = _declared()
SETTINGS: Final = tuple(_SETTING_OF_FIELD.values())
SECRET_SETTINGS: Final = frozenset(setting.name for setting in SETTINGS if setting.declared.is_secret)
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
        if name.startswith(PREFIX) and name not in _NAMES:
            raise ConfigurationError(f"{name} is not a setting; `fincore settings` lists them all")
    return [_in_force(setting, environment) for setting in SETTINGS]


def _in_force(setting: Setting, environment: Mapping[str, str]) -> InForce:
    given = environment.get(setting.name, "").strip()
    file = environment.get(setting.name + FILE_SUFFIX, "").strip() if setting.declared.is_secret else ""
    if given and file:
        raise ConfigurationError(
            f"{setting.name} and {setting.name}{FILE_SUFFIX} are both set: remove one of them"
        )
    if file:
        return InForce(setting, _secret_in(setting.name + FILE_SUFFIX, Path(file)), f"file {file}")
    if given:
        return InForce(setting, given, "environment")
    return InForce(setting, setting.declared.default, "default")


def _secret_in(name: str, file: Path) -> str:
    """What a file holds, without white space around it."""
    try:
        return secret_in(file)
    except SecretUnreadable as error:
        raise ConfigurationError(f"{name}: {error}") from error


def read_settings(environment: Mapping[str, str]) -> Settings:
    """The settings an environment holds.

    Raises `ConfigurationError`, one sentence that names the setting, for a wrong value, for values that exclude each other,
    and for what `settings_in_force` refuses.
    """
    texts = {one.setting.name: one.value for one in settings_in_force(environment)}
    values = {
        field: setting.declared.read(setting.name, texts[setting.name])
        for field, setting in _SETTING_OF_FIELD.items()
    }
    settings = Settings(**values)  # type: ignore[arg-type]  # a test holds that each reader gives what its field takes
    if settings.ignored_webhook_bodies_kept_days > settings.webhook_bodies_kept_days:
        raise ConfigurationError(
            "FINCORE_IGNORED_WEBHOOK_BODIES_KEPT_DAYS must be at most FINCORE_WEBHOOK_BODIES_KEPT_DAYS "
            f"({settings.webhook_bodies_kept_days})"
        )
    live = [account.label for account in settings.psp_accounts if account.livemode]
    if settings.failpoints_allowed and live:
        raise ConfigurationError(
            f"FINCORE_FAILPOINTS must be off where an account for live money is configured ({', '.join(live)})"
        )
    check_keys_apart(settings)
    return settings


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
    for field, setting in _SETTING_OF_FIELD.items():
        match getattr(settings, field):
            case VaultKeys() as vault_keys:
                keys |= {f"{setting.name} ({key.key_id})": key.key for key in vault_keys}
            case Secret() as secret if setting.declared.read is SECRETS_KEY:
                keys[setting.name] = decoded_key(secret.reveal())
            case Secret() as secret if setting.declared.is_secret:
                others[setting.name] = decoded_key(secret.reveal())
            case _:
                pass
    return keys, others


def _purpose(name: str) -> str:
    return name.removesuffix("_BEFORE")
