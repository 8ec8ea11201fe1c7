"""A customer on the page of a checkout session, as a process that can be killed: it calls the port that the page calls.

Run as a program: the page's address, the payment method, and, where the process is to die, the name of a failpoint.
"""

import asyncio
import os
import sys
from typing import cast
from urllib.parse import urlsplit

from fincore.bootstrap.databases import databases_of
from fincore.bootstrap.environment import read_settings
from fincore.bootstrap.operator_stores import operator_stores
from fincore.bootstrap.psps import router
from fincore.bootstrap.routing import running_rules
from fincore.domain.checkout_session_events import CHECKOUT_SESSION_EVENTS, SessionPaymentMethod
from fincore.eventstore.log import EventLog
from fincore.eventstore.watch import StreamWatch
from fincore.observability import failpoints
from fincore.write.checkout.customer_checkout import CheckoutSessions, CheckoutView
from fincore.write.checkout.sessions import session_recorder
from fincore.write.payments.inquiries import Inquiries


async def choose(page: str, method: SessionPaymentMethod) -> bool:
    """The customer chooses how to pay; whether the session took it."""
    settings = read_settings(os.environ)
    with databases_of(settings) as databases:
        async with (
            operator_stores(databases, "eventstore") as stores,
            running_rules(stores.eventstore) as rules,
        ):
            checkout = CheckoutSessions(
                sessions=session_recorder(
                    EventLog(stores.eventstore, CHECKOUT_SESSION_EVENTS), stores.writer
                ),
                log=stores.log,
                # It is asked nothing: the customer does not wait.
                watch=StreamWatch(stores.log),
                inquiries=Inquiries(stores.writer),
                router=router(settings, rules),
                clock=stores.clock,
            )
            session_id, word = urlsplit(page).path.split("/")[-2:]
            begun = await checkout.begin(session_id, word, method, request="req_customer")
    return isinstance(begun, CheckoutView)


if __name__ == "__main__":
    address, chosen, *doom = sys.argv[1:]
    for name in doom:
        failpoints.arm(name)
    sys.exit(not asyncio.run(choose(address, cast("SessionPaymentMethod", chosen))))
