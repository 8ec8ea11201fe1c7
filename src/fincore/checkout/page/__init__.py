"""/checkout/page-...: what every page for customers is made of, its style and its script.

It refuses to know what is paid, and no page has code or style of its own inside it.
"""
