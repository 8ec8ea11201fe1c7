"""Stripe as a stateful simulator: the wire dialect, test cards, signed webhooks, and faults on demand.

It is an external system. It knows the PSP's published behaviour and nothing of FinCore.
"""
