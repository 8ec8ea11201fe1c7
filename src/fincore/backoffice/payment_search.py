"""One search box: what a text may be is looked up, reading by reading, and the found are grouped by what matched."""

from collections.abc import AsyncIterator
from typing import Final, Literal, NamedTuple

import msgspec

from fincore.backoffice.search_readings import ReadingKind, Readings, readings_of
from fincore.domain.ids import PayoutId, payout_stream_of, public_event_id
from fincore.domain.settlement_events import PAYOUT_EVENTS, PayoutCreated
from fincore.eventstore.log import load_streams
from fincore.postgres.pool import Pool
from fincore.read.paymentdb.charge_view import ChargeView
from fincore.read.paymentdb.object_places import ObjectPlace, ObjectPlaces
from fincore.read.paymentdb.search_terms import TermKind
from fincore.read.paymentdb.staff_charge_queries import StaffChargeQueries
from fincore.read.paymentdb.staff_charge_walk import StaffChargeFilters, Wanted
from fincore.read.paymentdb.staff_lists import Scope

HITS_MAX: Final = 8
"""Hits of one reading that are shown."""
LOOKS_MAX: Final = 3
"""Pages that one reading looks at until one has a hit."""

FoundObject = Literal["charge", "refund", "dispute", "checkout_session", "payout", "event"]


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """An object that was found, and the charge that it is or belongs to; None for a checkout session and a payout."""

    object: FoundObject
    object_id: str
    charge: ChargeView | None


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """What one reading found, newest first. `is_prefix`: by how it begins, where nothing matches as a whole.

    `has_more` without a hit: the look ended before the list did, and older charges may match.
    """

    matched: ReadingKind
    hits: tuple[Hit, ...]
    has_more: bool = False
    is_prefix: bool = False


class SearchStores(NamedTuple):
    """What is searched: the view of payments, and the log, which alone knows the payouts."""

    paymentdb: Pool
    eventstore: Pool


async def search(stores: SearchStores, scope: Scope, text: str) -> list[Group]:
    """What a text finds within a scope, in the order of `READINGS`; a reading of which there is nothing is left out."""
    readings = readings_of(text)
    by_id = _by_id(stores, scope, readings)
    groups = [group async for group in by_id] or [group async for group in _by_terms(stores, scope, readings)]
    return [group for group in groups if _is_told(group)]


async def _by_id(stores: SearchStores, scope: Scope, readings: Readings) -> AsyncIterator[Group]:
    places = ObjectPlaces(stores.paymentdb)
    charges = StaffChargeQueries(stores.paymentdb)

    async def group(
        matched: ReadingKind, named: FoundObject, object_id: str, place: ObjectPlace | None
    ) -> Group:
        if place is None:
            return Group(matched=matched, hits=())
        charge = await charges.find(scope, place.charge_id) if place.charge_id else None
        return Group(matched=matched, hits=(Hit(object=named, object_id=object_id, charge=charge),))

    if readings.charge_id is not None:
        view = await charges.find(scope, readings.charge_id)
        yield Group(matched="charge_id", hits=tuple(_hits([view] if view else [])))
    if readings.refund_id is not None:
        place = await places.of_refund(scope, readings.refund_id)
        yield await group("refund_id", "refund", readings.refund_id, place)
    if readings.dispute_id is not None:
        place = await places.of_dispute(scope, readings.dispute_id)
        yield await group("dispute_id", "dispute", readings.dispute_id, place)
    if readings.checkout_session_id is not None:
        place = await places.of_session(scope, readings.checkout_session_id)
        yield await group("checkout_session_id", "checkout_session", readings.checkout_session_id, place)
    if readings.event_id is not None:
        place = await places.of_event(scope, readings.event_id)
        yield await group("event_id", "event", public_event_id(readings.event_id), place)
    if readings.payout_id is not None and await _has_payout(stores.eventstore, scope, readings.payout_id):
        hit = Hit(object="payout", object_id=readings.payout_id, charge=None)
        yield Group(matched="payout_id", hits=(hit,))


async def _by_terms(stores: SearchStores, scope: Scope, readings: Readings) -> AsyncIterator[Group]:
    charges = StaffChargeQueries(stores.paymentdb)

    async def group(matched: ReadingKind, filters: StaffChargeFilters, *, is_prefix: bool = False) -> Group:
        page = await charges.list_charges(scope, filters, limit=HITS_MAX)
        for _ in range(LOOKS_MAX - 1):
            if page.charges or page.next_place is None:
                break
            page = await charges.list_charges(scope, filters, after=page.next_place, limit=HITS_MAX)
        has_more = page.next_place is not None or page.is_cut
        return Group(matched=matched, hits=tuple(_hits(page.charges)), has_more=has_more, is_prefix=is_prefix)

    if readings.last4 is not None:
        yield await group("last4", StaffChargeFilters(last4=readings.last4))
    if readings.amounts:
        of_amounts = [
            await group(
                "amount",
                StaffChargeFilters(
                    amount_from_minor=one.amount_minor,
                    amount_to_minor=one.amount_minor,
                    currencies=one.currencies,
                ),
            )
            for one in readings.amounts
        ]
        yield _newest(of_amounts)
    terms: tuple[tuple[TermKind, str | None], ...] = (
        ("email", readings.email),
        ("reference", readings.reference),
        ("metadata", readings.metadata),
    )
    for kind, text in terms:
        if text is not None:
            whole = await group(kind, _with_term(kind, Wanted(text)))
            beginning = _with_term(kind, Wanted(text, is_prefix=True))
            yield whole if _is_told(whole) else await group(kind, beginning, is_prefix=True)


def _is_told(group: Group) -> bool:
    """Whether a group found anything, or stopped looking before it could know that there is nothing."""
    return bool(group.hits) or group.has_more


def _with_term(kind: TermKind, wanted: Wanted) -> StaffChargeFilters:
    match kind:
        case "email":
            return StaffChargeFilters(email=wanted)
        case "reference":
            return StaffChargeFilters(reference=wanted)
        case "metadata":
            return StaffChargeFilters(metadata_value=wanted)


def _newest(groups: list[Group]) -> Group:
    """Several groups of one reading as one."""
    hits = {hit.object_id: hit for group in groups for hit in group.hits}
    newest = sorted(hits.values(), key=_age)
    return Group(
        matched=groups[0].matched,
        hits=tuple(newest[:HITS_MAX]),
        has_more=any(group.has_more for group in groups) or len(newest) > HITS_MAX,
    )


def _age(hit: Hit) -> tuple[float, str]:
    return (-hit.charge.charge.created_at.timestamp() if hit.charge else 0.0, hit.object_id)


def _hits(views: list[ChargeView]) -> list[Hit]:
    return [Hit(object="charge", object_id=view.charge_id, charge=view) for view in views]


async def _has_payout(eventstore: Pool, scope: Scope, payout_id: PayoutId) -> bool:
    """A payout is of an account of ours and of no merchant: it is within no scope that names merchants."""
    if scope.merchants is not None:
        return False
    stream_id = payout_stream_of(payout_id)
    loaded = (await load_streams(eventstore, PAYOUT_EVENTS, [stream_id])).get(stream_id)
    first = loaded.events[0].event if loaded and loaded.events else None
    return isinstance(first, PayoutCreated) and first.livemode == scope.livemode
