"""The file that declares accounts at PSPs: TOML, one `[[account]]` each, with references in place of secrets."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from fincore.bootstrap.declared_table import DeclaredTable, document_in
from fincore.bootstrap.psp_accounts.account_form import FORMS, AccountField
from fincore.bootstrap.psp_accounts.declared_account import DeclaredAccount, GivenValue, Source
from fincore.bootstrap.psp_accounts.secret_reference import ALLOWED, SCHEMES, parse_reference
from fincore.bootstrap.setting_values import URL, Form
from fincore.domain.outcome import PspAccount, PspName
from fincore.domain.secret import Secret

ACCOUNTS_MAX: Final = 100
LIST_MAX: Final = 5
"""Values of a field that may have several, such as secrets while one is rotated."""

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,31}")
_COMMON: Final = ("psp", "name", "mode", "default", "base_url")
_MODES: Final = ("test", "live")
_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")


def accounts_in(setting: str, text: str) -> tuple[DeclaredAccount, ...]:
    """The accounts in the file that a setting names, in its order; none for an empty text.

    Which one is the default is not decided yet. Raises `ConfigurationError`, one sentence that names the account.
    """
    if not text:
        return ()
    path = Path(text).expanduser().resolve()
    origin = f"{setting} ({path})"
    document = DeclaredTable(origin, document_in(origin, path))
    document.refuse_unknown(("account",))
    tables = document.values.get("account", [])
    if not isinstance(tables, list) or not all(isinstance(one, dict) for one in tables):
        raise document.wrong("begin each account with a line [[account]]")
    if not 1 <= len(tables) <= ACCOUNTS_MAX:
        raise document.wrong(f"there must be 1 to {ACCOUNTS_MAX} accounts, each after a line [[account]]")
    return tuple(_account(origin, number, one) for number, one in enumerate(tables, start=1))


def _account(origin: str, number: int, values: Mapping[str, Any]) -> DeclaredAccount:
    table = DeclaredTable(f"{origin}: account {number}", values)
    psp = PspName(table.one_of("psp", FORMS))
    name = table.text("name")
    if not _NAME.fullmatch(name):
        raise table.wrong(
            "name must have 1 to 32 characters, a small letter first, then small letters, digits and underscores"
        )
    table.about = f"{origin}: account {psp}/{name}"
    form = FORMS[psp]
    ca_file = ("ca_file",) if form.takes_ca_file else ()
    table.refuse_unknown((*_COMMON, *ca_file, *(field.name for field in form.fields)))
    livemode = table.one_of("mode", _MODES) == "live"
    is_default = values.get("default", False)
    if not isinstance(is_default, bool):
        raise table.wrong("default must be true or false, without quotes")
    return DeclaredAccount(
        psp=psp,
        name=PspAccount(name),
        livemode=livemode,
        is_default=is_default,
        origin=origin,
        sources={field.name: _sources(table, field) for field in form.fields if _is_given(table, field)},
        base_url=_base_url(table, livemode=livemode),
        ca_file=_ca_file(table, livemode=livemode),
    )


def _is_given(table: DeclaredTable, field: AccountField) -> bool:
    return field.is_required or field.name in table.values


def _sources(table: DeclaredTable, field: AccountField) -> tuple[Source, ...]:
    given = table.values.get(field.name)
    if not isinstance(given, list):
        return (_source(table, field, table.text(field.name)),)
    if not field.is_list or not 1 <= len(given) <= LIST_MAX or not all(isinstance(one, str) for one in given):
        wanted = f"a list of 1 to {LIST_MAX} texts" if field.is_list else "one text in quotes, not a list"
        raise table.wrong(f"{field.name} must be {wanted}")
    return tuple(_source(table, field, one) for one in given)


def _source(table: DeclaredTable, field: AccountField, text: str) -> Source:
    reference = parse_reference(text)
    if reference is not None:
        return reference
    # The text may be the secret: it is not repeated.
    if field.is_secret:
        raise table.wrong(
            f"{field.name} must be a reference to the secret, never the secret itself: {ALLOWED}"
        )
    if text.partition(":")[0] in SCHEMES:
        raise table.wrong(f"{field.name} must be the value itself or a reference to it: {ALLOWED}")
    return GivenValue("written in the file", Secret(text))


def _base_url(table: DeclaredTable, *, livemode: bool) -> str | None:
    if "base_url" not in table.values:
        return None
    url = str(URL(f"{table.about}: base_url", table.text("base_url")))
    parts = urlsplit(url)
    if parts.username or parts.query or parts.fragment:
        raise table.wrong("base_url must be an address alone, without a login, query or fragment")
    if livemode and parts.scheme != "https" and parts.hostname not in _LOOPBACK:
        raise table.wrong("base_url of a live account must be an https:// URL: the key would cross a network")
    return url


def _ca_file(table: DeclaredTable, *, livemode: bool) -> Path | None:
    if "ca_file" not in table.values:
        return None
    path = Path(table.text("ca_file"))
    if livemode:
        raise table.wrong("ca_file is for a simulator: a live account has none")
    if not path.is_absolute():
        raise table.wrong("ca_file must be a path from the root")
    return path


ACCOUNTS_FILE: Final = Form("the path of a TOML file", accounts_in)
