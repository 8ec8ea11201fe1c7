"""The resource `/staff/v1/people`: people of the built-in issuer; two admins add one or change roles, one admin disables.

It knows no password but the one-time password that it shows once, and nothing of an issuer of the installation's own.
"""
