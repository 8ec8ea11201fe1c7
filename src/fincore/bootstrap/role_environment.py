"""What `fincore up` tells each role: the settings, and of the secrets only those that the role needs."""

from collections.abc import Collection, Iterator, Mapping
from types import MappingProxyType
from typing import Final, get_args

from fincore.bootstrap.databases import SETTING_OF_STORE, Databases
from fincore.bootstrap.psp_accounts.account_form import FORMS, AccountPart, setting_of
from fincore.bootstrap.psp_accounts.declared_account import DeclaredAccount
from fincore.bootstrap.psp_accounts.secret_reference import AWS_SCHEME, SecretReference
from fincore.bootstrap.roles import STORES_OF_ROLE, Role
from fincore.bootstrap.secrets_key import secrets_key
from fincore.bootstrap.setting import FILE_SUFFIX
from fincore.bootstrap.settings import SECRET_SETTINGS, Settings
from fincore.bootstrap.settlement_sources.evidence_place import S3Place
from fincore.bootstrap.settlement_sources.reached_sources import asked_accounts

PARTS_OF_ROLE: Final[Mapping[Role, tuple[AccountPart, ...]]] = MappingProxyType(
    {
        "api": ("webhooks",),
        "worker": ("calls", "settlement"),
        "checkout": ("browser",),
        "card-edge": ("calls",),
        # It shows which accounts there are, and calls none.
        "staff": ("browser",),
    }
)
"""Which parts of the accounts at PSPs a role uses; the other roles use none."""

_PARTS_OF_REPORTS: Final[tuple[AccountPart, ...]] = ("calls", "settlement")
"""Which parts of an account the role `reconciliation` uses where a source asks the PSP for reports about it."""

_ENCRYPTION_KEYS: Final = frozenset({"FINCORE_SECRETS_KEY", "FINCORE_SECRETS_KEY_BEFORE"})

_AWS_PREFIX: Final = "AWS_"
"""How the variables begin in which the AWS library looks for credentials, for files of them, and for where to get them."""
_COUNT_ATTEMPTS: Final[frozenset[Role]] = frozenset({"api", "worker", "card-edge"})
"""The roles that assess charges, and may count attempts in DynamoDB."""

SECRETS_OF_ROLE: Final[dict[Role, frozenset[str]]] = {
    # It encrypts the secrets of merchants' webhooks and what it shares in a cache, and shows balances while LedgerDB is there.
    "api": _ENCRYPTION_KEYS | {"FINCORE_LEDGERDB_DSN", "FINCORE_SHARED_RESPONSES_PASSWORD"},
    # It gets tokens of kept cards.
    "worker": frozenset({"FINCORE_CARD_EDGE_TOKEN_SECRET"}),
    "projectionist": frozenset(),
    "ledger": frozenset(),
    "notify": _ENCRYPTION_KEYS,
    "auditor": frozenset(),
    "checkout": frozenset(),
    "card-edge": frozenset(
        {
            "FINCORE_CARD_EDGE_HMAC_KEY",
            "FINCORE_CARD_EDGE_HMAC_KEY_BEFORE",
            "FINCORE_CARD_EDGE_TOKEN_SECRET",
            "FINCORE_VAULT_KEYS",
            "FINCORE_VAULT_FINGERPRINT_KEY",
            "FINCORE_VAULT_FINGERPRINT_KEY_BEFORE",
        }
    ),
    "risk": frozenset(),
    # It encrypts the secrets of merchants' webhooks and the keys that sign tokens, and shows the books while LedgerDB is there.
    "staff": _ENCRYPTION_KEYS | {"FINCORE_LEDGERDB_DSN"},
    # It tells operations.
    "reconciliation": frozenset(
        {
            "FINCORE_OPS_WEBHOOK_URL",
            "FINCORE_OPS_WEBHOOK_SECRET",
            "FINCORE_OPS_SMTP_URL",
            "FINCORE_OPS_SMTP_PASSWORD",
        }
    ),
    "relay": frozenset(),
}
"""Which secrets a role needs beside the DSNs of its stores and its part of the accounts at PSPs."""


def environment_of(
    role: Role, environment: Mapping[str, str], settings: Settings, databases: Databases
) -> dict[str, str]:
    """The environment of a role's process: ours, without the secrets that the role does not need.

    DSNs and the key that encrypts secrets are given as they were found, also where they were not set.
    """
    needed = SECRETS_OF_ROLE[role] | {SETTING_OF_STORE[store] for store in STORES_OF_ROLE[role]}
    needed |= _account_settings(PARTS_OF_ROLE.get(role, ()))
    asked = asked_accounts(settings) if role == "reconciliation" else ()
    needed |= {
        setting_of(one.psp, field, livemode=one.livemode)
        for one in asked
        if one.is_of_settings
        for field in _fields(one, _PARTS_OF_REPORTS)
    }
    # A role that reads the DSN of one store takes that of the event store for one that is left empty.
    needed |= {"FINCORE_EVENTSTORE_DSN"}
    found = {setting: str(getattr(databases, store)) for store, setting in SETTING_OF_STORE.items()}
    if "FINCORE_SECRETS_KEY" in needed:
        found["FINCORE_SECRETS_KEY"] = secrets_key(settings).reveal()
    parts = PARTS_OF_ROLE.get(role, ())
    if "browser" in parts:
        # So that the role knows of each account, also of one with secrets alone: it may be the default.
        found |= {
            setting_of(account.psp, "script_url", livemode=account.livemode): account.default_script_url
            for account in settings.psp_accounts
            if account.is_of_settings and "script_url" not in account.sources
        }
    hidden = {
        name + suffix
        for name in SECRET_SETTINGS
        for suffix in ("", FILE_SUFFIX)
        if name not in needed or (suffix and name in found)
    }
    referred_to = _variables(settings.psp_accounts, parts) | _variables(asked, _PARTS_OF_REPORTS)
    of_sources = _variables_of_sources(settings)
    if role == "reconciliation":
        referred_to |= of_sources
    hidden |= (_variables(settings.psp_accounts, get_args(AccountPart)) | of_sources) - referred_to
    keeps_in_s3 = role == "reconciliation" and isinstance(settings.settlement_evidence, S3Place)
    reads_secrets = (
        _refers_to_aws(settings.psp_accounts, parts)
        or _refers_to_aws(asked, _PARTS_OF_REPORTS)
        or (role == "reconciliation" and _sources_refer_to_aws(settings))
    )
    tells_by_sns = role == "reconciliation" and settings.ops_sns_topic is not None
    calls_aws = role in _COUNT_ATTEMPTS or role == "relay" or keeps_in_s3 or reads_secrets or tells_by_sns
    if not calls_aws:
        hidden |= {name for name in environment if name.startswith(_AWS_PREFIX)} - referred_to
    kept = {name: value for name, value in environment.items() if name not in hidden}
    return kept | {name: value for name, value in found.items() if name in needed}


def _account_settings(parts: Collection[AccountPart]) -> set[str]:
    """The settings that hold some parts of the accounts that settings declare."""
    return {
        setting_of(psp, field.name, livemode=livemode)
        for psp, form in FORMS.items()
        for field in form.fields
        for livemode in (False, True)
        if set(field.parts) & set(parts)
    }


def _fields(account: DeclaredAccount, parts: Collection[AccountPart]) -> set[str]:
    """The fields of some parts of an account."""
    return {field.name for field in account.form.fields if set(field.parts) & set(parts)}


def _references(
    accounts: Collection[DeclaredAccount], parts: Collection[AccountPart]
) -> Iterator[SecretReference]:
    """The references to secrets of some parts of accounts in a file."""
    for one in accounts:
        for field in _fields(one, parts):
            for source in one.sources.get(field, ()):
                if isinstance(source, SecretReference):
                    yield source


def _variables(accounts: Collection[DeclaredAccount], parts: Collection[AccountPart]) -> set[str]:
    """The environment variables that some parts of accounts in a file refer to."""
    return {one.place for one in _references(accounts, parts) if one.scheme == "env"}


def _refers_to_aws(accounts: Collection[DeclaredAccount], parts: Collection[AccountPart]) -> bool:
    return any(one.scheme == AWS_SCHEME for one in _references(accounts, parts))


def _sources_refer_to_aws(settings: Settings) -> bool:
    return any(
        reference.scheme == AWS_SCHEME
        for declared in settings.settlement_sources_file
        for reference in declared.secrets
    )


def _variables_of_sources(settings: Settings) -> set[str]:
    """The environment variables that the sources of settlement files refer to."""
    return {
        reference.place
        for declared in settings.settlement_sources_file
        for reference in declared.secrets
        if reference.scheme == "env"
    }
