"""The resource `/staff/v1/unknown_outcomes`: operations at PSPs of which it is not known what became of them."""
