"""The resource `/staff/v1/disputes`: disputes of all merchants, newest first or by deadline."""
