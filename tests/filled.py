"""Rows of both vendors in every table, for tests that walk all of them."""

import uuid

from django.utils import timezone

from accounts.models import Identity, IdentityProvider, Refusal, Registration, ViewAs
from accounts.single_sign_on.verbs import create_provider
from accounts.tokens import verbs as tokens
from accounts.verbs import refusals, sessions, tags
from audit import trail
from audit.acting import acting_as
from backoffice.models import BulkChange, BulkStep, SavedView
from branding.domains.verbs import claim
from branding.models import ProvedDomain
from branding.verbs.brands import change_brand
from imports.models import ColumnMeaning, ImportStep
from imports.verbs import files
from licenses.models import (
    FeatureFlag,
    GoneMachine,
    GoneMachineWord,
    LicenseMetadata,
    LicenseMeterAttribute,
    LicensePolicy,
    LicenseUser,
    MaintenancePolicy,
    ProductVersion,
    SeatRequest,
    TrialActivation,
    TrialPolicy,
    VersionFeature,
)
from licenses.verbs.details import add_metadata, tag_license
from licenses.verbs.mailing import send_license
from mail.texts import TEXTS
from mail.verbs import texts
from moving.models import Move, Remark, Taken
from offline.models import OfflineExchange
from releases.files.ranges import ByteRange
from releases.models import OwnPlatform
from releases.verbs.downloads import record
from releases.verbs.own_platforms import add_platform
from tenancy.door import inside
from tenancy.hosts import Site
from tenancy.models import Vendor
from tests.accounts.authenticators import passkey_of
from tests.accounts.phones import phone_of
from tests.branding.pictures import picture
from tests.world import World, file_of
from webhooks.models import Webhook
from webhooks.verbs.webhooks import create_webhook, send_test


def fill(world: World) -> None:
    """Rows of every model that the world has none of, at both vendors; each has the vendor's
    company id in some word."""
    _fill(world, world.acme)
    _fill(world, world.globex)


def _fill(world: World, vendor: Vendor) -> None:
    name = vendor.company_id
    acme = vendor == world.acme
    license = world.ada_license if acme else world.bob_license
    machine = world.ada_machine if acme else world.bob_machine
    release = world.orbit_release if acme else world.quill_release
    staff = world.acme_admin if acme else world.globex_admin
    with inside(vendor):
        policy = LicensePolicy.objects.create(vendor=vendor, name=f"{name}-policy")
        MaintenancePolicy.objects.create(vendor=vendor, name=f"{name}-upkeep")
        TrialPolicy.objects.create(vendor=vendor, name=f"{name}-trial")
        flag = FeatureFlag.objects.create(
            vendor=vendor, product=license.product, name=f"{name}-feature"
        )
        version = ProductVersion.objects.create(
            vendor=vendor, product=license.product, name=f"{name}-version"
        )
        VersionFeature.objects.create(vendor=vendor, version=version, flag=flag, data=name)
        gone = GoneMachine.objects.create(
            vendor=vendor, license=license, hostname=f"{name}-scrapped", how="freed"
        )
        GoneMachineWord.objects.begin([gone])
        TrialActivation.objects.create(
            vendor=vendor,
            product=license.product,
            fingerprint=f"{name}-print",
            os="linux",
            hostname=f"{name}-tries",
            expires_at=timezone.now(),
        )
        add_metadata(LicenseMetadata(vendor=vendor, license=license, key=f"{name}-order"))
        LicenseMeterAttribute.objects.create(vendor=vendor, license=license, name=f"{name}-meter")
        other = world.grace if acme else world.ada_of_globex
        tag_license(license, names=[f"{name}-licence"])
        LicenseUser.objects.create(vendor=vendor, license=license, user=other)
        Registration.objects.create(
            vendor=vendor, email=f"new@{name}.example", ends_at=timezone.now()
        )
        refusals.note(Refusal.Kind.FILE, f"{name}-reason", user=license.user, said=name)
        OfflineExchange.objects.create(
            vendor=vendor,
            license=license,
            user=license.user,
            kind=OfflineExchange.Kind.ACTIVATION,
            digest="0" * 64,
            jti=uuid.uuid4(),
            activation_id=machine.pk,
            hostname=f"{name}-pc",
            response="{}",
        )
        phone_of(license.user)
        passkey_of(license.user, name=f"{name}-phone")
        tags.tag_person(license.user, names=[f"{name}-tag"])
        tokens.write(license.user, name=f"{name}-program", scopes=["license:read"])
        sessions.begin(license.user, site=Site.CUSTOMER, browser=f"{name}-browser")
        ViewAs.objects.create(
            vendor=vendor,
            staff=staff,
            customer=license.user,
            link_digest="0" * 64,
            ends_at=timezone.now(),
        )
        provider = create_provider(
            IdentityProvider(vendor=vendor, name=f"{name}-id", issuer=f"https://{name}.example")
        )
        Identity.objects.create(
            vendor=vendor,
            provider=provider,
            user=license.user,
            issuer=provider.issuer,
            subject=f"{name}-subject",
        )
        claim(vendor, f"licenses.{name}.example")
        ProvedDomain.objects.create(vendor=vendor, name=f"old.{name}.example")
        add_platform(OwnPlatform(vendor=vendor, word=f"{name}-box"))
        change_brand(vendor=vendor, pictures={"logo_light": picture()})
        send_license(license)
        texts.write(TEXTS["invitation"], subject=f"{name}-hello", body="{link}")
        record(
            file_of(release),
            user=license.user,
            license=license,
            ip="192.0.2.1",
            granted=ByteRange(0, 1),
        )
        trail.record("changed", policy, changes={"name": ["", policy.name]})
        with acting_as(staff):
            row = files.start(
                vendor=vendor,
                kind="customers",
                file_name=f"{name}-import.csv",
                data=b"email\nsomebody@else.example\n",
                options={},
            )
        ColumnMeaning.objects.create(
            vendor=vendor, kind="customers", heading=f"{name}heading", column="email"
        )
        SavedView.objects.create(
            vendor=vendor,
            owner=staff,
            listed="licenses.license",
            name=f"{name}-view",
            query="status=active",
            shared=True,
        )
        change = BulkChange.objects.create(
            vendor=vendor, kind="licenses", name="suspend", label=f"{name}-change", rows=1
        )
        BulkStep.objects.create(
            vendor=vendor, change=change, number=0, rows=[[str(license.pk), name]]
        )
        SeatRequest.objects.create(
            vendor=vendor,
            license=license,
            owner=license.user,
            user=license.user,
            activation_id=machine.pk,
            hostname=f"{name}-pc",
            reason=f"{name} broke",
        )
        hook = create_webhook(
            Webhook(
                vendor=vendor,
                name=f"{name}-hook",
                url=f"https://{name}.example/hooks",
                events=["license.created"],
            )
        )
        send_test(hook)
        move = Move.objects.create(
            vendor=vendor,
            address=f"https://{name}.example",
            state="done",
            started_by=staff,
        )
        Taken.objects.create(
            vendor=vendor,
            noun="tags",
            source_id=f"{name}-tag",
            row_id=uuid.uuid4(),
            source_digest="0" * 64,
            here_digest="0" * 64,
        )
        Remark.objects.create(
            vendor=vendor, move=move, noun="tags", label=f"{name}-tag", sentence="It is odd."
        )
        ImportStep.objects.create(
            vendor=vendor, data_import=row, number=0, act=f"{name}-act", content="[]"
        )
