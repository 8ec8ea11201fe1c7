"""The resource `/staff/v1/sealed_days`: days of bookings that are sealed, and whether one is still as it was."""
