"""A small shop: its page, and its back end, which takes a payment in each of the three ways.

It shows what a merchant writes. It refuses to know how FinCore works: it has an address, a key, and the HTTP API.
"""
