"""PayPal: calls to its API and signed webhooks from it, in FinCore's words.

`gateway` asks, `client` carries, `orders`, `outcomes`, `refunds` and `disputes` decide what its responses mean, `webhooks` verifies its
events and says what to look at. It refuses to know the state of a charge, jobs, retries and every other PSP.
"""
