"""What an account has, as PayPal's reporting API tells it; at PayPal up to three hours late, here at once."""

from typing import Annotated

import msgspec
from msgspec import Meta

from psp_sandbox.messages import Response
from psp_sandbox.paypal.call import Call
from psp_sandbox.paypal.money import shown
from psp_sandbox.paypal.requests import read_query
from psp_sandbox.paypal.wire import MERCHANT_ID, time_text


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """GET /v1/reporting/balances. The balance of an earlier time is not kept."""

    currency_code: Annotated[str, Meta(min_length=3, max_length=3)] | None = None


def show(call: Call) -> Response:
    """GET /v1/reporting/balances, of all currencies or of one."""
    given = read_query(call.request, Query)
    now = time_text(call.store.now())
    return Response(
        payload={
            "balances": [
                {
                    "currency": currency,
                    "total_balance": shown(currency, one.total_minor),
                    "available_balance": shown(currency, one.available_minor),
                    "withheld_balance": shown(currency, one.held_minor),
                }
                for currency, one in sorted(call.store.balances.of(call.account).items())
                if given.currency_code in (None, "ALL", currency)
            ],
            "account_id": MERCHANT_ID,
            "as_of_time": now,
            "last_refresh_time": now,
        }
    )
