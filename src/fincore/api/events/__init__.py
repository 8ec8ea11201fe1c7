"""/v1/events: look at an event of a charge or of a checkout session, and list them.

It refuses to know which webhooks were sent about an event.
"""
