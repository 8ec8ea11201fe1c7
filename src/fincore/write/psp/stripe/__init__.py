"""Stripe: calls to its API and signed webhooks from it, in FinCore's words.

`gateway` asks, `client` carries, `intents`, `mapping`, `refunds` and `disputes` decide what its responses mean, `webhooks`
verifies and reads its events. It refuses to know the state of a charge, jobs, retries and every other PSP.
"""
