"""Every setting, declared once: its field and type, how it is read, its default, its bounds and its meaning.

Those of accounts at PSPs are in `psp_accounts/account_settings.py`, those of notices to operations in `ops_settings.py`, those of the server of staff in
`staff_settings.py`, those of traces in `trace_settings.py`, those of the relay in
`relay_settings.py`, those of a risk engine in a function in `risk_function_settings.py`, those of the shared cache in `cache_settings.py`, those of stores of secrets in
`secrets_settings.py`; `environment.py` reads them all. Only `bootstrap` and `cli`
know settings.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args

from fincore.bootstrap.cache_settings import CacheSettings
from fincore.bootstrap.ops_settings import OpsSettings
from fincore.bootstrap.psp_accounts.account_settings import AccountSettings
from fincore.bootstrap.relay_settings import RelaySettings
from fincore.bootstrap.risk_function_settings import RiskFunctionSettings
from fincore.bootstrap.secrets_settings import SecretsSettings
from fincore.bootstrap.setting import setting, settings_declared_in
from fincore.bootstrap.setting_values import (
    DSN,
    FILE,
    FOLDER,
    NETWORKS,
    ONE_PERSON_LIMITS,
    OPTIONAL_PORT,
    OPTIONAL_URL,
    PORT,
    PUBLIC_URL,
    SECRETS_KEY,
    TEXT,
    VAULT_KEYS,
    WORD,
    YES_OR_NO,
    Network,
    Number,
    OneOf,
)
from fincore.bootstrap.settlement_sources.declared_source import DeclaredSource
from fincore.bootstrap.settlement_sources.evidence_place import EVIDENCE_PLACE, EvidencePlace
from fincore.bootstrap.settlement_sources.sources_file import SOURCES_FILE
from fincore.bootstrap.staff_settings import StaffSettings
from fincore.bootstrap.trace_settings import TraceSettings
from fincore.domain.one_person_limits import OnePersonLimits
from fincore.domain.secret import Secret
from fincore.observability.logs import LogFormat
from fincore.write.merchants.raw_card_requests import KEPT_DAYS_MIN
from fincore.write.risk.failure_mode import FailureMode
from fincore.write.vault.vault_keys import VaultKeys

LogLevel = Literal["debug", "info", "warning", "error"]
UndecidedReview = Literal["decline", "approve"]
RiskStoreName = Literal["postgresql", "dynamodb"]
Failpoints = Literal["off", "allowed"]
MetricsLog = Literal["off", "cloudwatch"]


@dataclass(frozen=True, kw_only=True)
class Settings(
    TraceSettings,
    SecretsSettings,
    CacheSettings,
    RelaySettings,
    RiskFunctionSettings,
    OpsSettings,
    StaffSettings,
    AccountSettings,
):
    """All settings of all roles. The environment variable of a field is its name in capitals after `FINCORE_`.

    A DSN that is None means the embedded PostgreSQL in `data_dir`.
    """

    # Stores

    data_dir: Path = setting(FOLDER, "folder of the embedded PostgreSQL", default="var")
    eventstore_dsn: str | None = setting(
        DSN, "database of the event store; empty: the embedded PostgreSQL", is_secret=True
    )
    paymentdb_dsn: str | None = setting(
        DSN, "database of the query view; empty: that of the event store", is_secret=True
    )
    ledgerdb_dsn: str | None = setting(
        DSN, "database of the ledger; empty: that of the event store", is_secret=True
    )

    # Where roles listen, and where they are reached

    host: str = setting(TEXT, "address that the servers listen on", default="127.0.0.1")
    api_port: int = setting(
        PORT, "port of the merchants' API; 0: one that the system chooses", default="8080"
    )
    api_url: str | None = setting(
        PUBLIC_URL,
        "where merchants' back ends and PSPs reach the API; empty: documentation shows paths alone",
    )
    checkout_port: int = setting(
        PORT,
        "port of the checkout role, which customers' browsers call; 0: one that the system chooses",
        default="8081",
    )
    public_url: str | None = setting(
        PUBLIC_URL,
        "where customers' browsers reach the checkout role; needed beside an account that takes wallets",
    )
    ops_port: int = setting(
        PORT,
        "first of the ports for health and metrics, one a role; 0: ports that the system chooses",
        default="9100",
    )

    # The card edge and its vault

    card_edge_port: int | None = setting(
        OPTIONAL_PORT,
        "port of the card edge, which takes card numbers; empty: there is none; 0: one that the system chooses",
    )
    card_edge_host: str = setting(
        TEXT,
        "address that the card edge listens on; any but loopback needs TLS of its own",
        default="127.0.0.1",
    )
    card_edge_tls_certificate: Path | None = setting(FILE, "file of the card edge's certificate chain (PEM)")
    card_edge_tls_key: Path | None = setting(FILE, "file of that certificate's key (PEM, without a password)")
    card_edge_hmac_key: Secret | None = setting(
        SECRETS_KEY,
        "key under which a card number enters fingerprints of requests and counters of risk; the card edge needs it",
        is_secret=True,
    )
    card_edge_hmac_key_before: Secret | None = setting(
        SECRETS_KEY,
        "the key before that one; leave it for 72 hours after a change, as long as idempotency keys are kept",
        is_secret=True,
    )
    card_edge_url: str | None = setting(
        PUBLIC_URL,
        "where workers reach the card edge for tokens of kept cards; empty: on this machine, at its port",
    )
    card_edge_token_secret: Secret | None = setting(
        SECRETS_KEY,
        "what workers show the card edge for a token of a kept card; needed beside FINCORE_VAULT_KEYS or FINCORE_CARD_EDGE_URL",
        is_secret=True,
    )
    vault_keys: VaultKeys | None = setting(
        VAULT_KEYS,
        "keys that encrypt the cards of the vault, the current one first; empty: the card edge keeps no cards",
        is_secret=True,
    )
    vault_kms_url: str | None = setting(OPTIONAL_URL, "an emulator of AWS KMS; empty: AWS itself")
    vault_fingerprint_key: Secret | None = setting(
        SECRETS_KEY, "key of the fingerprints of kept cards; needed beside FINCORE_VAULT_KEYS", is_secret=True
    )
    vault_fingerprint_key_before: Secret | None = setting(
        SECRETS_KEY, "the key before that one, until `fincore vault rotate` has run", is_secret=True
    )

    # Who may send how much

    trusted_proxies: tuple[Network, ...] = setting(
        NETWORKS, "proxies in front of the servers; only their X-Forwarded-For counts"
    )
    connections_per_address: int = setting(
        Number(int, 1, 1_000_000),
        "connections that one address may hold to one process; trusted proxies and the machine itself "
        "may hold any number",
        default="500",
    )
    rate_limit_live_per_second: float = setting(
        Number(float, 0.1, 1_000_000, "requests a second"),
        "what one live key may send to one process; five times as many at once",
        default="500",
    )
    rate_limit_test_per_second: float = setting(
        Number(float, 0.1, 1_000_000, "requests a second"),
        "what one test key may send to one process; five times as many at once",
        default="200",
    )

    # Work

    psp_timeout_seconds: float = setting(
        Number(float, 0.1, 60, "seconds"), "how long a call to a PSP may take", default="30"
    )
    worker_concurrency: int = setting(
        Number(int, 2, 5_000, "jobs"), "what one worker does at a time", default="400"
    )
    worker_heartbeat_timeout_seconds: float = setting(
        Number(float, 0.5, 3_600, "seconds"),
        "silence of a worker after which others take its jobs over",
        default="15",
    )
    action_timeout_seconds: float = setting(
        Number(float, 1, 86_400, "seconds"),
        "how long after the creation of a charge its customer may authenticate",
        default="3600",
    )

    # Risk

    risk_undecided_review: UndecidedReview = setting(
        OneOf[UndecidedReview](get_args(UndecidedReview)),
        "what becomes of a charge under review that no person decided in time",
        default="decline",
    )
    risk_review_hours: float = setting(
        Number(float, 0.01, 672, "hours"),
        "how long staff may decide a charge under review, from its authorization",
        default="72",
    )
    risk_review_margin_hours: float = setting(
        Number(float, 0, 168, "hours"),
        "how long before the end of a hold a review is decided at the latest",
        default="12",
    )
    risk_timeout_ms: int = setting(
        Number(int, 10, 5_000, "ms"),
        "how long the risk rules of a charge wait for counters, lists and facts of cards; then the failure mode counts",
        default="250",
    )
    risk_failure_mode: FailureMode = setting(
        OneOf[FailureMode](get_args(FailureMode)),
        "what becomes of a charge while risk rules cannot get their counters and lists: it goes on, is put under "
        "review, or is blocked; a stricter decision of the other rules stays",
        default="open",
    )

    risk_store: RiskStoreName = setting(
        OneOf[RiskStoreName](get_args(RiskStoreName)),
        "where attempts to pay are counted: in the event store's database, or in a table of DynamoDB, which needs the extra "
        "`aws`; the same for all processes",
        default="postgresql",
    )
    risk_dynamodb_table: str | None = setting(
        WORD, "name of that table; `fincore risk store create` creates it", default="fincore-risk"
    )
    risk_dynamodb_region: str | None = setting(
        WORD, "region of that table; empty: the one that the AWS library finds, as in AWS_REGION"
    )
    risk_dynamodb_url: str | None = setting(OPTIONAL_URL, "an emulator of DynamoDB; empty: AWS itself")

    # Settlement

    settlement_sources_file: tuple[DeclaredSource, ...] = setting(
        SOURCES_FILE,
        "file that declares where settlement files come from; empty: none are fetched, and there is no role `reconciliation`",
    )
    settlement_evidence: EvidencePlace | None = setting(
        EVIDENCE_PLACE,
        "where settlement files are kept as they came, for good: a folder, or a bucket of S3, which needs the extra `aws`; "
        "empty: `settlement` in FINCORE_DATA_DIR",
    )
    settlement_bucket_region: str | None = setting(
        WORD,
        "region of that bucket; empty: the one that the AWS library finds, as in AWS_REGION, or that S3 tells",
    )
    settlement_bucket_url: str | None = setting(
        OPTIONAL_URL, "a server that speaks as S3 does, such as an emulator; empty: AWS itself"
    )
    settlement_bucket_kept_days: int = setting(
        Number(int, 0, 36_500, "days"),
        "how long that bucket must keep each object by its Object Lock, or the role `reconciliation` does not start; 0: it need not",
        default="0",
    )

    adjustment_limits_minor: OnePersonLimits = setting(
        ONE_PERSON_LIMITS,
        "what one person may adjust or write off alone, at once and in a day by UTC; above it, and in a currency that is not here, "
        "commands refuse, and staff need a second person",
    )

    # What is kept, and for how long

    webhook_bodies_kept_days: int = setting(
        Number(int, 1, 3_650, "days"),
        "how long the raw body of a PSP's webhook is kept; one that waits for a person stays",
        default="30",
    )
    ignored_webhook_bodies_kept_days: int = setting(
        Number(int, 1, 3_650, "days"),
        "the same for types of events that FinCore does not read; at most as long as the others",
        default="3",
    )
    raw_card_requests_kept_days: int = setting(
        Number(int, KEPT_DAYS_MIN, 3_650, "days"),
        "how long the record of a request with a card number is kept; PCI DSS asks for twelve months, three of them at hand",
        default="400",
    )

    # Operation

    laws_interval_seconds: float = setting(
        Number(float, 1, 86_400, "seconds"),
        "pause between two checks of the invariants; it is at least ten times as long as a check took",
        default="900",
    )
    failpoints: Failpoints = setting(
        OneOf[Failpoints](get_args(Failpoints)),
        "allowed: tests may kill processes, by POST /failpoints on the ops ports; refused "
        "beside an account for live money",
        default="off",
    )
    secrets_key: Secret | None = setting(
        SECRETS_KEY,
        "key that encrypts the secrets of merchants' webhooks; empty: one that is made beside the embedded PostgreSQL",
        is_secret=True,
    )
    secrets_key_before: Secret | None = setting(
        SECRETS_KEY,
        "the key before that one, which still decrypts, until `fincore webhooks reencrypt` has run",
        is_secret=True,
    )
    webhooks_allow_loopback: bool = setting(
        YES_OR_NO,
        "true: merchants' webhooks may go to this machine and over plain http; for development only",
        default="false",
    )
    log_level: LogLevel = setting(
        OneOf[LogLevel](get_args(LogLevel)), "the least important lines that are logged", default="info"
    )
    access_log_rate: float = setting(
        Number(float, 0, 1),
        "share of the requests to FinCore that have a line in the log; those that failed by FinCore's fault or were slow have one in any case, up to 20 a second in each process",
        default="0.01",
    )
    log_format: LogFormat | None = setting(
        OneOf[LogFormat | None](("", *get_args(LogFormat))),
        "form of the log; empty: console at a terminal, else json",
    )
    metrics_log: MetricsLog = setting(
        OneOf[MetricsLog](get_args(MetricsLog)),
        "cloudwatch: each role prints once a minute what the alarms of Amazon CloudWatch ask for, in its embedded metric format, and each function what "
        "it counted, after each invocation",
        default="off",
    )

    @property
    def failpoints_allowed(self) -> bool:
        """Whether tests may make processes die."""
        return self.failpoints == "allowed"


SETTINGS: Final = settings_declared_in(Settings)
SECRET_SETTINGS: Final = frozenset(one.name for one in SETTINGS if one.is_secret)
