"""The built-in issuer: OpenID Connect for the dashboard of this machine, with tokens as Amazon Cognito makes them.

It refuses to know other clients, and what a role allows: tokens carry the groups of a person, as those of any issuer do.
"""
