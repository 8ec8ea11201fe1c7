"""Tokens of kept cards: a worker asks the card edge, which alone opens the vault, for a token of a charge's card at its account.

It keeps no token and no number, and refuses to know HTTP servers, which PSPs make tokens, and what a token is charged for.
"""
