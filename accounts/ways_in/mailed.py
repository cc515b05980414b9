"""What somebody who has lost the way in may have e-mailed, where the vendor allows it."""

from dataclasses import dataclass

from tenancy.models import Vendor


@dataclass(frozen=True, slots=True)
class Mailed:
    """One such thing: the kind of its e-mail, and the vendor's field that allows it."""

    name: str
    kind: str
    allowed_by: str

    def is_allowed_at(self, vendor: Vendor) -> bool:
        return bool(getattr(vendor, self.allowed_by))


LINK = Mailed("link", kind="sign-in-link", allowed_by="sign_in_by_link")
# The room of licences writes it (licenses/emails.py).
KEYS = Mailed("keys", kind="license-keys", allowed_by="keys_by_email")
BY_NAME = {each.name: each for each in (LINK, KEYS)}
