"""The e-mails about domains, one function each; to each of the vendor's administrators."""

from django.core.mail import EmailMultiAlternatives
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.emails import person_of
from branding.domains import sentences, texts
from branding.domains.models import CustomDomain
from mail.composing import compose
from mail.kinds import register
from mail.models import OutgoingEmail
from tenancy.hosts import backoffice_url
from web.moments import at


def domain_failing(email: OutgoingEmail) -> EmailMultiAlternatives | None:
    """The record is gone; what was found, and until when the domain is served. None, if that is
    mended or over meanwhile."""
    domain = CustomDomain.objects.filter(pk=email.details["domain"]).first()
    if domain is None or domain.served_until is None or domain.served_until <= timezone.now():
        return None
    return compose(
        texts.FAILING,
        person_of(email),
        domain=str(domain),
        reason=sentences.diagnosis(domain),
        until=at(domain.served_until),
        link=backoffice_url("admin:branding_customdomain_change", domain.pk),
    )


def domain_ended(email: OutgoingEmail) -> EmailMultiAlternatives:
    """The domain is served no more."""
    link = backoffice_url("admin:branding_customdomain_changelist")
    name = email.details["name"]
    return compose(texts.ENDED, person_of(email), domain=name, link=link)


def register_all() -> None:
    """The kinds of e-mails that this room writes, and their texts."""
    texts.register_all()
    register("domain-failing", _("Warning about a domain"), domain_failing)
    register("domain-ended", _("Notice of a domain that ended"), domain_ended)
