"""PSP gateway: what the write path needs of a payment service provider, in FinCore's words.

One folder per PSP, each with the same cast: client, gateway, mapping, webhooks. PSPs do not know each other, and
nothing here decides what happens to a charge.
"""
