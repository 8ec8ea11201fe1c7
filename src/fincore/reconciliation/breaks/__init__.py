"""The life of breaks: what people and runs do with each, and how it stands after that.

It refuses to know how a break is found, and how anything is shown.
"""
