"""Settlement files fetched: what a source offers is listed, downloaded, kept as evidence and recorded.

It refuses to know what a file says and what becomes of it.
"""
