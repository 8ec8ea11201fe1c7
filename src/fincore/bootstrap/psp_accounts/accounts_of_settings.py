"""The accounts at PSPs that settings declare: one for each PSP and mode, named after its mode. Pure."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

from fincore.bootstrap.psp_accounts.account_form import FORMS, setting_of
from fincore.bootstrap.psp_accounts.declared_account import DeclaredAccount, GivenValue
from fincore.bootstrap.setting import PREFIX
from fincore.domain.outcome import PspAccount, PspName
from fincore.domain.secret import Secret


def accounts_of_settings(
    values: Mapping[str, object], in_file: Sequence[DeclaredAccount]
) -> tuple[DeclaredAccount, ...]:
    """The accounts that have at least one value, by PSP, test mode first.

    `values` are those of the settings, by their fields. Each account is the default of its PSP and mode unless one in the
    file says that it is.
    """
    defaults = {(one.psp, one.livemode) for one in in_file if one.is_default}
    found = [
        _account(psp, values, livemode=livemode, is_default=(psp, livemode) not in defaults)
        for psp in FORMS
        for livemode in (False, True)
    ]
    return tuple(account for account in found if account.sources)


def _account(
    psp: PspName, values: Mapping[str, object], *, livemode: bool, is_default: bool
) -> DeclaredAccount:
    def value_of(field: str) -> object:
        return values.get(setting_of(psp, field, livemode=livemode).removeprefix(PREFIX).lower())

    sources = {
        field.name: tuple(
            GivenValue(setting_of(psp, field.name, livemode=livemode), one)
            for one in _secrets(value_of(field.name))
        )
        for field in FORMS[psp].fields
    }
    mode = "live" if livemode else "test"
    base_url = value_of("base_url") or values.get(f"{psp}_base_url")
    return DeclaredAccount(
        psp=psp,
        name=PspAccount(mode),
        livemode=livemode,
        is_default=is_default,
        origin=setting_of(psp, "...", livemode=livemode),
        sources={name: given for name, given in sources.items() if given},
        base_url=cast("str | None", base_url),
        ca_file=cast("Path | None", value_of("ca_file")),
    )


def _secrets(value: object) -> tuple[Secret, ...]:
    """What a setting holds, which may be nothing, one value or several."""
    match value:
        case None:
            return ()
        case tuple():
            return value
        case Secret():
            return (value,)
        case _:
            return (Secret(str(value)),)
