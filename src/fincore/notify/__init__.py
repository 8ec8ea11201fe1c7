"""Merchants' webhooks: what happened to their charges, signed, sent to the URLs they gave until it arrives.

It reads the log as a read model does and refuses to know how an event came about: it never decides about a payment.
"""
