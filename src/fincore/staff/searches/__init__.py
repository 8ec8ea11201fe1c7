"""The resource `/staff/v1/searches`: one text, and all that it finds."""
