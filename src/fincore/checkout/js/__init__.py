"""/js/...: fincore.js with its types and its manifest, as `web/sdk` builds them, for pages of any site.

It refuses to know what the scripts do and who asks for them.
"""
