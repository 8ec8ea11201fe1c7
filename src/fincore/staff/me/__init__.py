"""The resource `/staff/v1/me`: who is logged in, and what that person may do."""
