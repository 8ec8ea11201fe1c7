"""The resource `/staff/v1/risk_rules`: versions, drafts, shadow, back-tests, and proposing a version that is to be live."""
