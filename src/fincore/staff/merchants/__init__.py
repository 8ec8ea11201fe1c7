"""The resource `/staff/v1/merchants`: merchants with their keys, fee plans, origins and whether they send card numbers."""
