"""Charges by card number: the card is made into tokens in memory, and the charge is written with the tokens alone.

It keeps nothing of a card, and refuses to know HTTP, which PSPs make tokens, and who may send card numbers.
"""
