"""PSP gateways: the port and the limits that every payment service provider fits, and the inbox of their webhooks.

One folder a PSP, each with the same modules: client, gateway, limits, mapping, webhooks. PSPs do not know each other, and
nothing here decides what happens to a charge.
"""
