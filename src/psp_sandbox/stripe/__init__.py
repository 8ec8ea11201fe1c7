"""Stripe's dialect: form-encoded requests, JSON resources, payment intents, charges, events and webhook endpoints.

Each resource has its file; `wire.py` holds their shapes, `machine.py` and `outcomes.py` the decisions, pure.
Refuses to know sockets, latency and faults: it turns a Request into a Response and reports the events that happened.
"""
