"""Merchants' webhooks: what happened to their charges, signed, sent to the URLs they gave until it arrives.

It follows the log like a read model and refuses to know how an event came about: it never decides about a payment.
"""
