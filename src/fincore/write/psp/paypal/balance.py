"""What PayPal says that it holds for us: the total of each currency, which may be three hours old.

Source: `/v1/reporting/balances` of PayPal's OpenAPI file of its reports.
"""

from datetime import datetime
from typing import Final

import msgspec

from fincore.domain.currency import Currency
from fincore.write.psp.http import NoResponse, NotSent
from fincore.write.psp.paypal.account import PayPalAccount
from fincore.write.psp.paypal.amounts import Inexpressible, PayPalMoney, from_paypal
from fincore.write.psp.paypal.client import PayPalClient
from fincore.write.psp.paypal.response import Response
from fincore.write.psp.stated_balance import StatedBalance

PATH: Final = "/v1/reporting/balances"
_FORBIDDEN: Final = 403


class _Detail(msgspec.Struct, frozen=True):
    total_balance: PayPalMoney


class _Balances(msgspec.Struct, frozen=True):
    balances: tuple[_Detail, ...]
    as_of_time: datetime | None = None


_BALANCES: Final = msgspec.json.Decoder(_Balances)


async def paypal_balance(client: PayPalClient, account: PayPalAccount) -> StatedBalance:
    """Ask for the balances of an account. Nothing is raised for the network or for PayPal."""
    match await client.get(account, PATH, reads=_BALANCES):
        case NotSent(reason=reason) | NoResponse(reason=reason):
            return StatedBalance(problem=f"{reason}: repeat later")
        case Response(body=body) if body is not None:
            return _read(body)
        case Response(status=status) if status == _FORBIDDEN:
            return StatedBalance(
                problem="the REST app may not read balances: switch `Transaction search` on for it in PayPal's dashboard"
            )
        case Response(status=status):
            return StatedBalance(
                problem=f"PayPal answered {status} to the request for its balances: repeat later"
            )


def _read(body: _Balances) -> StatedBalance:
    amounts: dict[Currency, int] = {}
    for one in body.balances:
        total = one.total_balance
        value = total.value.removeprefix("-")
        money = from_paypal(PayPalMoney(total.currency_code, value))
        if isinstance(money, Inexpressible):
            return StatedBalance(problem=f"{money.reason}: update FinCore")
        if money.currency in amounts:
            return StatedBalance(
                problem=f"PayPal tells the balance in {money.currency.upper()} twice: repeat later"
            )
        amounts[money.currency] = -money.amount_minor if value != total.value else money.amount_minor
    if body.as_of_time is not None and body.as_of_time.tzinfo is None:
        return StatedBalance(problem="PayPal tells a time without its offset from UTC: update FinCore")
    return StatedBalance(amounts=amounts, as_of=body.as_of_time)
