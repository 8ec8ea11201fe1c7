"""Stripe: FinCore's words to Stripe's and back, over HTTP and through signed webhooks.

`gateway` asks, `client` carries, `intents`, `mapping`, `refunds` and `disputes` decide what Stripe's word means, `webhooks` believes
or refuses what it says unasked. It refuses to know charges, jobs, retries and every other PSP.
"""
