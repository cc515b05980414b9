"""A source that has what a vendor of ours has."""

from collections.abc import Iterator
from contextlib import suppress
from copy import deepcopy
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction

from licenses.models import (
    FeatureFlag,
    License,
    LicenseMetadata,
    LicenseMeterAttribute,
    LicensePolicy,
    LicenseUser,
    MaintenancePolicy,
    Product,
    ProductVersion,
    TrialActivation,
    TrialPolicy,
    VersionFeature,
)
from licenses.verbs.details import add_metadata, tag_license
from mail.texts import TEXTS
from mail.verbs.texts import write
from moving.verbs import writing
from releases.models import OwnPlatform
from releases.verbs.own_platforms import add_platform
from tenancy.door import inside
from tests.moving.source import FakeSource, serving
from tests.world import CONTENT, NOW, World, rsa_key
from webhooks.models import Webhook
from webhooks.verbs.webhooks import create_webhook

TRIED = "t" * 64  # the fingerprint of a machine whose trial is over


@pytest.fixture
def bare(settings: Any, monkeypatch: Any) -> Iterator[FakeSource]:
    """A source that has nothing."""
    settings.PRIVATE_PROVIDERS = {"127.0.0.1"}
    key = rsa_key("of here")  # as slow to make as it is sure
    monkeypatch.setattr(writing.rsa, "generate_private_key", lambda *_about, **_more: key)
    with serving(FakeSource()) as found:
        yield found


RECORDED: dict[UUID, FakeSource] = {}  # by the id of the vendor


@pytest.fixture
def source(world: World, bare: FakeSource) -> FakeSource:
    """One that has what acme has. What is there for the telling is taken back when it is told."""
    if world.acme.pk not in RECORDED:
        found = RECORDED[world.acme.pk] = FakeSource()
        with suppress(Told), transaction.atomic():
            describe(world)
            found.record(world.acme_admin)
            raise Told
    bare.lists = deepcopy(RECORDED[world.acme.pk].lists)
    bare.files = {file["url"]: CONTENT for row in bare.lists["releases"] for file in row["files"]}
    return bare


class Told(Exception):
    """Everything is said."""


def describe(world: World) -> None:
    """What of a vendor can move, beside what the world has."""
    vendor, license = world.acme, world.ada_license
    with inside(vendor):
        policy = LicensePolicy.objects.create(
            vendor=vendor,
            name="Yearly",
            subscription_interval="P1Y",
            allowed_countries=["DE"],
            key_pattern="[A-Z]{20}",
        )
        MaintenancePolicy.objects.create(vendor=vendor, name="Care", subscription_interval="P1Y")
        trial = TrialPolicy.objects.create(vendor=vendor, name="Look", trial_length=86400)
        Product.objects.filter(pk=world.orbit.pk).update(default_policy=policy, trial_policy=trial)
        License.objects.filter(pk=license.pk).update(policy=policy)
        own = {"vendor": vendor, "license": license}
        add_metadata(LicenseMetadata(key="order", value="4711", visible=True, **own))
        LicenseMeterAttribute.objects.create(
            name="exports", allowed_uses=9, total_uses=4, gross_uses=7, **own
        )
        LicenseUser.objects.create(user=world.grace, **own)
        add_platform(OwnPlatform(vendor=vendor, word="amiga", display_name="Amiga OS"))
        tag_license(license, names=["key account"])
        TrialActivation.objects.create(
            vendor=vendor,
            product=world.orbit,
            fingerprint=TRIED,
            os="linux",
            hostname="trying",
            country="DE",
            offline=True,
            metadata=[{"key": "seat", "value": "7", "visible": False}],
            expires_at=NOW - timedelta(days=3),
        )
        write(TEXTS["invitation"], subject="Come in, {name}", body="Here: {link}")
        of_orbit = {"vendor": vendor, "product": world.orbit}
        flag = FeatureFlag.objects.create(name="export", **of_orbit)
        version = ProductVersion.objects.create(name="pro", display_name="Professional", **of_orbit)
        VersionFeature.objects.create(
            vendor=vendor, version=version, flag=flag, enabled=True, data="7"
        )
        License.objects.filter(pk=license.pk).update(product_version=version)
        create_webhook(
            Webhook(
                vendor=vendor, name="Shop", url="https://a.example/x", events=["license.created"]
            ),
            secret="a-secret-of-theirs",
        )
