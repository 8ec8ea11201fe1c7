"""The file that declares sources of settlement files: TOML, one `[[source]]` each, with references in place of secrets."""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final, cast

from fincore.bootstrap.declared_table import DeclaredTable, document_in
from fincore.bootstrap.psp_accounts.account_form import FORMS
from fincore.bootstrap.psp_accounts.secret_reference import ALLOWED, SecretReference, parse_reference
from fincore.bootstrap.setting_values import Form
from fincore.bootstrap.settlement_sources.declared_source import (
    DeclaredSource,
    FolderPlace,
    Place,
    SftpPlace,
    StripeReportsPlace,
)
from fincore.domain.outcome import PspAccount, PspName
from fincore.reconciliation.parsed_file import FileFormat
from fincore.reconciliation.source import FORMATS, PSP_OF_FORMAT, REPORT_NAMES, SettlementSource
from fincore.write.psp.stripe.account import STRIPE

SOURCES_MAX: Final = 100
HOST_KEYS_MAX: Final = 5
"""Keys that a server may show, such as two while it changes its own."""
LATE_AFTER_HOURS_MAX: Final = 8_760
TEXT_CHARACTERS_MAX: Final = 500
NAMES_CHARACTERS_MAX: Final = 180
PORT_MAX: Final = 65_535
YEAR_MIN: Final = 2010

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,31}")
_FINGERPRINT: Final = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")
_COMMON: Final = ("name", "psp", "account", "mode", "kind", "cron", "late_after_hours")
_OF_FILES: Final = ("names", "format", "account_id")
_STRIPE_REPORTS: Final = "stripe_reports"
_OF_KIND: Final[Mapping[str, tuple[str, ...]]] = {
    "sftp": (*_OF_FILES, "host", "port", "user", "directory", "host_keys", "password", "private_key"),
    "folder": (*_OF_FILES, "folder"),
    _STRIPE_REPORTS: ("since",),
}


def sources_in(setting: str, text: str) -> tuple[DeclaredSource, ...]:
    """The sources in the file that a setting names, in its order; none for an empty text.

    Raises `ConfigurationError`, one sentence that names the source.
    """
    if not text:
        return ()
    path = Path(text).expanduser().resolve()
    origin = f"{setting} ({path})"
    document = DeclaredTable(origin, document_in(origin, path))
    document.refuse_unknown(("source",))
    tables = document.values.get("source", [])
    if not isinstance(tables, list) or not all(isinstance(one, dict) for one in tables):
        raise document.wrong("begin each source with a line [[source]]")
    if not 1 <= len(tables) <= SOURCES_MAX:
        raise document.wrong(f"there must be 1 to {SOURCES_MAX} sources, each after a line [[source]]")
    found = tuple(_source(origin, number, one) for number, one in enumerate(tables, start=1))
    names = [one.source.name for one in found]
    for name in names:
        if names.count(name) > 1:
            raise document.wrong(
                f"source {name} is declared {names.count(name)} times: give each a name of its own"
            )
    return found


def _source(origin: str, number: int, values: Mapping[str, Any]) -> DeclaredSource:
    table = DeclaredTable(f"{origin}: source {number}", values)
    name = _matching(
        table,
        "name",
        _NAME,
        "must have 1 to 32 characters, a small letter first, then small letters, digits and underscores",
    )
    table.about = f"{origin}: source {name}"
    kind = table.one_of("kind", _OF_KIND)
    table.refuse_unknown((*_COMMON, *_OF_KIND[kind]))
    psp = PspName(table.one_of("psp", FORMS))
    is_asked = kind == _STRIPE_REPORTS
    if is_asked and psp != STRIPE:
        raise table.wrong(f"kind {_STRIPE_REPORTS} is for accounts at Stripe: set psp to {STRIPE}")
    source = SettlementSource(
        name=name,
        psp=psp,
        psp_account=PspAccount(
            _matching(table, "account", _NAME, "must be the name of an account at the PSP")
        ),
        livemode=table.one_of("mode", ("test", "live")) == "live",
        account_id=_text(table, "account_id") if "account_id" in values else None,
        names=REPORT_NAMES if is_asked else _names(table),
        format="stripe_payout_itemized" if is_asked else cast("FileFormat", table.one_of("format", FORMATS)),
        cron=_cron(table),
        late_after=_late_after(table),
    )
    if PSP_OF_FORMAT[source.format] != psp:
        raise table.wrong(
            f"format {source.format} is what {PSP_OF_FORMAT[source.format]} writes: set psp to it, or choose a format of {psp}'s"
        )
    return DeclaredSource(source=source, place=_place(kind, table), origin=origin)


def _place(kind: str, table: DeclaredTable) -> Place:
    match kind:
        case "sftp":
            return _sftp(table)
        case "folder":
            return FolderPlace(folder=_absolute(table, "folder"))
        case _:
            return StripeReportsPlace(since=_since(table))


def _since(table: DeclaredTable) -> date | None:
    since = table.values.get("since")
    if since is None:
        return None
    if not isinstance(since, date) or isinstance(since, datetime) or since.year < YEAR_MIN:
        raise table.wrong("since must be a day from 2010 on, without quotation marks, such as 2026-11-01")
    return since


def _text(table: DeclaredTable, name: str) -> str:
    text = table.text(name)
    if len(text) > TEXT_CHARACTERS_MAX or not text.isprintable():
        raise table.wrong(f"{name} must be a text of at most {TEXT_CHARACTERS_MAX} characters on one line")
    return text


def _matching(table: DeclaredTable, name: str, pattern: re.Pattern[str], wanted: str) -> str:
    text = table.text(name)
    if not pattern.fullmatch(text):
        raise table.wrong(f"{name} {wanted}")
    return text


def _names(table: DeclaredTable) -> str:
    names = _text(table, "names")
    if "/" in names or len(names) > NAMES_CHARACTERS_MAX:
        raise table.wrong("names must be a pattern of file names, such as STL-*.CSV, without a folder")
    return names


def _cron(table: DeclaredTable) -> str:
    from fincore.reconciliation.fetching.schedule import is_cron

    text = " ".join(_text(table, "cron").split())
    if not is_cron(text):
        raise table.wrong(
            'cron must be five fields (minute, hour, day, month, weekday) in UTC that some time meets, such as "*/30 * * * *"'
        )
    return text


def _late_after(table: DeclaredTable) -> timedelta | None:
    hours = table.values.get("late_after_hours")
    if hours is None:
        return None
    if isinstance(hours, bool) or not isinstance(hours, int | float) or not 0 < hours <= LATE_AFTER_HOURS_MAX:
        raise table.wrong(
            f"late_after_hours must be a number of hours, above 0 and at most {LATE_AFTER_HOURS_MAX:,}"
        )
    return timedelta(hours=hours)


def _sftp(table: DeclaredTable) -> SftpPlace:
    password, private_key = _secret(table, "password"), _secret(table, "private_key")
    if (password is None) == (private_key is None):
        raise table.wrong("it must have a password or a private_key, and not both")
    return SftpPlace(
        host=_text(table, "host"),
        port=_port(table),
        user=_text(table, "user"),
        directory=str(_absolute(table, "directory")),
        host_keys=_host_keys(table),
        password=password,
        private_key=private_key,
    )


def _port(table: DeclaredTable) -> int:
    port = table.values.get("port", 22)
    if isinstance(port, bool) or not isinstance(port, int) or not 1 <= port <= PORT_MAX:
        raise table.wrong(f"port must be a number from 1 to {PORT_MAX:,}")
    return port


def _absolute(table: DeclaredTable, name: str) -> Path:
    path = Path(_text(table, name))
    if not path.is_absolute():
        raise table.wrong(f"{name} must be a path from the root")
    return path


def _secret(table: DeclaredTable, name: str) -> SecretReference | None:
    if name not in table.values:
        return None
    reference = parse_reference(table.text(name))
    if reference is None:
        # The text may be the secret: it is not repeated.
        raise table.wrong(f"{name} must be a reference to the secret, never the secret itself: {ALLOWED}")
    return reference


def _host_keys(table: DeclaredTable) -> frozenset[str]:
    given = table.values.get("host_keys")
    if (
        not isinstance(given, list)
        or not 1 <= len(given) <= HOST_KEYS_MAX
        or not all(isinstance(one, str) for one in given)
    ):
        raise table.wrong(
            f"host_keys must be a list of 1 to {HOST_KEYS_MAX} texts: without it, no server can be recognised"
        )
    found = [_fingerprint(one) for one in given]
    if None in found:
        raise table.wrong(
            "host_keys must be fingerprints (SHA256:...) or public keys (ssh-ed25519 AAAA...), as the PSP names them"
        )
    return frozenset(filter(None, found))


def _fingerprint(text: str) -> str | None:
    """The fingerprint of a host key, given as such or as the public key in the form of OpenSSH."""
    if _FINGERPRINT.fullmatch(text):
        return text
    try:
        algorithm, encoded, *_ = text.split()
        key = base64.b64decode(encoded, validate=True)
    except (ValueError, binascii.Error):
        return None
    # A public key begins with the length and the name of its algorithm.
    if key[4 : 4 + len(algorithm)] != algorithm.encode():
        return None
    return f"SHA256:{base64.b64encode(hashlib.sha256(key).digest()).decode().rstrip('=')}"


SOURCES_FILE: Final = Form("the path of a TOML file", sources_in)
