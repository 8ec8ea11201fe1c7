"""/v1/events: look at an event of a charge, and list them.

It refuses to know which webhooks were sent about an event.
"""
