"""The resource `/staff/v1/webhook_deliveries`: what was sent to merchants, how it went, and sending it again."""
