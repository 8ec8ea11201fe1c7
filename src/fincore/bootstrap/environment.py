"""Reads the settings once from the environment and the files of secrets that it names, into one frozen value."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from fincore.bootstrap.distinct_keys import check_keys_apart
from fincore.bootstrap.secret_file import SecretUnreadable, secret_in
from fincore.bootstrap.setting import FILE_SUFFIX, PREFIX, Setting
from fincore.bootstrap.settings import SECRET_SETTINGS, SETTINGS, Settings
from fincore.domain.errors import ConfigurationError

_NAMES: Final = frozenset(setting.name for setting in SETTINGS) | {
    name + FILE_SUFFIX for name in SECRET_SETTINGS
}


class InForce(NamedTuple):
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
        return secret_in(file)
    except SecretUnreadable as error:
        raise ConfigurationError(f"{name}: {error}") from error


def read_settings(environment: Mapping[str, str]) -> Settings:
    """The settings an environment holds.

    Raises `ConfigurationError`, one sentence that names the setting, for a wrong value, for values that exclude each other,
    and for what `settings_in_force` refuses.
    """
    values: dict[str, Any] = {
        one.setting.field: one.setting.read(one.setting.name, one.value)
        for one in settings_in_force(environment)
    }
    settings = Settings(**values)
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
