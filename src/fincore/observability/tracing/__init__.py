"""Traces: spans of what a role does, sampled at their start, exported over OTLP while a collector is configured.

It refuses to know the services that it looks at, and what they send: an attribute is one of a fixed list, and holds no free text.
"""
