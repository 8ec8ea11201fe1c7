"""What `fincore up` tells each role: the settings, and of the secrets only those that the role needs."""

from collections.abc import Mapping
from typing import Final

from fincore.bootstrap.databases import SETTING_OF_STORE, Databases
from fincore.bootstrap.roles import STORES_OF_ROLE, Role
from fincore.bootstrap.secrets_key import secrets_key
from fincore.bootstrap.settings import FILE_SUFFIX, SECRET_SETTINGS, Settings

_PSP_KEYS: Final = frozenset({"FINCORE_STRIPE_TEST_SECRET_KEY", "FINCORE_STRIPE_LIVE_SECRET_KEY"})
_PSP_WEBHOOK_SECRETS: Final = frozenset(
    {"FINCORE_STRIPE_TEST_WEBHOOK_SECRETS", "FINCORE_STRIPE_LIVE_WEBHOOK_SECRETS"}
)
_ENCRYPTION_KEYS: Final = frozenset({"FINCORE_SECRETS_KEY", "FINCORE_SECRETS_KEY_BEFORE"})

SECRETS_OF_ROLE: Final[dict[Role, frozenset[str]]] = {
    # It verifies the PSP's webhooks, encrypts the secrets of merchants' webhooks, and shows balances while LedgerDB is there.
    "api": _PSP_WEBHOOK_SECRETS | _ENCRYPTION_KEYS | {"FINCORE_LEDGERDB_DSN"},
    "worker": _PSP_KEYS,
    "projectionist": frozenset(),
    "ledger": frozenset(),
    "notify": _ENCRYPTION_KEYS,
    "auditor": frozenset(),
}
"""Which secrets a role needs beside the DSNs of its stores."""


def environment_of(
    role: Role, environment: Mapping[str, str], settings: Settings, databases: Databases
) -> dict[str, str]:
    """The environment of a role's process: ours, without the secrets that the role does not need.

    DSNs and the key that encrypts secrets are given as they were found, also where they were not set.
    """
    needed = SECRETS_OF_ROLE[role] | {SETTING_OF_STORE[store] for store in STORES_OF_ROLE[role]}
    # A role that reads the DSN of one store takes that of the event store for one that is left empty.
    needed |= {"FINCORE_EVENTSTORE_DSN"}
    found = {setting: str(getattr(databases, store)) for store, setting in SETTING_OF_STORE.items()}
    if "FINCORE_SECRETS_KEY" in needed:
        found["FINCORE_SECRETS_KEY"] = secrets_key(settings).reveal()
    hidden = {
        name + suffix
        for name in SECRET_SETTINGS
        for suffix in ("", FILE_SUFFIX)
        if name not in needed or (suffix and name in found)
    }
    kept = {name: value for name, value in environment.items() if name not in hidden}
    return kept | {name: value for name, value in found.items() if name in needed}
