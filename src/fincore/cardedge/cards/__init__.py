"""/v1/cards of the card edge: keep a card, show it without its number, delete it.

It refuses to know how a card is encrypted and stored, and what it is charged for.
"""
