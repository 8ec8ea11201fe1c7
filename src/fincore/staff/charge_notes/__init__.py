"""The resource `/staff/v1/charges/{charge_id}/notes`: what people of staff noted about a charge. Its merchant is not shown it."""
