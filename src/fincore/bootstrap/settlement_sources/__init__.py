"""The sources of settlement files as operators declare them: a file in, sources and how each is reached out.

It refuses to know when a source is looked at and what becomes of its files.
"""
