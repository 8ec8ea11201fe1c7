"""External payment service providers as one stateful, in-memory simulator: their wire dialects over real HTTP.

Knows what PSPs publish: endpoints, test cards, signed webhooks, idempotency; and breaks on demand (`/sandbox/faults`).
Refuses to know FinCore: it is a separate program that anything speaking the PSP's dialect can be pointed at.
"""
