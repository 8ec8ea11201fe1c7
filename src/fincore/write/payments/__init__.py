"""The payment service: a merchant's request in, events and jobs and an idempotency row out, in one commit.

It refuses to know HTTP and any PSP: it carries the response that it is given and never reads it, and a worker calls PSPs.
"""
