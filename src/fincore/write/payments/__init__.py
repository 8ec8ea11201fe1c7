"""The payment service: a merchant's request in, events and jobs and an idempotency row out, in one commit.

It refuses to know HTTP and any PSP: what an answer looks like is given to it, and a worker talks to PSPs.
"""
