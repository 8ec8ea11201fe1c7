"""What every endpoint shares: the exchange of request and response, its bounds, problems, lists and idempotency.

It refuses to know any resource: what is charged, refunded or disputed.
"""
