"""An account at a PSP as it is declared, and the values of its fields once they are read."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec

from fincore.bootstrap.psp_accounts.account_form import (
    FORMS,
    AccountField,
    AccountForm,
    AccountPart,
    setting_of,
)
from fincore.bootstrap.psp_accounts.rotating_secret import FlawOfText
from fincore.bootstrap.psp_accounts.secret_reference import SecretReference, SecretResolver
from fincore.bootstrap.secret_file import SecretUnreadable
from fincore.domain.errors import ConfigurationError
from fincore.domain.outcome import PspAccount, PspName
from fincore.domain.secret import Secret

VALUE_CHARACTERS_MAX: Final = 4_096


class GivenValue(msgspec.Struct, frozen=True):
    """A value that is there already. `origin` names the setting that held it, or the file where it is written."""

    origin: str
    value: Secret

    def __str__(self) -> str:
        return self.origin


Source = SecretReference | GivenValue
"""Where a value comes from; as text it says so and never shows the value."""


class DeclaredAccount(msgspec.Struct, frozen=True, kw_only=True):
    """An account as an operator declares it. `sources`: where the values of its fields come from, by field.

    `origin` names the setting, or the setting and its file, for sentences about the account. `base_url` is None where the PSP
    itself is called; `ca_file` holds the certificate authority of a simulator.
    """

    psp: PspName
    name: PspAccount
    livemode: bool
    is_default: bool
    origin: str
    sources: Mapping[str, tuple[Source, ...]]
    base_url: str | None = None
    ca_file: Path | None = None

    @property
    def is_of_settings(self) -> bool:
        """Whether settings declare it, and no file."""
        return self.origin == setting_of(self.psp, "...", livemode=self.livemode)

    @property
    def label(self) -> str:
        """The account as sentences and tables name it."""
        return f"{self.psp}/{self.name}"

    @property
    def about(self) -> str:
        """How a sentence about the account begins."""
        return f"{self.origin}: account {self.label}: "

    @property
    def form(self) -> AccountForm:
        """What accounts at its PSP are declared with."""
        return FORMS[self.psp]

    @property
    def host(self) -> str:
        """The host that is called, with its port where one is named."""
        return urlsplit(self.base_url or self.form.own_urls[self.livemode]).netloc

    @property
    def default_script_url(self) -> str:
        """The script for browsers that counts where none is declared: the PSP's own, or that of the simulator which is called."""
        if self.base_url in (None, *self.form.own_urls.values()):
            return self.form.own_script_url
        return f"{self.base_url}{self.form.script_path}"


def with_defaults(accounts: Sequence[DeclaredAccount]) -> tuple[DeclaredAccount, ...]:
    """The accounts with one default for each PSP and mode: the declared one, or the only one.

    Raises `ConfigurationError` for a name that two accounts at one PSP have, and where there is no default or more than one.
    """
    for account in accounts:
        named = [one for one in accounts if one.label == account.label]
        if len(named) > 1:
            origins = " and ".join(sorted({one.origin for one in named}))
            raise ConfigurationError(
                f"account {account.label} is declared {len(named)} times ({origins}): give each account at a PSP a name "
                "of its own"
            )
    return tuple(
        msgspec.structs.replace(account, is_default=account is _default(account, accounts))
        for account in accounts
    )


def _default(account: DeclaredAccount, accounts: Sequence[DeclaredAccount]) -> DeclaredAccount:
    """The default account of an account's PSP and mode."""
    rivals = [one for one in accounts if (one.psp, one.livemode) == (account.psp, account.livemode)]
    declared = [one for one in rivals if one.is_default]
    if len(declared) == 1 or len(rivals) == 1:
        return (declared or rivals)[0]
    mode = "live" if account.livemode else "test"
    listed = ", ".join(one.label for one in declared or rivals)
    if declared:
        raise ConfigurationError(
            f"{account.origin}: {listed} are all the default of {mode} mode: leave `default = true` with one of them"
        )
    raise ConfigurationError(
        f"{account.origin}: none of {listed} is the default of {mode} mode: write `default = true` for one of them"
    )


def values_of(
    account: DeclaredAccount, part: AccountPart, resolver: SecretResolver
) -> dict[str, tuple[Secret, ...]]:
    """The values of the fields that one kind of process is given, at least one each but for what is not required.

    Raises `ConfigurationError`, one sentence that names the account and holds no value, for a value that is missing or wrong.
    """
    return {field.name: _values(account, field, resolver) for field in account.form.of_part(part)}


def _values(account: DeclaredAccount, field: AccountField, resolver: SecretResolver) -> tuple[Secret, ...]:
    values: list[Secret] = []
    sources = account.sources.get(field.name, ())
    if not sources and field.is_required:
        # In a file each field is there; settings may hold one half alone, for a process that needs no more.
        beside = next(str(one) for given in account.sources.values() for one in given)
        raise ConfigurationError(
            f"{setting_of(account.psp, field.name, livemode=account.livemode)} is missing beside {beside}"
        )

    def flaw_of(text: str) -> str | None:
        return _flaw_of_text(text) or field.flaw_of(text, account.livemode)

    for source in sources:
        for secret in _secrets(account, field, source, resolver, flaw_of):
            flaw = flaw_of(secret.reveal())
            if flaw is not None:
                raise ConfigurationError(f"{account.about}{field.name} ({source}) {flaw}")
            values.append(secret)
    return tuple(values)


def _secrets(
    account: DeclaredAccount,
    field: AccountField,
    source: Source,
    resolver: SecretResolver,
    flaw_of: FlawOfText,
) -> tuple[Secret, ...]:
    """What a source holds: several texts separated by commas where the field is a list, unless its store keeps versions of one."""
    try:
        if isinstance(source, SecretReference):
            found = (
                resolver.read_accepted(source, flaw_of)
                if field.is_list
                else (resolver.read(source, flaw_of),)
            )
        else:
            found = (source.value,)
    except SecretUnreadable as error:
        raise ConfigurationError(f"{account.about}{field.name}: {error}") from error
    if field.is_list and len(found) == 1:
        return tuple(Secret(part.strip()) for part in found[0].reveal().split(","))
    return found


def _flaw_of_text(text: str) -> str | None:
    """Keys, ids and secrets of PSPs go into headers."""
    if 1 <= len(text) <= VALUE_CHARACTERS_MAX and text.isascii() and text.isprintable() and " " not in text:
        return None
    return f"must have 1 to {VALUE_CHARACTERS_MAX:,} ASCII characters and no space"
