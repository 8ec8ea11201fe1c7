"""Checkout sessions: a merchant's request for one, its customer's choices, and the charges of its attempts.

It refuses to know HTTP, the page, and any PSP: a session learns of its charges from the log.
"""
