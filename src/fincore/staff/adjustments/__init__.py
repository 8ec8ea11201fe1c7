"""The resource `/staff/v1/adjustments`: what people booked to end differences with PSPs."""
