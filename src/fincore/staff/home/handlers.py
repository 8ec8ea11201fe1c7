"""/staff/v1/home: what needs a person today, and the state of the system."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Final, get_args

from fincore.backoffice.home_page import HomeStores, NeedKind, read_needs, read_rates, read_system
from fincore.domain.clock import Clock
from fincore.domain.ids import MerchantId
from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response, json_response
from fincore.read.paymentdb.attention_queries import PaymentsSeen
from fincore.staff.access.admission import Admission, Visit
from fincore.staff.access.permissions import Permission
from fincore.staff.access.person import Person
from fincore.staff.home.body import render_home
from fincore.staff.home.openapi import GET_HOME
from fincore.staff.mode_query import mode_of

KINDS: Final[tuple[NeedKind, ...]] = get_args(NeedKind)


class Home:
    """The handler of the home page."""

    def __init__(self, admission: Admission, stores: HomeStores, clock: Clock) -> None:
        self._admission = admission
        self._stores = stores
        self._clock = clock

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        return (
            self._admission.route(
                "GET", "/staff/v1/home", GET_HOME, self.get, permission="installation.read"
            ),
        )

    async def get(self, call: Call, visit: Visit) -> Response:
        """The home page in a mode."""
        mode = mode_of(call)
        visit.scope(mode)
        livemode, now = mode == "live", self._clock.now()
        scopes = dict(_seen(visit.person, livemode=livemode))
        payments = visit.person.scope("payments.read", livemode=livemode)
        merchants = () if payments is None else payments.merchant_ids
        needs, rates = await asyncio.gather(
            read_needs(self._stores, tuple(scopes), livemode=livemode, scopes=scopes),
            read_rates(self._stores, PaymentsSeen(livemode, merchants), now),
        )
        sees_system = visit.person.may_everywhere("installation.read")
        system = await read_system(self._stores) if sees_system else None
        return json_response(200, render_home(mode, now, needs, rates, system))


def _seen(person: Person, *, livemode: bool) -> Iterator[tuple[NeedKind, Sequence[MerchantId] | None]]:
    """The kinds that a person may see, each with the only merchants of which it counts; None for all."""
    for kind in KINDS:
        if kind in ("dead_letters", "parked_streams"):
            if person.may_everywhere("jobs.read"):
                yield kind, None
            continue
        permission: Permission = (
            "merchants.read"
            if kind == "endpoints_failing"
            else "books.read"
            if kind == "breaks"
            else "payments.read"
        )
        scope = person.scope(permission, livemode=livemode)
        # A break belongs to an account at a PSP, and to no merchant.
        if scope is not None and not (kind == "breaks" and scope.merchant_ids is not None):
            yield kind, scope.merchant_ids
