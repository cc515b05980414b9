"""E-mailing licences."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from accounts.models import User
from audit.acting import acting_as
from audit.models import AuditEntry
from licenses.errors import OwnerIsInactive
from licenses.models import ExpirationStrategy
from licenses.verbs.licenses import create_license
from licenses.verbs.mailing import send_license
from licenses.verbs.products import change_product
from mail.models import OutgoingEmail
from tenancy.door import inside
from tests.world import Browser, World

NEW = {"new_password": "a longer new password", "new_password_again": "a longer new password"}


def test_the_owner_gets_key_seats_validity_and_where_to_begin(acme: World) -> None:
    license = acme.ada_license
    send_license(license)
    [message] = mail.outbox
    assert message.to == ["ada@example.com"]
    assert message.subject == "Your licence for Orbit"
    for text in (message.body, str(message.alternatives[0][0])):
        assert "ADA111-ACME-ORBIT-0001" in text
        assert "3 machines" in text
        assert "No end" in text
        assert f"http://acme.portal.localhost:8000/licenses/{license.pk}/" in text
        assert "password" not in text
    [email] = OutgoingEmail.objects.all()
    assert (email.kind, email.license_id, email.state) == ("license", license.pk, "sent")
    assert license.key not in str([email.details, email.subject])


def test_the_product_is_called_what_its_customers_know(acme: World) -> None:
    acme.orbit.display_name = "Orbit for labs"
    change_product(acme.orbit, fields=["display_name"])
    send_license(acme.ada_license)
    [message] = mail.outbox
    assert message.subject == "Your licence for Orbit for labs"


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        ({"subscription_interval": "P30D"}, "until 24 December 2026"),
        (
            {"subscription_interval": "P30D", "expiration_strategy": ExpirationStrategy.DELAYED},
            "30 days from the first activation",
        ),
        ({"allowed_activations": 1}, "Seats: 1 machine\n"),
        ({"allowed_activations": 0}, "any number of machines"),
    ],
)
def test_terms_in_words(acme: World, terms: dict[str, Any], words: str) -> None:
    license = create_license(product=acme.orbit, user=acme.ada, **terms)
    send_license(license)
    assert words in mail.outbox[0].body


def test_who_has_no_password_gets_the_link_that_sets_it(world: World) -> None:
    with inside(world.acme):
        new = User.objects.create_user(vendor=world.acme, email="new@example.com")
        license = create_license(product=world.orbit, user=new)
        send_license(license)
    [link] = set(re.findall(r"http://[^\s\"<]+", mail.outbox[0].body))
    assert "works once, for 14 days at most" in " ".join(str(mail.outbox[0].body).split())
    path = link.removeprefix("http://acme.portal.localhost:8000")
    assert Browser("acme").post(path, NEW).status_code == 302
    Browser("acme").sign_in("new@example.com", NEW["new_password"])


def test_the_customer_sees_in_the_trail_that_it_was_sent(acme: World) -> None:
    with acting_as(acme.acme_support):
        send_license(acme.ada_license)
    entry = AuditEntry.objects.get(action="license-sent")
    assert (entry.license_id, entry.customer_id) == (acme.ada_license.pk, acme.ada.pk)
    assert (entry.visible, entry.actor_for_customers) == (True, "Acme Instruments")


def test_inactive_customers_get_none(acme: World) -> None:
    acme.ada_license.user.is_active = False
    with pytest.raises(OwnerIsInactive) as refused:
        send_license(acme.ada_license)
    assert "inactive" in refused.value.sentence
    assert (mail.outbox, OutgoingEmail.objects.count()) == ([], 0)


def test_it_is_not_sent_to_who_no_longer_owns_it(acme: World, settings: Any) -> None:
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    license = acme.ada_license
    license.expires_at = timezone.now() + timedelta(days=1)
    send_license(license)
    license.user = acme.grace
    license.save(update_fields=["user"])
    from mail.delivery import deliver

    email = OutgoingEmail.objects.get()
    deliver.call(vendor_id=str(acme.acme.pk), email_id=str(email.pk))
    assert (OutgoingEmail.objects.get().state, mail.outbox) == ("not-needed", [])
