"""What every endpoint shares: the exchange of request and response, its bounds, problems, lists and idempotency.

It refuses to depend on any resource: resources are built of it.
"""
