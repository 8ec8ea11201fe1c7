"""What all servers of HTTP share: the exchange of request and response, its bounds, problems, lists and idempotency.

It refuses to know any resource: servers and their resources are built of it.
"""
