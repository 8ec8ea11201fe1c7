"""A million charges: what PostgreSQL does for each search and list of staff, by its own measure, and the memory of an export."""

import json
import urllib.request
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from fincore.domain.currency import Currency
from fincore.domain.ids import MerchantId
from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool, create_pool
from fincore.read.paymentdb.search_terms import beginning_with
from fincore.read.paymentdb.staff_charge_queries import TERMS_MAX, StaffChargeQueries
from fincore.read.paymentdb.staff_charge_walk import StaffChargeFilters, Walk, Wanted
from fincore.read.paymentdb.staff_lists import LOOKED_AT_MAX, Place, Scope, scope_arguments
from fincore.read.paymentdb.staff_objects import statement_of
from fixtures.databases import prepared_database, with_database
from fixtures.many_charges import MERCHANTS, make_many_charges
from fixtures.oidc_issuer import oidc_issuer
from fixtures.plans import Node, nodes_of
from fixtures.staff_role import running_staff_role

_SQL = load_sql("fincore.read.paymentdb", "staff_charge_queries.sql")

_ATTENTION = load_sql("fincore.read.paymentdb", "attention_queries.sql")
_UNKNOWN = load_sql("fincore.read.paymentdb", "unknown_queries.sql")
_OBJECTS = load_sql("fincore.read.paymentdb", "staff_objects.sql")

pytestmark = [pytest.mark.long, pytest.mark.timeout(1_800)]

CHARGES: Final = 1_000_000
SINCE: Final = datetime(2026, 1, 1, tzinfo=UTC)
MILLISECONDS_MAX: Final = 100.0
"""What a list may take in the database (DESIGN, section 11). Each is measured three times, and the quickest counts."""
PAGE: Final = 51
GROWTH_KIB_MAX: Final = 16 * 1024
"""How much more memory the role may hold after the first tenth of an export."""

ALL: Final = Scope(livemode=True)
ONE: Final = Scope(livemode=True, merchants=(MerchantId(MERCHANTS[7]),))
SOME: Final = Scope(livemode=True, merchants=tuple(map(MerchantId, MERCHANTS[:20])))
TEST: Final = Scope(livemode=False)
HALF: Final = Place(SINCE + timedelta(seconds=3 * CHARGES // 2), "ch_" + "0" * 26)

FILTERS: Final[dict[str, dict[str, Any]]] = {
    "none": {},
    "status": {"statuses": ("failed",)},
    "rare status": {"statuses": ("requires_action",)},
    "two statuses": {"statuses": ("requires_action", "processing")},
    "no such status": {"statuses": ("expired", "canceled")},
    "amount": {"amount_from_minor": 1999, "amount_to_minor": 1999},
    "amounts": {"amount_from_minor": 49_000, "amount_to_minor": 49_100},
    "no such amount": {"amount_from_minor": 10_000_000},
    "currency": {"currencies": (Currency("eur"),)},
    "rare currency": {"currencies": (Currency("jpy"),)},
    "no such currency": {"currencies": (Currency("kwd"),)},
    "created": {"created_from": SINCE + timedelta(days=3), "created_before": SINCE + timedelta(days=4)},
    "account": {"psp": "paypal", "psp_account": "test"},
    "no such account": {"psp": "paypal", "psp_account": "none"},
    "brand": {"brand": "amex"},
    "last4": {"last4": "0031"},
    "last4 and brand": {"last4": "0031", "brand": "amex"},
    "email": {"email": Wanted("customer17@example.com")},
    "beginning of email": {"email": Wanted("customer17", is_prefix=True)},
    "beginning of every email": {"email": Wanted("c", is_prefix=True)},
    "metadata": {"metadata": {"order": "A-777777"}},
    "metadata that a third has": {"metadata": {"channel": "web"}},
    "beginning of metadata": {"metadata_value": Wanted("a-7777", is_prefix=True)},
    "reference": {"reference": Wanted("pi_0000")},
    "beginning of reference": {"reference": Wanted("pi_0", is_prefix=True)},
    "disputed": {"disputed": True},
    "not disputed": {"disputed": False},
    "unknown": {"unknown": True},
    "review": {"review": "open"},
    "failed amex in yen": {"statuses": ("failed",), "brand": "amex", "currencies": (Currency("jpy"),)},
    "last4 of failed": {"last4": "0031", "statuses": ("failed",)},
    "amount of failed": {"amount_from_minor": 1999, "amount_to_minor": 1999, "statuses": ("failed",)},
}


@pytest.fixture(scope="module")
def volume_dsn(postgres_dsn: str, template_database: str) -> Iterator[str]:
    """A database with a million charges; it takes minutes to make, and is only read."""

    async def filled(dsn: str) -> None:
        await make_many_charges(dsn, charges=CHARGES, since=SINCE)

    with prepared_database(postgres_dsn, filled, template=template_database) as (name, _):
        yield with_database(postgres_dsn, name)


@pytest.fixture
async def volume(volume_dsn: str) -> AsyncIterator[Pool]:
    settings = {"search_path": "paymentdb", "default_transaction_read_only": "on"}
    pool = await create_pool(
        volume_dsn, application_name="tests-volume", role="fincore_service", extra_settings=settings
    )
    try:
        yield pool
    finally:
        pool.terminate()


async def measured(pool: Pool, statement: str, arguments: list[object]) -> tuple[list[Node], float]:
    """The plan of a statement, and the milliseconds that PostgreSQL says it took, planning included: the least of three."""
    found: list[tuple[float, list[Node]]] = []
    for _ in range(3):
        (explained,) = json.loads(
            await pool.fetchval(f"explain (analyze, format json) {statement}", *arguments)
        )
        found.append((explained["Execution Time"] + explained["Planning Time"], nodes_of(explained["Plan"])))
    milliseconds, plan = min(found, key=lambda one: one[0])
    return plan, milliseconds


def walk_of(scope: Scope, filters: StaffChargeFilters, after: Place | None = None) -> Walk:
    """The walk with as many terms as a beginning may stand for."""
    leading = filters.leading_term
    if filters.lead not in ("reference", "email", "metadata") or leading is None:
        return Walk(scope, filters, None, after)
    _, wanted = leading
    if not wanted.is_prefix:
        return Walk(scope, filters, (wanted.text.lower(),), after)
    terms = tuple(f"customer{17_000 + n}@example.com" for n in range(TERMS_MAX))
    return Walk(scope, filters, terms, after)


@pytest.mark.parametrize("name", FILTERS)
async def test_every_list_takes_at_most_100_ms(volume: Pool, name: str) -> None:
    filters = StaffChargeFilters(**FILTERS[name])
    slow: list[str] = []
    for seen, scope in (("all", ALL), ("one", ONE), ("some", SOME), ("test", TEST)):
        for after in (None, HALF):
            walk = walk_of(scope, filters, after)
            statements = {"page": walk.page(PAGE), "end": walk.end_of_look(walk.looked_at(PAGE))}
            if after is None:
                statements["totals"] = walk.totals()
            for what, (statement, arguments) in statements.items():
                plan, milliseconds = await measured(volume, statement, arguments)
                assert not [node for node in plan if node["Node Type"] == "Seq Scan"], (seen, what)
                if milliseconds > MILLISECONDS_MAX:
                    slow.append(f"{seen}, {what}, {after}: {milliseconds:.0f} ms")
    assert slow == []


OBJECTS: Final[dict[str, tuple[str, tuple[str, ...], bool]]] = {
    "refunds": (_OBJECTS.list_refunds, (), True),
    "refunds in processing": (_OBJECTS.list_refunds, ("processing",), True),
    "refunds in several states": (_OBJECTS.list_refunds, ("processing", "failed", "pending"), True),
    "disputes": (_OBJECTS.list_disputes, (), True),
    "lost disputes": (_OBJECTS.list_disputes, ("lost",), True),
    "disputes by deadline": (_OBJECTS.list_disputes_by_deadline, ("needs_response",), False),
    "checkout sessions": (_OBJECTS.list_sessions, (), True),
    "open checkout sessions": (_OBJECTS.list_sessions, ("open",), True),
}


@pytest.mark.parametrize("name", OBJECTS)
async def test_every_list_of_objects_takes_at_most_100_ms(volume: Pool, name: str) -> None:
    template, statuses, by_merchant = OBJECTS[name]
    for seen, scope in (("all", ALL), ("one", ONE), ("some", SOME), ("test", TEST)):
        statement, arguments = statement_of(template, scope, statuses, PAGE, (), by_merchant=by_merchant)
        plan, milliseconds = await measured(volume, statement, arguments)
        assert not [node for node in plan if node["Node Type"] == "Seq Scan"], seen
        assert milliseconds <= MILLISECONDS_MAX, seen


@pytest.mark.parametrize("name", ["unknown", "reviews", "disputes", "held_reports"])
async def test_what_needs_a_person_is_counted_at_once(volume: Pool, name: str) -> None:
    attempts: list[object] = [[]] if name == "unknown" else []
    for merchants in (None, list(MERCHANTS[7:8])):
        arguments: list[object] = [1, merchants, 100, *attempts]
        plan, milliseconds = await measured(volume, getattr(_ATTENTION, name), arguments)
        assert not [node for node in plan if node["Node Type"] == "Seq Scan"]
        assert milliseconds <= MILLISECONDS_MAX


@pytest.mark.parametrize("after", [None, HALF], ids=["first", "later"])
async def test_unknown_outcomes_are_listed_at_once(volume: Pool, after: Place | None) -> None:
    """The whole list is sorted for each page: what bounds it is that few outcomes are unknown."""
    attempts = [f"ch_{'0' * 26} {number}" for number in range(100)]
    place = (None, None, None) if after is None else (after.at, after.row_id, "")
    for seen, scope in (("every", None), ("all", ALL), ("one", ONE), ("some", SOME), ("test", TEST)):
        arguments: list[object] = [PAGE, attempts, *scope_arguments(scope), *place]
        plan, milliseconds = await measured(volume, _UNKNOWN.unknown_outcomes, arguments)
        assert not [node for node in plan if node["Node Type"] == "Seq Scan"], seen
        assert milliseconds <= MILLISECONDS_MAX, seen


@pytest.mark.parametrize("kind", ["email", "metadata", "reference"])
@pytest.mark.parametrize("text", ["c", "a-77", "pi_0", "nothing begins so"])
async def test_terms_that_begin_so_are_found_at_once(volume: Pool, kind: str, text: str) -> None:
    first, end = beginning_with(text)
    plan, milliseconds = await measured(volume, _SQL.terms_beginning, [True, kind, first, end, TERMS_MAX + 1])
    assert not [node for node in plan if node["Node Type"] == "Seq Scan"]
    assert milliseconds <= MILLISECONDS_MAX


async def test_lists_of_a_million_find_what_there_is(volume: Pool) -> None:
    queries = StaffChargeQueries(volume)
    for filters, found in (
        (StaffChargeFilters(metadata={"order": "A-777777"}), 1),
        (StaffChargeFilters(email=Wanted("CUSTOMER17@example.com")), 17),
        (StaffChargeFilters(last4="0031", statuses=("failed",)), 0),
    ):
        page = await queries.list_charges(ALL, filters, limit=100)
        assert (len(page.charges), page.next_place) == (found, None)
    totals = await queries.total(ALL, StaffChargeFilters())
    assert not totals.is_exact
    assert sum(total.charges for total in totals.totals) == LOOKED_AT_MAX


def test_export_of_a_million_charges_takes_flat_memory(volume_dsn: str, tmp_path: Path) -> None:
    """The role holds no more at the end than after a tenth of the rows, and each file is whole."""
    with oidc_issuer() as issuer:
        issuer.subject, issuer.groups = "sub-ada", ("bookkeepers",)
        with running_staff_role(volume_dsn, tmp_path, issuer.settings("bookkeepers=finance")) as staff:
            assert staff.process is not None
            resident = Resident(staff.process.pid)
            rows = sum(
                exported_rows(staff.url, issuer.access_token(), mode, resident) for mode in ("live", "test")
            )
    assert rows == CHARGES
    early, late = resident.highest_kib
    assert late <= early + GROWTH_KIB_MAX, f"{early} KiB in the first tenth, {late} KiB after it"


class Resident:
    """The highest resident memory of a process: in the first tenth of the rows, and after it."""

    def __init__(self, pid: int) -> None:
        self._status = Path(f"/proc/{pid}/status")
        self.highest_kib = [0, 0]

    def look(self, *, is_late: bool) -> None:
        (line,) = (one for one in self._status.read_text().splitlines() if one.startswith("VmRSS:"))
        self.highest_kib[is_late] = max(self.highest_kib[is_late], int(line.split()[1]))


def exported_rows(url: str, token: str, mode: str, resident: Resident) -> int:
    """How many charges the export of a mode has."""
    request = urllib.request.Request(  # noqa: S310 -- our own server
        f"{url}/staff/v1/exports/charges",
        data=json.dumps({"reason": "month end", "filter": {"mode": mode}}).encode(),
        headers={
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
            "Idempotency-Key": f"export-{mode}",
        },
    )
    rows = 0
    line = b""
    with urllib.request.urlopen(request, timeout=120) as answer:  # noqa: S310 -- our own server
        for line in answer:
            rows += line.startswith(b"ch_")
            if rows % 10_000 == 0:
                resident.look(is_late=mode == "test" or rows > CHARGES // 10)
    name, *_, counted = line.decode().strip().split(",")
    assert (name, int(counted)) == ("end", rows)
    return rows
