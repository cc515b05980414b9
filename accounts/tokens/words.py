"""Scopes, as people read them."""

from collections.abc import Collection

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from accounts.tokens.scopes import NOUNS, READ, WRITE

WORDS = {
    "account": _lazy("Company"),
    "activation": _lazy("Machines"),
    "analytics": _lazy("Numbers"),
    "emailTemplate": _lazy("E-mails and their texts"),
    "eventLog": _lazy("Audit trail"),
    "featureFlag": _lazy("Feature flags"),
    "license": _lazy("Licences"),
    "licensePolicy": _lazy("Policies"),
    "personalAccessToken": _lazy("Access tokens"),
    "product": _lazy("Products"),
    "productVersion": _lazy("Product versions"),
    "release": _lazy("Releases and their files"),
    "role": _lazy("Roles"),
    "tag": _lazy("Tags"),
    "trialActivation": _lazy("Trials"),
    "trialPolicy": _lazy("Trial policies"),
    "user": _lazy("People"),
    "webhook": _lazy("Webhooks"),
}
# What a customer's token reaches, all of it the customer's own.
OF_CUSTOMERS = {
    "user": _lazy("Your profile"),
    "license": _lazy("Your licences"),
    "activation": _lazy("Your machines"),
    "release": _lazy("Your downloads"),
}
CHANGED_BY_CUSTOMERS = frozenset({"user"})


def scope_in_words(scope: str) -> str:
    """One scope by itself; empty for what is none."""
    noun, _colon, how = scope.partition(":")
    told = WORDS.get(noun)
    if told is None or how not in {READ, WRITE}:
        return ""
    text = _("%(name)s: read and change") if how == WRITE else _("%(name)s: read")
    return text % {"name": told}


def told(scopes: Collection[str], *, own: bool = False) -> list[str]:
    """The scopes, a text for each noun; writing includes reading. `own`, they are told to a
    customer, whose token reaches what is the customer's own."""
    names, texts = {**WORDS, **(OF_CUSTOMERS if own else {})}, []
    for noun in NOUNS:
        name = {"name": names[noun]}
        if f"{noun}:{WRITE}" in scopes:
            texts.append(_("%(name)s: read and change") % name)
        elif f"{noun}:{READ}" in scopes:
            texts.append(_("%(name)s: read") % name)
    return texts
