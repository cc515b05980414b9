"""What a personal access token may be used for: the scopes of the Web API.

A scope is a noun of the API and `read` or `write`; writing includes reading. It takes nothing for
granted: whoever comes with the token needs the right as well, at that moment.
"""

from collections.abc import Collection

READ, WRITE = "read", "write"
NOUNS = (
    "account",
    "activation",
    "analytics",
    "emailTemplate",
    "eventLog",
    "featureFlag",
    "license",
    "licensePolicy",
    "personalAccessToken",
    "product",
    "productVersion",
    "release",
    "role",
    "tag",
    "trialActivation",
    "trialPolicy",
    "user",
    "webhook",
)
SCOPES = tuple(f"{noun}:{how}" for noun in NOUNS for how in (READ, WRITE))
# As newer programs call what has an older name here.
ALSO = {
    "automatedEmail": "emailTemplate",
    "automatedEmailEventLog": "emailTemplate",
    "licenseTemplate": "licensePolicy",
    "maintenancePolicy": "licensePolicy",
}


def known_as(scope: str) -> str:
    """The scope by the name that it has here."""
    noun, colon, how = scope.partition(":")
    return ALSO.get(noun, noun) + colon + how


def covers(scopes: Collection[str], wanted: str) -> bool:
    """Whether a token of these scopes may be used for what asks for that one."""
    noun, _colon, how = wanted.partition(":")
    return wanted in scopes or (how == READ and f"{noun}:{WRITE}" in scopes)
