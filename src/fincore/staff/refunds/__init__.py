"""The resource `/staff/v1/refunds`: refunds of all merchants."""
