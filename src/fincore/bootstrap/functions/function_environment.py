"""The environment of a function: Lambda hands over variables alone, so those that are secrets say where they are in Secrets Manager."""

from collections.abc import Mapping
from typing import Final

from fincore.bootstrap.psp_accounts.secret_reference import AWS_SCHEME, SecretReference, parse_reference
from fincore.bootstrap.secret_file import SecretUnreadable
from fincore.bootstrap.setting import PREFIX
from fincore.domain.errors import ConfigurationError

_REGION: Final = "FINCORE_SECRETS_MANAGER_REGION"
_URL: Final = "FINCORE_SECRETS_MANAGER_URL"


def function_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment with the text of the secret in place of each setting that is `aws-secret:NAME`.

    Raises `ConfigurationError`, which names the setting, where a reference is none or a secret cannot be read.
    """
    referred_to = {
        name: reference
        for name, value in environment.items()
        if name.startswith(PREFIX) and (reference := _reference(name, value)) is not None
    }
    if not referred_to:
        return dict(environment)
    from fincore.bootstrap.aws_secrets import AwsSecrets

    found = dict(environment)
    name = ""
    try:
        store = AwsSecrets(region=environment.get(_REGION) or None, url=environment.get(_URL) or None)
        for name, reference in referred_to.items():
            found[name] = store.read(reference.place)
    except SecretUnreadable as error:
        raise ConfigurationError(f"{name or next(iter(referred_to))}: {error}") from None
    return found


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
