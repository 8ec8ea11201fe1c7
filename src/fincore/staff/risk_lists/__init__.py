"""The resource `/staff/v1/risk_lists`: the lists that risk rules ask for, and their entries."""
