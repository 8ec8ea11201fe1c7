"""The resource `/staff/v1/breaks`: what statements and the ledger say differently, and what a person does about it."""
