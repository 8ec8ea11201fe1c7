"""The resource `/staff/v1/payouts`: what PSPs send to our bank accounts."""
