"""/approvals/...: what a customer approves at a wallet without leaving the merchant's page, and word that they did.

It refuses to know the wallet, and it believes nothing: the PSP is asked how the payment stands.
"""
