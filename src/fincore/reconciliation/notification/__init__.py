"""Tells operations what reconciliation found: on the console, by webhook and by e-mail, each at least once.

It refuses to know how a run compares, what a merchant is told, and which settings name a channel.
"""
