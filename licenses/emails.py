"""The e-mails about licences, one function each; to the licence's owner."""

from datetime import datetime
from typing import Any

from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext_lazy

from accounts.emails import invitation_days, invitation_link, person_of
from accounts.models import User
from accounts.reminders import off_link
from accounts.sessions import may_enter
from accounts.ways_in.mailed import KEYS
from licenses import texts, words
from licenses.access import licenses_of
from licenses.models import Activation, License, SeatRequest
from licenses.verbs.releasing import ANSWER, REQUEST
from licenses.verbs.reminders import KIND as EXPIRY_REMINDER
from licenses.verbs.reminders import licenses_in
from mail.composing import compose
from mail.kinds import register
from mail.models import OutgoingEmail
from mail.texts import Text
from tenancy.hosts import Site, backoffice_url, vendor_url

LISTED = 50  # licences in a reminder; the rest are counted
MOST_KEYS = 500  # in an e-mail with keys; the rest are counted


def license_email(email: OutgoingEmail) -> EmailMultiAlternatives | None:
    """Product, key, seats, validity and how to begin; None if the owner has changed meanwhile."""
    license, user = _license_of(email), person_of(email)
    if license is None or license.user_id != user.pk or not user.is_active:
        return None
    text, link = _beginning(license, user)
    return compose(
        text,
        user,
        key=license.key,
        product=str(license.product),
        seats=words.seats_allowed(license),
        validity=words.valid_text(license),
        link=link,
        days=invitation_days(),
    )


def license_keys(email: OutgoingEmail) -> EmailMultiAlternatives | None:
    """The keys of all licences that the customer sees; None for who may not enter the portal any
    more, and where the vendor has stopped allowing it."""
    user, vendor = person_of(email), email.vendor
    if not KEYS.is_allowed_at(vendor) or not may_enter(user, Site.CUSTOMER, vendor):
        return None
    found = list(licenses_of(user).order_by("product__name", "key", "pk")[:MOST_KEYS])
    listed: dict[str, Any] = {
        "rows": [_named(license) for license in found],
        "more": licenses_of(user).count() - len(found),
        "email": user.email,
    }
    licences = render_to_string("licenses/email/_keys.txt", {**listed, "email": user.email}).strip()
    return compose(
        texts.KEYS, user, licences=licences, **listed, link=vendor_url(vendor, "licenses")
    )


def _named(license: License) -> dict[str, str]:
    return {
        "product": str(license.product),
        "key": license.key,
        "validity": words.valid_text(license),
    }


def expiry_reminder(email: OutgoingEmail) -> EmailMultiAlternatives | None:
    """That licences of the customer expire soon; None if none does any more. Mail programs can turn
    reminders off by one click (RFC 2369, 8058), as the link in it does."""
    user, now = person_of(email), timezone.now()
    rows = [_ending(license, now) for license in licenses_in(email, now)]
    if not rows:
        return None
    off = off_link(user)
    one_click = {
        "List-Unsubscribe": f"<{off}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    if len(rows) == 1:
        return compose(texts.REMINDER, user, headers=one_click, off=off, **rows[0])
    listed: dict[str, Any] = {"rows": rows[:LISTED], "more": len(rows) - LISTED}
    return compose(
        texts.REMINDERS,
        user,
        headers=one_click,
        off=off,
        count=len(rows),
        number=len(rows),
        when=rows[0]["when"],
        licences=render_to_string("licenses/email/_licences.txt", listed).strip(),
        **listed,
        link=vendor_url(user.vendor, "licenses") if user.vendor else "",
    )


def _ending(license: License, now: datetime) -> dict[str, Any]:
    """A licence that ends, and when."""
    end = words.ending(license.end, now, timezone.localdate(now))
    return {
        "key": license.key,
        "product": str(license.product),
        "date": end.text if end else "",
        "when": end.relative if end else "",
        "link": vendor_url(license.vendor, "license", license.pk),
    }


def release_request(email: OutgoingEmail) -> EmailMultiAlternatives | None:
    """A customer's request to release a machine, to staff who may answer it; None once it is
    answered."""
    request = _request_of(email)
    if request is None or not request.is_open:
        return None
    machine = Activation.objects.select_related("license").filter(pk=request.activation_id).first()
    return compose(
        texts.REQUEST,
        person_of(email),
        who=request.user,
        machine=request,
        reason=request.reason,
        key=request.license.key,
        product=str(request.license.product),
        works=words.works_until(machine) if machine else "",
        link=backoffice_url("admin:licenses_seatrequest_answer", request.pk),
    )


def release_answer(email: OutgoingEmail) -> EmailMultiAlternatives | None:
    """What came of the request, to the customer who asked."""
    request = _request_of(email)
    if request is None or request.is_open:
        return None
    released = request.state == SeatRequest.State.RELEASED
    return compose(
        texts.RELEASED if released else texts.NOT_RELEASED,
        person_of(email),
        machine=request,
        answer=request.answer,
        key=request.license.key,
        product=str(request.license.product),
        link=vendor_url(request.license.vendor, "license", request.license_id),
    )


def _request_of(email: OutgoingEmail) -> SeatRequest | None:
    found = SeatRequest.objects.select_related("license__product", "license__vendor", "user")
    return found.filter(pk=email.details["request"]).first()


def _license_of(email: OutgoingEmail) -> License | None:
    if email.license_id is None:
        return None
    found = License.objects.select_related("product", "user", "vendor")
    return found.filter(pk=email.license_id).first()


def _beginning(license: License, user: User) -> tuple[Text, str]:
    """With what the customer begins: the licence's page or, without a password, setting one."""
    if not user.has_usable_password():
        return texts.FIRST_LICENSE, invitation_link(user)
    return texts.LICENSE, vendor_url(license.vendor, "license", license.pk)


def register_all() -> None:
    """The kinds of e-mails that this room writes, and their texts."""
    texts.register_all()
    register("license", gettext_lazy("Licence"), license_email)
    register(KEYS.kind, texts.KEYS.label, license_keys)
    register(REQUEST, gettext_lazy("Request to release a machine"), release_request)
    register(ANSWER, gettext_lazy("Answer to a request to release"), release_answer)
    register(EXPIRY_REMINDER, gettext_lazy("Reminder of a licence that expires"), expiry_reminder)
