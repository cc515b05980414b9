"""Texts of e-mails as other portals write them, in our words; pure.

Theirs are templates: `{{license.key}}`. What stands for the same thing here becomes `{key}`, and
everything else of a template, and HTML, is refused, since it would be read as it is written.
"""

import re
from collections.abc import Collection, Mapping

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

# Each ends at once where what it begins is not closed, so that no text is looked through once for
# each of its braces.
THEIRS = re.compile(r"\{\{(?:(.*?)\}\})?", re.DOTALL)
COMMAND = re.compile(r"\{%(?:.*?%\})?", re.DOTALL)
TAG = re.compile(
    r"</?(?:a|b|body|br|center|div|em|font|h[1-6]|head|hr|html|i|img|li|ol|p|pre|script|small|span"
    r"|strong|style|table|tbody|td|th|tr|u|ul)(?:\s[^<>]*)?/?>|<!(?:--|doctype)",
    re.IGNORECASE,
)
SAME: Mapping[str, str] = {
    "user.name": "name",
    "user.email": "email",
    "product.name": "product",
    "product.displayName": "product",
    "license.key": "key",
    "account.companyName": "sender",
    "account.email": "support",
}


def in_our_words(typed: str, placeholders: Collection[str]) -> str:
    """The text with our placeholders. Raises ValidationError for what is of a template and means
    nothing here, and for HTML."""
    if tag := TAG.search(typed):
        raise ValidationError(
            _("Write plain text, of which the HTML is made: without %(tag)s.") % {"tag": tag[0]}
        )
    if command := COMMAND.search(typed):
        raise ValidationError(
            _("There are no conditions and loops here: take %(command)s out.")
            % {"command": command[0]}
        )
    return THEIRS.sub(lambda found: _ours((found[1] or "").strip(), placeholders), typed)


def _ours(name: str, placeholders: Collection[str]) -> str:
    ours = SAME.get(name, "")
    if ours not in placeholders:
        told = ", ".join(f"{{{each}}}" for each in placeholders)
        raise ValidationError(
            _("There is no placeholder %(name)s here. There are %(placeholders)s.")
            % {"name": f"{{{{{name}}}}}", "placeholders": told}
        )
    return f"{{{ours}}}"
