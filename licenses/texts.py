"""The texts of this room's e-mails (mail/texts.py)."""

from django.utils.translation import gettext_lazy as _

from accounts.texts import SAMPLE_LINK
from mail.texts import Sample, Text, register

KEY, PRODUCT = "ORBIT-7KQ2M-X4TPA-9WZ3C", "Orbit"
WHEN, DATE = _("in 23 days"), _("31 December 2027")
_OF_LICENSE: dict[str, Sample] = {
    "product": PRODUCT,
    "key": KEY,
    "seats": _("3 machines"),
    "validity": _("until 31 December 2027"),
    "link": SAMPLE_LINK,
}
_OF_ANSWER: dict[str, Sample] = {
    "machine": "laboratory-pc",
    "key": KEY,
    "product": PRODUCT,
    "link": SAMPLE_LINK,
}

LICENSE = Text(
    "license",
    _("Licence, to a customer with a password"),
    "licenses/email/license",
    button=_("Open the licence"),
    says=_OF_LICENSE,
    required=("key", "link"),
    given={"has_password": True},
    event="license.created",
    switch="send_new_licenses",
)
FIRST_LICENSE = Text(
    "license-first",
    _("Licence, to a customer without a password"),
    "licenses/email/license",
    button=_("Choose a password"),
    says={**_OF_LICENSE, "days": "14"},
    required=("key", "link"),
    given={"has_password": False},
    kind="license",
    switch="send_new_licenses",
)
REMINDER = Text(
    "expiry-reminder",
    _("Reminder of a licence that expires"),
    "licenses/email/expiry_reminder",
    button=_("Open the licence"),
    says={
        "product": PRODUCT,
        "key": KEY,
        "when": WHEN,
        "date": DATE,
        "link": SAMPLE_LINK,
        "off": SAMPLE_LINK,
    },
    required=("key", "link", "off"),
    event="license.expiring-soon",
    switch="send_expiry_reminders",
)
REMINDERS = Text(
    "expiry-reminders",
    _("Reminder of several licences that expire"),
    "licenses/email/expiry_reminders",
    button=_("Open your licences"),
    says={
        "licences": f"{PRODUCT}, {KEY}\n{SAMPLE_LINK}",
        "number": "2",
        "when": WHEN,
        "link": SAMPLE_LINK,
        "off": SAMPLE_LINK,
    },
    required=("licences", "off"),
    given={"count": 2},
    kind="expiry-reminder",
    switch="send_expiry_reminders",
)
KEYS = Text(
    "license-keys",
    _("Licence keys that a customer asked for"),
    "licenses/email/license_keys",
    button=_("Open your licences"),
    says={"licences": f"{PRODUCT}\n{KEY}", "link": SAMPLE_LINK},
    required=("licences",),
)
REQUEST = Text(
    "release-request",
    _("Request to release a machine"),
    "licenses/email/release_request",
    button=_("Answer the request"),
    says={
        **_OF_ANSWER,
        "who": "ada@example.com",
        "reason": _("The disk is broken."),
        "works": _("Its response works until 31 December 2027."),
    },
)
RELEASED = Text(
    "release-answer",
    _("Answer to a request: the machine is released"),
    "licenses/email/release_answer",
    button=_("Open the licence"),
    says={**_OF_ANSWER, "answer": _("Done, the seat is free.")},
    required=("answer",),
    given={"released": True},
)
NOT_RELEASED = Text(
    "release-refused",
    _("Answer to a request: the machine is not released"),
    "licenses/email/release_answer",
    button=_("Open the licence"),
    says={**_OF_ANSWER, "answer": _("It was used this morning.")},
    required=("answer",),
    given={"released": False},
    kind="release-answer",
)


def register_all() -> None:
    """The texts that vendors may write anew."""
    register(LICENSE, FIRST_LICENSE, KEYS, REMINDER, REMINDERS, REQUEST, RELEASED, NOT_RELEASED)
