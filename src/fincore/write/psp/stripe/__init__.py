"""Stripe: FinCore's words to Stripe's and back, over HTTP and through signed webhooks.

`gateway` asks, `client` carries, `mapping` decides what an answer means, `webhooks` believes or refuses what Stripe
says unasked. It refuses to know charges, jobs, retries and every other PSP.
"""
