"""The evidence store: each settlement file as it came, under its hash, never changed and never deleted.

It refuses to know what a file says and where it came from.
"""
