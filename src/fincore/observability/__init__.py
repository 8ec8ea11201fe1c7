"""Seeing what runs: redacted logs, metrics, health, and the laws that must hold.

It looks at the stores from below and refuses to know the services that fill them.
"""
