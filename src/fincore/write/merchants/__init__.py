"""Merchants and their API keys: who may ask, and in which mode.

It refuses to know what they ask for, and it never keeps a key it could show again.
"""
