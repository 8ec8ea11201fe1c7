"""Lists of risk in PostgreSQL: what matches, what is kept of changes, files, and the block lists of a charge."""

import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypedDict

import asyncpg
import pytest

from fincore.backoffice import risk_lists
from fincore.backoffice.risk_lists import ChargeOfTestMode, Imported, ImportRefused, NoSuchList
from fincore.bootstrap.operator_stores import OperatorStores
from fincore.domain.errors import UsageError
from fincore.domain.ids import MerchantId, new_charge_id, new_merchant_id, stream_of
from fincore.domain.payment_method import CardInstrument
from fincore.domain.risk import CustomerContext
from fincore.postgres.pool import Pool
from fincore.write.risk.list_entries import NewEntry
from fincore.write.risk.lists import RiskLists
from fincore.write.risk.postgres_store import PostgresRiskStore
from fincore.write.risk.store import ListKind, ListName, Membership
from fixtures.commits import append, captured, created
from fixtures.risk import NOON
from fixtures.risk_stores import Attempts


class Changed(TypedDict):
    """Who changes a list, and why."""

    by: str
    reason: str


CHANGED: Changed = {"by": "ada", "reason": "a fraud"}
IPS, EMAILS, BINS = ListName("ips"), ListName("emails"), ListName("bins")

IMPORT_BYTES_MAX = 12 * 1024 * 1024
"""Half of what 20 steps of entries take."""


@pytest.fixture
async def lists(pool: Pool) -> RiskLists:
    lists = RiskLists(pool)
    kinds: tuple[tuple[ListName, ListKind], ...] = ((IPS, "ip"), (EMAILS, "email"), (BINS, "bin"))
    for name, kind in kinds:
        await risk_lists.create_list(lists, name, kind, **CHANGED)
    return lists


async def add(lists: RiskLists, name: str, *values: str, merchant_id: MerchantId | None = None) -> None:
    for value in values:
        await risk_lists.add_value(
            lists, name, value, merchant_id=merchant_id, expires_at=None, now=NOON, by="ada", reason="a fraud"
        )


async def matching(pool: Pool, *asked: Membership, merchant_id: MerchantId | None = None) -> set[Membership]:
    observation = Attempts().next(merchant_id=merchant_id)
    return set((await PostgresRiskStore(pool).observe(observation, (), asked)).members)


@pytest.mark.parametrize(
    ("listed", "fact", "matches"),
    [
        ("203.0.113.0/24", "203.0.113.9", True),
        ("203.0.113.9", "203.0.113.9", True),
        ("203.0.113.0/24", "203.0.114.9", False),
        ("203.0.113.0/24", "::ffff:203.0.113.9", True),
        ("2001:db8::/32", "2001:db8:1::9", True),
        ("2001:db8::/32", "203.0.113.9", False),
        ("0.0.0.0/0", "203.0.113.9", True),
        ("203.0.113.0/24", "unknown", False),
    ],
)
async def test_address_is_listed_by_the_networks_that_hold_it(
    pool: Pool, lists: RiskLists, listed: str, fact: str, *, matches: bool
) -> None:
    await add(lists, IPS, listed)
    assert await matching(pool, Membership(IPS, "ip", fact)) == (
        {Membership(IPS, "ip", fact)} if matches else set()
    )


async def test_lists_are_asked_apart_in_one_call(pool: Pool, lists: RiskLists) -> None:
    await add(lists, BINS, "411111")
    await add(lists, EMAILS, "Ada@Example.com")
    asked = [
        Membership(BINS, "bin", "41111122"),
        Membership(BINS, "bin", "42111122"),
        Membership(EMAILS, "email", "ada@example.com"),
        Membership(EMAILS, "email", "bo@example.com"),
        Membership(ListName("absent"), "email", "ada@example.com"),
        Membership(IPS, "ip", "203.0.113.9"),
    ]
    assert await matching(pool, *asked) == {asked[0], asked[2]}


async def test_entry_of_a_merchant_is_for_its_charges_alone(pool: Pool, lists: RiskLists) -> None:
    one, asked = new_merchant_id(), Membership(EMAILS, "email", "ada@example.com")
    await add(lists, EMAILS, "ada@example.com", merchant_id=one)
    assert await matching(pool, asked, merchant_id=one) == {asked}
    assert await matching(pool, asked) == set()
    assert (
        await risk_lists.remove_value(lists, EMAILS, "ada@example.com", merchant_id=None, **CHANGED) is None
    )
    assert await matching(pool, asked, merchant_id=one) == {asked}


async def test_entry_counts_until_it_expires(pool: Pool, lists: RiskLists, operator: OperatorStores) -> None:
    asked, now = Membership(EMAILS, "email", "ada@example.com"), operator.clock.now()
    entry = NewEntry("ada@example.com", "a fraud", None, now + timedelta(hours=1))
    await lists.add(EMAILS, "email", entry, by="ada")
    store = PostgresRiskStore(pool, now=lambda: now)
    assert (await store.observe(Attempts().next(), (), [asked])).members == {asked}
    now += timedelta(hours=2)
    assert (await store.observe(Attempts().next(), (), [asked])).members == set()


async def test_removed_entry_counts_no_more_and_is_still_told(pool: Pool, lists: RiskLists) -> None:
    await add(lists, EMAILS, "ada@example.com", "ada@example.com")
    assert [one.value for one in await lists.page(EMAILS)] == ["ada@example.com"]
    removed = await risk_lists.remove_value(
        lists, EMAILS, "ADA@example.com", merchant_id=None, by="bo", reason="no fraud"
    )
    assert removed == "ada@example.com"
    assert await matching(pool, Membership(EMAILS, "email", "ada@example.com")) == set()
    assert await lists.page(EMAILS) == []
    assert [(one.removed_by, one.removal_reason) for one in await lists.page(EMAILS, is_history=True)] == [
        ("ada", "a further entry took its place"),
        ("bo", "no fraud"),
    ]


@pytest.mark.parametrize(
    "change",
    [
        "update risk.list_entries set value = 'x'",
        "update risk.list_entries set removed_at = null, removed_by = null, removal_reason = null",
        "update risk.list_entries set removed_at = now(), removed_by = 'x', removal_reason = 'x', reason = 'y'",
        "delete from risk.list_entries",
        "truncate risk.list_entries",
    ],
)
async def test_what_was_listed_cannot_be_changed(owner_pool: Pool, lists: RiskLists, change: str) -> None:
    await add(lists, EMAILS, "ada@example.com")
    await risk_lists.remove_value(lists, EMAILS, "ada@example.com", merchant_id=None, **CHANGED)
    with pytest.raises(asyncpg.RestrictViolationError, match="explain decisions"):
        await owner_pool.execute(change)


async def test_unusable_lists_and_values_are_refused(lists: RiskLists) -> None:
    with pytest.raises(NoSuchList):
        await add(lists, "absent", "ada@example.com")
    with pytest.raises(UsageError, match="no e-mail address"):
        await add(lists, EMAILS, "ada")
    with pytest.raises(UsageError, match="there is a list"):
        await risk_lists.create_list(lists, EMAILS, "ip", **CHANGED)


async def test_file_is_imported_as_a_whole_or_not(pool: Pool, lists: RiskLists, tmp_path: Path) -> None:
    file, asked = tmp_path / "list.csv", Membership(EMAILS, "email", "bo@example.com")
    await add(lists, EMAILS, "ada@example.com")
    file.write_text("value\nbo@example.com\nada@example.com\nwrong\n")
    with pytest.raises(ImportRefused, match="nothing was imported: line 4: 'wrong'"):
        await risk_lists.import_file(lists, EMAILS, file, now=NOON, **CHANGED)
    assert await matching(pool, asked) == set()
    file.write_text("value\nbo@example.com\nada@example.com\n")
    assert await risk_lists.import_file(lists, EMAILS, file, now=NOON, **CHANGED) == Imported(2, 1)
    assert await risk_lists.import_file(lists, EMAILS, file, now=NOON, **CHANGED) == Imported(2, 0)
    assert await matching(pool, asked) == {asked}


@pytest.mark.parametrize(
    ("listed", "imported", "lasts"),
    [
        ("2100-01-01", "", [None, "2100-01-01"]),
        ("2100-01-01", "2101-01-01", ["2100-01-01", "2101-01-01"]),
        ("2101-01-01", "2100-01-01", ["2101-01-01"]),
        ("2101-01-01", "2101-01-01", ["2101-01-01"]),
        (None, "2101-01-01", [None]),
        (None, "", [None]),
    ],
)
async def test_imported_entry_counts_for_as_long_as_it_says(
    lists: RiskLists, tmp_path: Path, listed: str | None, imported: str, lasts: list[str | None]
) -> None:
    expires_at = None if listed is None else datetime.fromisoformat(f"{listed}T00:00:00Z")
    await lists.add(EMAILS, "email", NewEntry("ada@example.com", "a fraud", None, expires_at), by="ada")
    file = tmp_path / "list.csv"
    file.write_text(f"value,expires_at\nada@example.com,{imported and f'{imported}T00:00:00Z'}\n")
    await risk_lists.import_file(lists, EMAILS, file, now=NOON, **CHANGED)
    found = [one.expires_at for one in await lists.page(EMAILS)]
    told = [None if one is None else one.astimezone(UTC).date().isoformat() for one in found]
    assert sorted(told, key=str, reverse=True) == sorted(lasts, key=str, reverse=True)


async def test_entry_that_has_expired_is_not_added(lists: RiskLists) -> None:
    await add(lists, EMAILS, "ada@example.com")
    with pytest.raises(UsageError, match="in the past"):
        await risk_lists.add_value(
            lists, EMAILS, "ada@example.com", merchant_id=None, expires_at=NOON, now=NOON, **CHANGED
        )
    assert [one.expires_at for one in await lists.page(EMAILS)] == [None]


async def test_import_that_died_counts_for_nothing(pool: Pool, owner_pool: Pool, lists: RiskLists) -> None:
    number = await lists.begin_import(EMAILS, file_sha256=bytes(32), **CHANGED)
    entry = NewEntry("ada@example.com", "a fraud")
    assert await lists.import_entries(EMAILS, "email", number, [entry], by="ada") == 1
    assert await matching(pool, Membership(EMAILS, "email", "ada@example.com")) == set()
    assert await lists.page(EMAILS, is_history=True) == []
    assert [one.entries for one in await lists.all()] == [0, 0, 0]
    await owner_pool.execute("update risk.list_imports set started_at = now() - interval '25 hours'")
    later = await lists.begin_import(EMAILS, file_sha256=bytes(32), **CHANGED)
    assert await pool.fetchval("select array_agg(import_id) from risk.list_imports") == [later]
    assert await pool.fetchval("select count(*) from risk.list_entries") == 0


@pytest.mark.parametrize(
    ("number", "kind"), [(None, "bin"), (1_000_000, "email"), (0, "bin")], ids=["kind", "import", "other"]
)
async def test_entry_of_no_list_or_import_is_refused(
    pool: Pool, lists: RiskLists, number: int | None, kind: str
) -> None:
    other = await lists.begin_import(BINS, file_sha256=bytes(32), **CHANGED)
    entry = (EMAILS, kind, "ada@example.com", other if number == 0 else number)
    statement = "insert into risk.list_entries (list, kind, value, import_id, added_by, reason) values ($1, $2, $3, $4, 'x', 'x')"
    with pytest.raises(asyncpg.ForeignKeyViolationError, match="an entry is of no"):
        await pool.execute(statement, *entry)


@pytest.mark.parametrize(
    "change",
    ["delete from risk.lists", "update risk.lists set kind = 'bin'", "delete from risk.list_imports"],
)
async def test_list_and_import_stay_with_their_entries(
    owner_pool: Pool, lists: RiskLists, change: str
) -> None:
    number = await lists.begin_import(EMAILS, file_sha256=bytes(32), **CHANGED)
    await lists.import_entries(EMAILS, "email", number, [NewEntry("ada@example.com", "a fraud")], by="ada")
    with pytest.raises(asyncpg.RestrictViolationError):
        await owner_pool.execute(change)


async def test_import_that_was_cleared_away_is_refused(
    owner_pool: Pool, lists: RiskLists, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another import took it for one that had died."""
    file, import_entries = tmp_path / "list.csv", lists.import_entries
    file.write_text("value\nada@example.com\n")

    async def cleared_away(*step: Any, by: str) -> int:
        added = await import_entries(*step, by=by)
        await owner_pool.execute("update risk.list_imports set started_at = now() - interval '25 hours'")
        await lists.begin_import(EMAILS, file_sha256=bytes(32), **CHANGED)
        return added

    monkeypatch.setattr(lists, "import_entries", cleared_away)
    with pytest.raises(ImportRefused, match="nothing was imported"):
        await risk_lists.import_file(lists, EMAILS, file, now=NOON, **CHANGED)


@pytest.mark.long
@pytest.mark.timeout(1_800)
async def test_million_entries_are_imported_and_found(pool: Pool, lists: RiskLists, tmp_path: Path) -> None:
    count, file = 1_000_000, _file_of(tmp_path, 1_000_000)
    told: list[tuple[str, int]] = []
    found = await risk_lists.import_file(
        lists, EMAILS, file, now=NOON, progress=lambda *done: told.append(done), **CHANGED
    )
    assert found == Imported(count, count)
    assert told[-1] == ("written", count)
    last = Membership(EMAILS, "email", f"customer-{count - 1}@example.com")
    absent = Membership(EMAILS, "email", f"customer-{count}@example.com")
    assert await matching(pool, last, absent) == {last}
    assert [one.entries for one in await lists.all() if one.name == EMAILS] == [count]


@pytest.mark.long
async def test_import_holds_no_more_than_some_steps(lists: RiskLists, tmp_path: Path) -> None:
    file = _file_of(tmp_path, 20 * risk_lists.IMPORTED_PER_STEP)
    tracemalloc.start()
    try:
        await risk_lists.import_file(lists, EMAILS, file, now=NOON, **CHANGED)
        assert tracemalloc.get_traced_memory()[1] < IMPORT_BYTES_MAX
    finally:
        tracemalloc.stop()


def _file_of(folder: Path, count: int) -> Path:
    file = folder / "list.csv"
    with file.open("w") as lines:
        lines.write("value\n")
        lines.writelines(f"customer-{number}@example.com\n" for number in range(count))
    return file


async def test_exported_list_is_imported_into_another(lists: RiskLists, tmp_path: Path) -> None:
    values = [f"a{number}@example.com" for number in range(1_203)]
    file = tmp_path / "list.csv"
    file.write_text("value,reason\n" + "".join(f"{value},'=1+1\n" for value in values))
    await risk_lists.import_file(lists, EMAILS, file, now=NOON, **CHANGED)
    lines = [line async for line in risk_lists.export_lines(lists, EMAILS)]
    assert len(lines) == 1 + len(values)
    file.write_text("".join(lines))
    await risk_lists.create_list(lists, "others", "email", **CHANGED)
    assert await risk_lists.import_file(lists, "others", file, now=NOON, **CHANGED) == Imported(1_203, 1_203)
    assert {one.reason for one in await lists.page(ListName("others"))} == {"=1+1"}


async def test_value_is_found_in_every_list_that_holds_it(lists: RiskLists) -> None:
    await add(lists, IPS, "203.0.113.0/24")
    await add(lists, EMAILS, "ada@example.com")

    async def found(text: str) -> list[tuple[str, str]]:
        return [(one.list, one.value) for one in await risk_lists.find_value(lists, text, limit=10)]

    assert await found("203.0.113.9") == [(IPS, "203.0.113.0/24")]
    assert await found("ADA@example.com") == [(EMAILS, "ada@example.com")]
    assert await found("bo@example.com") == []


async def test_charge_is_blocked_by_all_that_is_known_of_it(operator: OperatorStores) -> None:
    lists, charge_id = operator.risk_lists, new_charge_id()
    customer = CustomerContext(id="cus_1", email="ada@example.com", ip="203.0.113.9")
    paid = captured(livemode=True, instrument=CardInstrument(fingerprint="fp_1"))
    live = created(livemode=True, customer=customer)
    await operator.writer.commit(append(stream_of(charge_id), live, paid))

    async def block() -> list[tuple[str, str | None, bool]]:
        blocked = await risk_lists.block_charge(lists, operator.log, charge_id, **CHANGED)
        return [(one.list, one.value, one.was_listed) for one in blocked]

    rows: Callable[[bool], list[tuple[str, str | None, bool]]] = lambda was: [  # noqa: E731 -- one shape, twice
        ("blocked_customers", "cus_1", was),
        ("blocked_emails", "ada@example.com", was),
        ("blocked_cards", "fp_1", was),
        ("blocked_ips", "203.0.113.9/32", was),
        ("blocked_devices", None, False),
    ]
    assert await block() == rows(False)
    assert await block() == rows(True)
    (entry,) = await lists.page(ListName("blocked_emails"))
    assert entry.reason == f"{charge_id}: a fraud"


async def test_ids_of_blocked_customer_are_of_its_merchant_alone(
    pool: Pool, operator: OperatorStores
) -> None:
    lists, one, other = operator.risk_lists, new_merchant_id(), new_merchant_id()
    customer = CustomerContext(id="1", email="ada@example.com", device_id="2")
    asked = {
        Membership(ListName("blocked_customers"), "customer", "1"),
        Membership(ListName("blocked_devices"), "device", "2"),
        Membership(ListName("blocked_emails"), "email", "ada@example.com"),
    }
    for merchant_id in (one, other):
        charge_id = new_charge_id()
        live = created(merchant_id=merchant_id, livemode=True, customer=customer)
        await operator.writer.commit(append(stream_of(charge_id), live))
        blocked = await risk_lists.block_charge(lists, operator.log, charge_id, **CHANGED)
        assert {(found.kind, found.merchant_id, found.was_listed) for found in blocked if found.value} == {
            ("customer", merchant_id, False),
            ("device", merchant_id, False),
            ("email", None, merchant_id == other),
        }
        assert await matching(pool, *asked, merchant_id=merchant_id) == asked
        assert {found.kind for found in await matching(pool, *asked)} == {"email"}


async def test_ipv6_address_is_blocked_by_its_network(pool: Pool, operator: OperatorStores) -> None:
    charge_id, customer = new_charge_id(), CustomerContext(ip="2001:db8:1:2::9")
    await operator.writer.commit(append(stream_of(charge_id), created(livemode=True, customer=customer)))
    await risk_lists.block_charge(operator.risk_lists, operator.log, charge_id, **CHANGED)
    near, far = (
        Membership(ListName("blocked_ips"), "ip", ip) for ip in ("2001:db8:1:2:ffff::1", "2001:db8:1:3::9")
    )
    assert await matching(pool, near, far) == {near}


async def test_charge_of_test_mode_is_not_blocked(operator: OperatorStores) -> None:
    charge_id = new_charge_id()
    await operator.writer.commit(append(stream_of(charge_id), created(customer=CustomerContext(id="cus_1"))))
    with pytest.raises(ChargeOfTestMode, match="fincore risk lists add"):
        await risk_lists.block_charge(operator.risk_lists, operator.log, charge_id, **CHANGED)
    assert await operator.risk_lists.all() == []
