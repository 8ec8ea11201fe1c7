"""/internal/card_tokens of the card edge: tokens of kept cards, for the workers of the installation alone.

It refuses to know how a card is stored, and what it is charged for; no key of a merchant opens it.
"""
