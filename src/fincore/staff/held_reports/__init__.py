"""The resource `/staff/v1/held_reports`: reports of PSPs about charges that wait for a person."""
