"""What the pages for customers may load and must send, and what an answer has that differs from it.

It refuses to know how an answer was fetched, and it changes nothing that is served.
"""
