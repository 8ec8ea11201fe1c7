"""The resource `/staff/v1/audit_trail`: what people of staff did, why, and how it ended."""
