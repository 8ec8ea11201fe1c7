"""Which secrets an installation has in Secrets Manager, and which of them each role is given: the tables of FinCore say both. Pure."""

from collections.abc import Mapping
from typing import Final

from fincore.bootstrap.databases import SETTING_OF_STORE
from fincore.bootstrap.psp_accounts.account_form import FORMS, AccountPart, setting_of
from fincore.bootstrap.role_environment import PARTS_OF_ROLE, SECRETS_OF_ROLE
from fincore.bootstrap.roles import Role
from infra.functions import Function
from infra.installation import Installation
from infra.roles import DEPLOYED, SERVICE_OF

ALWAYS: Final = frozenset(
    {
        "FINCORE_SECRETS_KEY",
        "FINCORE_CARD_EDGE_HMAC_KEY",
        "FINCORE_CARD_EDGE_TOKEN_SECRET",
        "FINCORE_VAULT_KEYS",
        "FINCORE_VAULT_FINGERPRINT_KEY",
    }
)
"""The settings with secrets that each installation has, beside DSNs and accounts at PSPs."""

SETTLEMENT_SOURCES: Final = "SETTLEMENT_SOURCES"
"""The text of the file that declares where settlement files come from; it refers to the key below as `env:SFTP_KEY`."""
SFTP_KEY: Final = "SFTP_KEY"
TLS_CERTIFICATE: Final = "CARD_EDGE_TLS_CERTIFICATE"
TLS_KEY: Final = "CARD_EDGE_TLS_KEY"

FILES_OF_ROLE: Final[Mapping[Role, Mapping[str, tuple[str, str]]]] = {
    "card-edge": {
        "FINCORE_CARD_EDGE_TLS_CERTIFICATE": (TLS_CERTIFICATE, "certificate.pem"),
        "FINCORE_CARD_EDGE_TLS_KEY": (TLS_KEY, "key.pem"),
    },
    "reconciliation": {"FINCORE_SETTLEMENT_SOURCES_FILE": (SETTLEMENT_SOURCES, "sources.toml")},
}
"""Settings that name a file: the secret with what is in the file, and the name of the file, which is written before the role starts."""

OF_CARDS: Final = (SECRETS_OF_ROLE["card-edge"] | {TLS_KEY}) - {"FINCORE_CARD_EDGE_TOKEN_SECRET"}
"""The secrets that the card edge alone is given, under a key of their own."""


def dsn(store: str) -> str:
    """The setting with the DSN of a store."""
    return SETTING_OF_STORE[store]


def account_settings(installation: Installation, parts: tuple[AccountPart, ...]) -> set[str]:
    """The settings of the accounts at PSPs that are needed for some parts, secret or not."""
    return {
        setting_of(psp, field.name, livemode=installation.livemode)
        for psp, form in FORMS.items()
        if psp in installation.accounts_at_psps
        for field in form.fields
        if set(field.parts) & set(parts) and (field.is_required or field.name == "publishable_key")
    }


def secrets_of(role: Role, installation: Installation) -> tuple[str, ...]:
    """The settings with secrets that a role is given, and what its files are written from."""
    wanted = {dsn(store) for store in SERVICE_OF[role].stores}
    wanted |= SECRETS_OF_ROLE[role] & (ALWAYS | set(installation.further_secrets))
    wanted |= account_settings(installation, PARTS_OF_ROLE.get(role, ()))
    if role == "reconciliation":
        wanted |= account_settings(installation, ("calls", "settlement")) | {SFTP_KEY}
    return tuple(sorted(wanted))


def secrets_of_function(function: Function, installation: Installation) -> Mapping[str, str]:
    """The variables of a function that refer to secrets, and the secret of each. What follows the log, and the engine of risk, need no key."""
    if function.work not in {"worker", "reconciliation"}:
        return {dsn(store): dsn(store) for store in function.stores}
    files = {setting: secret for setting, (secret, _) in FILES_OF_ROLE.get(function.role, {}).items()}
    return {name: name for name in secrets_of(function.role, installation)} | files


def files_of(role: Role) -> tuple[str, ...]:
    """The secrets that are written into files for a role."""
    return tuple(secret for secret, _ in FILES_OF_ROLE.get(role, {}).values())


def stored_secrets(installation: Installation) -> tuple[str, ...]:
    """Every secret that an operator puts into Secrets Manager; DSNs are made with the databases."""
    dsns = set(SETTING_OF_STORE.values())
    found = {name for role in DEPLOYED for name in (*secrets_of(role, installation), *files_of(role))}
    return tuple(sorted(found - dsns))
