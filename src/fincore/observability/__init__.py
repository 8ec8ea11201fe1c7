"""Seeing what runs: redacted logs, metrics, health, and failpoints for tests.

It refuses to know the services that it looks at.
"""
