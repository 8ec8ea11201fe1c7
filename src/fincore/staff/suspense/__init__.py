"""The resource `/staff/v1/suspense_items`: money that moved in a way that makes no sense, and waits for a person."""
