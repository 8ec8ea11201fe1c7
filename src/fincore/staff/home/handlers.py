"""/staff/v1/home: what needs a person today, and the state of the system."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final, get_args

from fincore.backoffice.home_page import (
    Asking,
    Deciding,
    HomeStores,
    NeedKind,
    read_money,
    read_needs,
    read_rates,
    read_system,
)
from fincore.domain.clock import Clock
from fincore.domain.ids import MerchantId
from fincore.domain.proposal import PROPOSAL_KINDS, ApprovePermission
from fincore.domain.staff_actor import StaffActor
from fincore.http.endpoint import Route
from fincore.http.exchange import Call, Response, json_response
from fincore.read.paymentdb.attention_queries import PaymentsSeen
from fincore.staff.access.admission import Admission, Visit
from fincore.staff.access.permissions import Permission
from fincore.staff.access.person import Person
from fincore.staff.home.body import render_home
from fincore.staff.home.money_body import HIDDEN_MONEY, render_money
from fincore.staff.home.openapi import GET_HOME
from fincore.staff.mode_query import mode_of

_PERMISSIONS: Final[Mapping[NeedKind, Permission]] = MappingProxyType(
    {"endpoints_failing": "merchants.read", "breaks": "books.read", "proposals": "proposals.read"}
)
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
            read_needs(
                self._stores,
                tuple(scopes),
                livemode=livemode,
                scopes=scopes,
                asking=_asking(visit.person, livemode=livemode),
            ),
            read_rates(self._stores, PaymentsSeen(livemode, merchants), now),
        )
        sees_system = visit.person.may_everywhere("installation.read")
        system = await read_system(self._stores) if sees_system else None
        books = visit.person.scope("books.read", livemode=livemode)
        # The books of PSPs' accounts are of no merchant.
        sees_money = books is not None and books.merchant_ids is None
        money = HIDDEN_MONEY
        if sees_money:
            money = render_money(await read_money(self._stores, livemode=livemode, now=now))
        home = render_home(mode, now, needs=needs, rates=rates, money=money, system=system)
        return json_response(200, home)


def _asking(person: Person, *, livemode: bool) -> Asking:
    """Which proposals of others a person may decide in a mode. Settings belong to no mode and no merchant, but for live keys."""
    decides: list[Deciding] = []
    for permission in get_args(ApprovePermission):
        kinds = [kind for kind, of in PROPOSAL_KINDS.items() if of.approve_permission == permission]
        scope = person.scope(permission, livemode=livemode)
        if scope is not None and (permission == "money.approve" or person.may_everywhere(permission)):
            decides.append(Deciding(kinds, scope.merchant_ids))
    return Asking(StaffActor(person.subject, person.username), decides)


def _seen(person: Person, *, livemode: bool) -> Iterator[tuple[NeedKind, Sequence[MerchantId] | None]]:
    """The kinds that a person may see, each with the only merchants of which it counts; None for all."""
    for kind in KINDS:
        if kind in ("dead_letters", "parked_streams"):
            if person.may_everywhere("jobs.read"):
                yield kind, None
            continue
        permission = _PERMISSIONS.get(kind, "payments.read")
        scope = person.scope(permission, livemode=livemode)
        # A break belongs to an account at a PSP, and to no merchant.
        if scope is not None and not (kind == "breaks" and scope.merchant_ids is not None):
            yield kind, scope.merchant_ids
