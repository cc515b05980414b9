"""Why a verb about domains refused: nothing was changed."""


class DomainError(Exception):
    """A rule about domains refused the act."""


class DomainTaken(DomainError):
    """Another vendor has this name, one that it lies below, or one that looks like it."""


class DomainNotVerified(DomainError):
    """Only a domain that is verified now can become the portal's address."""


class TooManyDomains(DomainError):
    """A vendor has as many domains as it may."""
