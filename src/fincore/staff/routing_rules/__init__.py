"""The resource `/staff/v1/routing_rules`: versions, trying rules on a charge, and proposing rules that are to be live."""
