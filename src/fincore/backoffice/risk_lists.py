"""The lists of risk as staff keep them: values added, removed, looked for, taken from a file, and those of a charge that was a fraud."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from fincore.backoffice.charge_history import ChargeNotFound
from fincore.domain.charge_fold import fold
from fincore.domain.errors import FinCoreError, UsageError
from fincore.domain.events import ChargeCreated, ChargeEvent
from fincore.domain.ids import ChargeId, MerchantId, stream_of
from fincore.domain.payment_method import CardInstrument
from fincore.eventstore.log import EventLog
from fincore.write.risk.features import address_key
from fincore.write.risk.list_entries import ListEntry, NewEntry
from fincore.write.risk.list_file import LineFlaw, entries_of, entry_text, header_text
from fincore.write.risk.list_values import LIST_KINDS, entry_value, list_name_flaw
from fincore.write.risk.lists import PAGE_ENTRIES, RiskLists
from fincore.write.risk.store import ListKind, ListName

_CHANGED: Final = "nothing was imported: the file changed meanwhile; repeat this command"
IMPORTED_PER_STEP: Final = 5_000
"""Entries written in one transaction: a longer one would hold back every reader of the log."""

BLOCK_LISTS: Final[tuple[tuple[ListName, ListKind], ...]] = (
    (ListName("blocked_customers"), "customer"),
    (ListName("blocked_emails"), "email"),
    (ListName("blocked_cards"), "card_fingerprint"),
    (ListName("blocked_ips"), "ip"),
    (ListName("blocked_devices"), "device"),
)
"""The lists that `block_charge` adds to, each made when it is first needed."""
_WORDS_OF_A_MERCHANT: Final[frozenset[ListKind]] = frozenset({"customer", "device"})
"""Kinds of ids that each merchant gives by itself: another merchant's equal one is another customer or device."""


class NoSuchList(FinCoreError):
    """There is no list of that name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no list {name[:60]!r}: `fincore risk lists show` lists those there are")


class ImportRefused(FinCoreError):
    """A file was not imported; nothing of it counts."""


class ChargeOfTestMode(FinCoreError):
    """A charge of test mode was to be blocked: its values would count for live charges, too."""

    def __init__(self, charge_id: ChargeId) -> None:
        super().__init__(
            f"{charge_id} is a charge of test mode, and entries of lists count for live charges, too: "
            "add what is to be blocked with `fincore risk lists add`"
        )


class Blocked(NamedTuple):
    """What a charge tells of one kind of value: None where it is not known. `was_listed`: it stood on the list before.

    `merchant_id`: the merchant that the entry is for; None for one that is for all of them.
    """

    list: ListName
    kind: ListKind
    value: str | None
    merchant_id: MerchantId | None
    was_listed: bool


class Imported(NamedTuple):
    """How many entries a file has, and how many of them were not listed before for as long."""

    entries: int
    added: int


async def create_list(lists: RiskLists, name: str, kind: ListKind, *, by: str, reason: str) -> None:
    """Create an empty list. Raise `UsageError` for a name that none can have, or that one has."""
    flaw = list_name_flaw(name)
    if flaw is not None:
        raise UsageError(flaw)
    if not await lists.create(ListName(name), kind, by=by, reason=reason):
        raise UsageError(f"there is a list {name}: `fincore risk lists show` lists those there are")


async def add_value(
    lists: RiskLists,
    name: str,
    text: str,
    *,
    merchant_id: MerchantId | None,
    expires_at: datetime | None,
    now: datetime,
    by: str,
    reason: str,
) -> str:
    """Add a value to a list; return it as it is written there. Raise `NoSuchList`, and `UsageError` for what it cannot hold."""
    kind = await kind_of(lists, name)
    value = _value(kind, text)
    if expires_at is not None and expires_at <= now:
        raise UsageError("the expiry is in the past: to end an entry, use `fincore risk lists remove`")
    await lists.add(ListName(name), kind, NewEntry(value, reason, merchant_id, expires_at), by=by)
    return value


async def remove_value(
    lists: RiskLists, name: str, text: str, *, merchant_id: MerchantId | None, by: str, reason: str
) -> str | None:
    """Remove a value from a list; None where the list did not have it. Raise `NoSuchList` and `UsageError`."""
    value = _value(await kind_of(lists, name), text)
    removed = await lists.remove(ListName(name), value, merchant_id=merchant_id, by=by, reason=reason)
    return value if removed else None


async def kind_of(lists: RiskLists, name: str) -> ListKind:
    """What a list holds. Raise `NoSuchList`."""
    kind = (await lists.kinds()).get(ListName(name))
    if kind is None:
        raise NoSuchList(name)
    return kind


async def find_value(lists: RiskLists, text: str, *, limit: int) -> list[ListEntry]:
    """The entries that match a value, of whichever kind it can be."""
    found = [(kind, entry_value(kind, text)) for kind in LIST_KINDS]
    return await lists.find([(kind, value) for kind, value in found if isinstance(value, str)], limit=limit)


async def import_file(
    lists: RiskLists,
    name: str,
    file: Path,
    *,
    now: datetime,
    by: str,
    reason: str,
    progress: Callable[[str, int], None] | None = None,
) -> Imported:
    """Add the entries of a CSV file, all or none; one that is listed for as long stays. Raise `NoSuchList` and `ImportRefused`.

    The file is checked as a whole before the first entry is written, and entries count from the moment the last one is.
    `progress` is told now and then how many entries were `checked` or `written`. Memory holds three steps of entries at most.
    """
    kind = await kind_of(lists, name)
    tell = progress or _tell_nothing
    try:
        checked = _sha256(file)
        entries = 0
        for step in _steps(_entries(file, kind, reason, now)):
            entries += len(step)
            tell("checked", entries)
    except LineFlaw as flaw:
        raise ImportRefused(f"nothing was imported: {flaw}") from None
    number = await lists.begin_import(ListName(name), file_sha256=checked, by=by, reason=reason)
    added = written = 0
    steps = _steps(_entries(file, kind, reason, now))
    try:
        step = next(steps, [])
        while step:
            # PostgreSQL writes one step while the next is read.
            new, following = await asyncio.gather(
                lists.import_entries(ListName(name), kind, number, step, by=by),
                asyncio.to_thread(next, steps, []),
            )
            added += new
            written += len(step)
            tell("written", written)
            step = following
    except LineFlaw:
        raise ImportRefused(_CHANGED) from None
    if _sha256(file) != checked:
        raise ImportRefused(_CHANGED)
    if not await lists.complete_import(number):
        raise ImportRefused("nothing was imported: it took longer than a day; repeat this command")
    return Imported(entries, added)


def _tell_nothing(_: str, __: int) -> None:
    pass


async def export_lines(lists: RiskLists, name: str) -> AsyncIterator[str]:
    """A list as lines of CSV. Raise `NoSuchList`."""
    await kind_of(lists, name)
    yield header_text()
    after = 0
    while page := await lists.page(ListName(name), after=after, limit=PAGE_ENTRIES):
        for entry in page:
            yield entry_text(entry)
        after = page[-1].entry_id


async def block_charge(
    lists: RiskLists, log: EventLog[ChargeEvent], charge_id: ChargeId, *, by: str, reason: str
) -> list[Blocked]:
    """Put what is known of a charge's customer, card and device on the block lists. Raise `ChargeNotFound` and `ChargeOfTestMode`.

    Ids of customers and devices are listed for the charge's merchant alone, and an address of version 6 by its network of 64 bits.
    """
    recorded = await log.load(stream_of(charge_id))
    if not recorded:
        raise ChargeNotFound(charge_id)
    created = recorded[0].event
    charge = fold(one.event for one in recorded)
    if charge is None or not isinstance(created, ChargeCreated):
        raise ChargeNotFound(charge_id)
    if not created.livemode:
        raise ChargeOfTestMode(charge_id)
    customer = created.customer
    known: dict[ListKind, str | None] = {
        "customer": customer.id if customer else None,
        "email": (customer.email if customer else None) or created.customer_email,
        "ip": address_key(customer.ip) if customer and customer.ip else None,
        "device": customer.device_id if customer else None,
    }
    if isinstance(charge.instrument, CardInstrument):
        known["card_fingerprint"] = charge.instrument.fingerprint
    blocked: list[Blocked] = []
    for name, kind in BLOCK_LISTS:
        text = known.get(kind)
        value = None if text is None else entry_value(kind, text)
        merchant_id = created.merchant_id if kind in _WORDS_OF_A_MERCHANT else None
        if not isinstance(value, str):
            blocked.append(Blocked(name, kind, None, merchant_id, was_listed=False))
            continue
        await lists.create(name, kind, by=by, reason="values of charges that were blocked")
        was_listed = await lists.holds(name, value, merchant_id=merchant_id)
        if not was_listed:
            entry = NewEntry(value, f"{charge_id}: {reason}"[:500], merchant_id)
            await lists.add(name, kind, entry, by=by)
        blocked.append(Blocked(name, kind, value, merchant_id, was_listed))
    return blocked


def _value(kind: ListKind, text: str) -> str:
    value = entry_value(kind, text)
    if isinstance(value, ValueError):
        raise UsageError(str(value))
    return value


def _entries(file: Path, kind: ListKind, reason: str, now: datetime) -> Iterator[NewEntry]:
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            yield from entries_of(lines, kind, reason=reason, now=now)
    except OSError as error:
        raise ImportRefused(f"the file cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise ImportRefused("nothing was imported: the file is not UTF-8 text") from None


def _sha256(file: Path) -> bytes:
    try:
        with file.open("rb") as content:
            return hashlib.file_digest(content, "sha256").digest()
    except OSError as error:
        raise ImportRefused(f"the file cannot be read ({error.strerror})") from None


def _steps(entries: Iterable[NewEntry]) -> Iterator[list[NewEntry]]:
    waiting = iter(entries)
    while step := list(islice(waiting, IMPORTED_PER_STEP)):
        yield step
