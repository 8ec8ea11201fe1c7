"""The environment of a function: Lambda hands over variables alone, so those that are secrets say where they are in Secrets Manager."""

import os
from collections.abc import Mapping
from pathlib import Path
from tempfile import gettempdir
from typing import Final

from fincore.bootstrap.psp_accounts.secret_reference import AWS_SCHEME, SecretReference, parse_reference
from fincore.bootstrap.secret_file import SecretUnreadable
from fincore.domain.errors import ConfigurationError

_REGION: Final = "FINCORE_SECRETS_MANAGER_REGION"
_URL: Final = "FINCORE_SECRETS_MANAGER_URL"
NAMES_OF_FILES: Final = frozenset({"FINCORE_PSP_ACCOUNTS_FILE", "FINCORE_SETTLEMENT_SOURCES_FILE"})
"""Settings that name a file: the text of the secret is written into one, which this process and its successors on the machine alone read."""


def function_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment with the text of the secret in place of each value that is `aws-secret:NAME`; a file with the text where the setting names one.

    Raises `ConfigurationError`, which names the variable, where a reference is none or a secret cannot be read.
    """
    referred_to = {
        name: reference
        for name, value in environment.items()
        if (reference := _reference(name, value)) is not None
    }
    if not referred_to:
        return dict(environment)
    from fincore.bootstrap.aws_secrets import AwsSecrets

    found = dict(environment)
    name = ""
    try:
        store = AwsSecrets(region=environment.get(_REGION) or None, url=environment.get(_URL) or None)
        for name, reference in referred_to.items():
            text = store.read(reference.place)
            found[name] = str(_file(name, text)) if name in NAMES_OF_FILES else text
    except SecretUnreadable as error:
        raise ConfigurationError(f"{name or next(iter(referred_to))}: {error}") from None
    return found


def _file(name: str, text: str) -> Path:
    path = Path(gettempdir()) / f"{name.lower()}.toml"
    path.unlink(missing_ok=True)
    with open(path, "x", opener=lambda where, flags: os.open(where, flags, mode=0o600)) as opened:
        opened.write(text)
    return path


def _reference(name: str, value: str) -> SecretReference | None:
    text = value.strip()
    if not text.startswith(f"{AWS_SCHEME}:"):
        return None
    found = parse_reference(text)
    if found is None:
        raise ConfigurationError(
            f"{name} is no reference to a secret: write {AWS_SCHEME}:NAME, with a slash in the name, or {AWS_SCHEME}: and an ARN"
        )
    return found
