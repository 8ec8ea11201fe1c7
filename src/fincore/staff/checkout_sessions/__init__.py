"""The resource `/staff/v1/checkout_sessions`: checkout sessions of all merchants, without the address at which one is paid."""
