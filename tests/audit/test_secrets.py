"""Every field that smells of a secret is marked as one, or is known to be harmless."""

import re

import pytest
from django.apps import apps
from django.db.models import BinaryField

from audit import trail
from tenancy.door import inside
from tenancy.rows import is_secret
from tests.portal.test_imports import LADDER
from tests.world import World

SMELLS = re.compile(r"key|token|secret|password|digest|jwk|private|pem|cookie|salt|claim|hash")
# What only sounds like one, and why.
HARMLESS = {
    "jobs.choreturn.claimed_by": "a worker, by the name that it has made up",
    "jobs.choreturn.claimed_until": "a moment",
    "moving.taken.here_digest": "of what staff read anyway",
    "moving.taken.source_digest": "of what a source says of it",
    "accounts.challenge.key": "a keyed hash; no vendor's row and never in the trail",
    "accounts.passkey.public_key": "the public half",
    "accounts.portalsettings.keys_by_email": "the vendor's choice",
    "tenancy.vendor.keys_by_email": "the vendor's choice",
    "accounts.refusal.license_key": "of a licence, for staff alone",
    "accounts.role.claims": "rights by name, in the security model for all to read",
    "branding.brandimage.data": "a picture, shown to everybody",
    "audit.auditentry.about_digest": "of what an entry says of people, with its salt",
    "audit.auditentry.by_digest": "of what an entry says of people, with its salt",
    "audit.auditentry.digest": "of the chain, shown to staff",
    "licenses.activation.key_replaced_at": "when, and nothing of the key",
    "licenses.activation.user_hash": "what a program says of its user, by itself",
    "licenses.licensepolicy.required_metadata_keys": "names of values",
    "licenses.trialactivation.user_hash": "what a program says of its user, by itself",
    "licenses.license.key_form": "the key in its stored form",
    "licenses.license.key": "what the vendor sells; customers and staff read it",
    "licenses.licensemetadata.key": "the name of a value",
    "licenses.licensepolicy.key_pattern": "how keys look",
    "licenses.product.allowed_key_replacements": "how often, a number",
    "licenses.signingkey.public_pem": "the public half",
    "offline.offlineexchange.digest": "of a file that was handed in",
    "releases.release.private": "whether customers see it",
    "releases.release.version_key": "orders versions",
    "web.answeredcall.key": "a keyed hash; no vendor's row and never in the trail",
    "web.ratebucket.key": "a keyed hash; no vendor's row and never in the trail",
    "web.sentform.key": "a keyed hash; no vendor's row and never in the trail",
    "webhooks.webhook.secret_made_at": "when, and nothing of the secret",
}


def smelling() -> dict[str, bool]:
    """By `<app>.<model>.<field>`, whether it is marked."""
    found = {}
    for model in apps.get_models():
        if model.__module__.partition(".")[0] not in LADDER:
            continue
        for field in model._meta.concrete_fields:
            # Bytes may be anything, whatever they are called.
            if SMELLS.search(field.name) or isinstance(field, BinaryField):
                found[f"{model._meta.label_lower}.{field.name}"] = is_secret(field)
    return found


def test_what_smells_of_a_secret_is_marked_or_known_to_be_harmless() -> None:
    found = smelling()
    assert len(found) > 10
    assert {name for name, marked in found.items() if not marked} <= set(HARMLESS)


def test_nothing_is_declared_harmless_that_is_marked_or_gone() -> None:
    assert {name for name, marked in smelling().items() if not marked} == set(HARMLESS)


@pytest.mark.parametrize("value", ["argon2$one", "argon2$two"])
def test_a_secret_is_told_to_have_changed_and_never_told(world: World, value: str) -> None:
    with inside(world.acme):
        before = type(world.ada).objects.get(pk=world.ada.pk)
    world.ada.password = value
    assert trail.changes_between(before, world.ada) == {"password": [None, None]}
    assert "password" not in trail.values_of(world.ada)
