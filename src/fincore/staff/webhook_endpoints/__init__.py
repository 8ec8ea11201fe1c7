"""The resource `/staff/v1/webhook_endpoints`: where merchants hear of their charges, how each endpoint fares, and enabling it."""
