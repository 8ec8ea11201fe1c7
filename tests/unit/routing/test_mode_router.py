"""The router with one account a mode."""

from types import MappingProxyType

from fincore.domain.currency import Currency
from fincore.domain.money import Money
from fincore.domain.outcome import PspAccount, PspName
from fincore.write.psp.limits import AmountBounds
from fincore.write.routing.mode_router import Candidate, ModeRouter
from fincore.write.routing.router import NoRoute, Route, RouteRequest
from fixtures.commits import MERCHANT
from fixtures.psp_limits import psp_limits

TEST = Route(PspName("first"), PspAccount("test"))
LIVE = Route(PspName("second"), PspAccount("live"))
USD, EUR = Currency("usd"), Currency("eur")
ROUTER = ModeRouter(
    MappingProxyType(
        {
            False: Candidate(TEST, psp_limits(amounts={USD: AmountBounds(max_minor=999)})),
            True: Candidate(LIVE, psp_limits(amounts={USD: AmountBounds(max_minor=99_999)})),
        }
    )
)


def request(amount_minor: int, *, livemode: bool = False, currency: Currency = USD) -> RouteRequest:
    return RouteRequest(merchant_id=MERCHANT, livemode=livemode, money=Money(amount_minor, currency))


def test_charge_goes_to_the_account_of_its_mode() -> None:
    assert ROUTER.route(request(500)) == TEST
    assert ROUTER.route(request(500, livemode=True)) == LIVE


def test_amount_is_bounded_by_the_limits_of_its_own_account() -> None:
    refused = ROUTER.route(request(1_000))
    assert isinstance(refused, NoRoute)
    assert (refused.code, refused.detail) == (
        "amount_too_large",
        "The PSP takes no more than 9.99 USD in one payment.",
    )
    assert ROUTER.route(request(1_000, livemode=True)) == LIVE


def test_currency_without_bounds_gets_no_route() -> None:
    refused = ROUTER.route(request(500, currency=EUR))
    assert isinstance(refused, NoRoute)
    assert refused.code == "currency_not_supported"


def test_mode_without_an_account_gets_no_route() -> None:
    assert ModeRouter({}).route(request(500)) == NoRoute("psp_not_configured")
