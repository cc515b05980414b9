"""What the domain page says: one sentence per diagnosis, for people who don't run name servers
every day."""

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from branding.domains import verbs as domains
from branding.domains.errors import DomainTaken
from branding.domains.models import CustomDomain

Diagnosis = CustomDomain.Diagnosis

DIAGNOSES: dict[str, str | Promise] = {
    Diagnosis.UNCHECKED: _("Set one of the records below, then check."),
    Diagnosis.FINE: _("The record is there, and the portal answers at this domain."),
    Diagnosis.NO_RECORD: _(
        "There is no record for this name yet. Where your domain is managed, add the CNAME record "
        "below. It can take an hour until everybody sees it."
    ),
    Diagnosis.WRONG_TARGET: _(
        "The name leads to %(found)s. Change the CNAME record so that it leads to %(target)s."
    ),
    Diagnosis.WRONG_TXT: _(
        "The TXT record at %(place)s says %(found)s, which is something else. It has to say "
        "%(value)s."
    ),
    Diagnosis.TXT_ELSEWHERE: _(
        "The TXT record is right and stands in the wrong place, at %(found)s. It has to stand at "
        "%(place)s. Many providers add your domain to the name by themselves: then type the name "
        "without it."
    ),
    Diagnosis.PROXY: _(
        "The name leads to the address %(found)s and not to %(target)s. If a proxy or content "
        "network stands in between, switch it off for this name, or prove the domain with the TXT "
        "record below and have the proxy send visitors on to %(target)s."
    ),
    Diagnosis.CAA: _(
        "Your domain allows certificates from %(found)s alone (its CAA record), so we can't get "
        "one for it. Add a CAA record that allows %(issuers)s."
    ),
    Diagnosis.TAKEN: DomainTaken.text,
    Diagnosis.WILDCARD: _(
        "A record leads every name of your domain here, which does not tell whose portal this "
        "one should show. Prove it with the TXT record below."
    ),
    Diagnosis.CONTESTED: _(
        "Another company has or had this domain here, too. Show that it is yours with the TXT "
        "record below; the CNAME record alone does not tell."
    ),
    Diagnosis.NO_ANSWER: _(
        "The domain's name servers did not answer. We try again by ourselves; nothing was changed."
    ),
}
GONE = _("The record that was there is gone.")
# What is wrong with a TXT record that is nearly right.
IN_QUOTES = _(
    "The TXT record at %(place)s says %(found)s: the quotation marks have become a part of it. Set "
    "it without them, as %(value)s."
)
TOKEN_ALONE = _(
    "The TXT record at %(place)s says %(found)s, which is only the end of it. It has to say "
    "%(value)s, with what stands before the equals sign."
)
OTHER_CASE = _(
    "The TXT record at %(place)s says %(found)s, where capital and small letters differ from what "
    "it has to say: %(value)s."
)
QUOTES = "\"'“”„«»‘’ "


def diagnosis(domain: CustomDomain) -> str:
    """What is the matter with the domain and what to do, in a sentence or two."""
    text = str(_sentence(domain)) % {
        "found": domain.found,
        "place": domain.txt_name,
        "value": domain.txt_value,
        "target": domains.target(),
        "issuers": ", ".join(settings.CERTIFICATE_ISSUERS),
    }
    gone = domain.failing_since is not None and domain.diagnosis == Diagnosis.NO_RECORD
    return f"{GONE} {text}" if gone else text


def _sentence(domain: CustomDomain) -> str | Promise:
    if domain.diagnosis != Diagnosis.WRONG_TXT:
        return DIAGNOSES[domain.diagnosis]
    found, value = domain.found.strip(QUOTES), domain.txt_value
    if found == domain.token:
        return TOKEN_ALONE
    if found == value:
        return IN_QUOTES
    if found.casefold() == value.casefold():
        return OTHER_CASE
    return DIAGNOSES[domain.diagnosis]
