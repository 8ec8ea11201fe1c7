"""PayPal's dialect: OAuth tokens, orders, authorizations, captures, refunds, the page on which a payer approves.

`records.py` holds what is kept, `wire.py` how it is shown, `order_machine.py` and `payment_machine.py` the decisions, pure.
Refuses to know sockets, latency and faults, and Stripe: it turns a Request into a Response and reports events.
"""
