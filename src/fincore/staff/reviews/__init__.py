"""The resource `/staff/v1/reviews`: the charges that wait for a person's decision."""
