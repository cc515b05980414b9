"""What the settings page tells beside its own form: what is settled elsewhere, and where.

A room registers what tells of its part, so that this one knows nothing of looks and domains.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext

from accounts.models import User
from tenancy.models import Vendor


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of the page: what it is called, how it stands, and where that is changed.

    The link is for who has the right; where `posts`, it is a button that does something. A fact
    that can be copied is an address of one line.
    """

    title: str
    says: tuple[str, ...]
    url: str = ""
    action: str = ""
    right: str = ""
    copied: bool = False
    posts: bool = False


SECOND_FACTOR: dict[str, Any] = {
    Vendor.SecondFactorFor.STAFF: _lazy("Your staff with a code from an app, too"),
    Vendor.SecondFactorFor.EVERYONE: _lazy("Everybody with a code from an app, too"),
}

REGISTERING: dict[str, Any] = {
    Vendor.Registration.DOMAINS: _lazy("Who has an e-mail at a domain of yours may register"),
    Vendor.Registration.OPEN: _lazy("Everybody may register"),
}

Teller = Callable[[Vendor], Iterable[Fact]]
_tellers: list[tuple[int, Teller]] = []


def register(place: int, teller: Teller) -> None:
    """Registers what tells facts; the one with the lowest place comes first."""
    if (place, teller) not in _tellers:
        _tellers.append((place, teller))


def facts_of(vendor: Vendor, *, reader: User) -> list[Fact]:
    """All facts about the vendor's portal, with the links for the reader. Runs in its scope."""
    ordered = sorted(_tellers, key=lambda each: each[0])
    told = [fact for _place, teller in ordered for fact in teller(vendor)]
    return [fact if _is_for(fact, reader) else replace(fact, url="") for fact in told]


def _is_for(fact: Fact, reader: User) -> bool:
    return not fact.right or reader.has_perm(fact.right)


def emails(vendor: Vendor) -> Iterator[Fact]:
    """From whom customers get e-mails, and where the answers go."""
    address = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    sender = _("From %(name)s <%(address)s>") % {"name": vendor.sender_name, "address": address}
    answers = _("Answers go to %(address)s") % {"address": vendor.answers_to or address}
    url, right = reverse("admin:mail_outgoingemail_changelist"), "mail.view_outgoingemail"
    yield Fact(_("E-mail"), (sender, answers), url, _("Look at the e-mails"), right)
    url, right = reverse("admin:accounts_portalsettings_test"), "accounts.change_portalsettings"
    told = _(
        "Sent to yourself, it shows that e\N{NON-BREAKING HYPHEN}mails arrive, and how they look "
        "by what is saved below."
    )
    yield Fact(_("Test e-mail"), (told,), url, _("Send me a test e-mail"), right, posts=True)


def signing_in(vendor: Vendor) -> Iterator[Fact]:
    """How people sign in, and for how long."""
    asked = SECOND_FACTOR.get(vendor.second_factor_for)
    lasts = _("It lasts for up to %(customers)s, for staff %(staff)s") % {
        kind: _span(settings.SESSION_LIFETIMES[name][1])
        for kind, name in (("customers", "customer"), ("staff", "staff"))
    }
    url = reverse("admin:accounts_user_changelist", query={"kind": "team"})
    right = "accounts.view_user"
    by_link = [_("Customers by a link that is e-mailed, too")] if vendor.sign_in_by_link else []
    news = [str(REGISTERING[vendor.registration])] if vendor.registration else []
    told = (
        _("With e-mail and password"), *by_link, *([str(asked)] if asked else []), *news, lasts,
    )  # fmt: skip
    yield Fact(_("Signing in"), told, url, _("See who may"), right)


def _span(seconds: int) -> str:
    """In days, or in hours where they are few."""
    days = seconds // (24 * 60 * 60)
    if days > 1:
        return ngettext("%(n)d day", "%(n)d days", days) % {"n": days}
    hours = max(1, seconds // (60 * 60))
    return ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours}


def register_all() -> None:
    """This room's facts."""
    register(3, emails)
    register(4, signing_in)
