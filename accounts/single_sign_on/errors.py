"""Why single sign-on did not let somebody in, in words for whoever can do something about it."""

from enum import Enum
from typing import Any

from django.utils.translation import gettext_lazy as _

from web.errors import PortalError


class Why(Enum):
    """The reasons; what people read."""

    # The way back to us.
    LOST = _("That took too long, was begun in another browser, or was used before. Begin again.")
    WRONG_STATE = _("This answer belongs to another sign-in. Begin again.")
    OTHER_ISSUER = _("The answer comes from another provider than the one that was asked.")
    REFUSED_THERE = _("%(provider)s did not let you in (%(detail)s).")
    NO_CODE = _("The answer of %(provider)s is not complete.")
    OTHER_BROWSER = _(
        "Nothing was connected. Open the link in the browser in which you began, within the hour. "
        "If you did not begin anything, somebody else did: leave the link alone."
    )
    # What the provider is asked.
    UNREACHABLE = _("%(detail)s %(provider)s can’t be asked at the moment.")
    BUSY = _("Too many people are signing in at the same time. Try again in a few seconds.")
    BAD_DISCOVERY = _(
        "What %(provider)s says of itself is not complete: %(detail)s is missing or no address."
    )
    WRONG_DISCOVERY = _(
        "The provider calls itself %(detail)s. The issuer has to be written just like that."
    )
    BAD_CLIENT = _("%(provider)s does not know us: client id or client secret are wrong.")
    BAD_CODE = _("%(provider)s does not take its own answer any more. Begin again.")
    # Its token.
    BAD_TOKEN = _("%(provider)s sent no ID token that can be read.")
    BAD_ALGORITHM = _("%(provider)s signs ID tokens in a way that is not safe.")
    NO_KEY = _("%(provider)s signed with a key that it does not show.")
    BAD_KEY = _("%(provider)s signs with a key that is not safe.")
    BAD_SIGNATURE = _("The signature of %(provider)s is wrong.")
    WRONG_ISSUER = _("The ID token is another provider’s.")
    WRONG_AUDIENCE = _("The ID token was made for another program.")
    NO_TIMES = _("The ID token does not say when it was made and when it ends.")
    WRONG_TIME = _("The ID token is too old or of the future: perhaps the clocks differ.")
    WRONG_NONCE = _("The ID token belongs to another sign-in.")
    NO_SUBJECT = _("The ID token does not say who you are.")
    OTHER_SUBJECT = _("%(provider)s says two different things about who you are.")
    # The person.
    NO_EMAIL = _("%(provider)s does not say your e-mail.")
    UNVERIFIED = _("%(provider)s does not say that your e-mail is confirmed.")
    WRONG_DOMAIN = _("%(provider)s is not there for your e-mail, %(detail)s.")
    NO_ROLE = _("%(provider)s gives you none of the roles that may enter here.")
    NO_ACCOUNT = _("There is no account for %(detail)s here that %(provider)s could open.")


class SingleSignOnRefused(PortalError):
    """Nobody was let in."""

    code = "SINGLE_SIGN_ON_REFUSED"
    status = 403
    text = _("Single sign-on did not let you in.")

    def __init__(
        self, why: Why, detail: object = "", *, provider: str = "", person: Any = None
    ) -> None:
        """`person` is who was not let in, where that is known."""
        super().__init__(detail)
        self.why, self.provider, self.person = why, provider, person

    @property
    def sentence(self) -> str:
        names = {"detail": self.detail, "provider": self.provider or _("The provider")}
        return str(self.why.value) % names


class SingleSignOnBusy(SingleSignOnRefused):
    """As many wait for providers as this process lets, or the vendor's do."""

    code = "SINGLE_SIGN_ON_BUSY"
    status = 503
