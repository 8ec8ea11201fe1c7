"""The resource `/staff/v1/uncleared_items`: what PSPs took and no statement has told of yet."""
