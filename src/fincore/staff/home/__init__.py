"""The resource `/staff/v1/home`: what needs a person today, and the state of the system."""
