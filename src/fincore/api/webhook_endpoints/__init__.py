"""/v1/webhook_endpoints and /v1/webhook_deliveries: where events are sent to, what was sent, and sending it again.

It refuses to send anything: the notify role does.
"""
