"""What moves in, noun by noun: where a source lists it, and which row here it becomes.

Whoever adds a noun writes how it is read and puts it into NOUNS, behind those that it leads to.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from accounts.models import CUSTOMER_ROLES, Role, Tag, User, UserTag
from accounts.rights import CLAIMS
from licenses import ends
from licenses.ends import End
from licenses.intervals import of_seconds
from licenses.models import (
    MAINTENANCE,
    RESTRICTIONS,
    TERMS,
    VALIDITY,
    Activation,
    FeatureFlag,
    License,
    LicenseMetadata,
    LicenseMeterAttribute,
    LicensePolicy,
    LicenseTag,
    LicenseUser,
    MaintenancePolicy,
    Product,
    ProductVersion,
    TrialActivation,
    TrialPolicy,
    VersionFeature,
)
from licenses.models.ends import Ending
from licenses.wire import TRIGGERS
from mail.models import OwnText
from mail.texts import TEXTS
from moving.plain import in_our_text
from moving.said import Needless, Said, Unreadable
from releases.models import OwnPlatform, Release, platform_words
from releases.platforms import NAMES, word_of
from tenancy.addresses import normalise_email
from webhooks.events import EVENTS
from webhooks.models import Webhook

# What rows name and do not say the id of.
NAMED = {"tag names": _lazy("tags"), "flag names": _lazy("feature flags")}
Ref = tuple[str, str]  # a noun, and a row's id at the source


@dataclass(frozen=True, slots=True)
class Refs:
    """The rows here that others at the source have become, and the zone of the vendor's days."""

    here: Mapping[Ref, UUID]
    zone: tzinfo

    def find(self, noun: str, id: UUID | str | None) -> UUID | None:
        return self.here.get((noun, str(id))) if id else None

    def need(self, noun: str, id: UUID | str | None) -> UUID:
        """Raises Unreadable where it was not taken."""
        found = self.find(noun, id)
        if found is None:
            raise Unreadable(
                _("It belongs to one of the %(noun)s that was not taken.")
                % {"noun": str(BY_NAME[noun].label if noun in BY_NAME else NAMED[noun])},
                common=True,
            )
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A row as the source says it: the values of its fields, what hangs on it by `related_name`,
    and what stands in a report."""

    id: UUID
    values: dict[str, Any]
    hanging: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    label: str = ""
    created_at: datetime | None = None
    # Of a product: the public half of the key that its programs trust.
    public_pem: str = ""
    # Of a webhook: its secret, which is encrypted where it is saved.
    secret: str = ""
    # What a report says of it, though it is taken.
    notes: tuple[str, ...] = ()
    files: list[dict[str, Any]] = field(default_factory=list)


def _nothing(_said: Said) -> Iterable[Ref]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Noun:
    """`natural` are the fields by which a row of the vendor's that is there already is the same.
    A source that has no list at `path` may have it at `today`, as it is called there by now."""

    name: str
    label: str | Promise
    path: str
    model: type[models.Model]
    read: Callable[[Said, Refs], Draft]
    leads: Callable[[Said], Iterable[Ref]] = _nothing
    natural: tuple[str, ...] = ()
    today: str = ""
    hangs: Mapping[str, type[models.Model]] = field(default_factory=dict)
    # Fields that move by themselves here and tell of no change by anybody.
    restless: frozenset[str] = frozenset()
    at_once: int = 25  # rows in a transaction


# --- Terms --------------------------------------------------------------------------------------

INTERVAL = "subscription_interval"


def _wire_name(field_name: str) -> str:
    first, *others = field_name.split("_")
    return first + "".join(each.capitalize() for each in others)


def _fields(said: Said, model: Any, names: Iterable[str]) -> dict[str, Any]:
    """The values of these fields that the source says something of."""
    told = {}
    for name in names:
        wire = _wire_name(name)
        if wire in said:
            told[name] = _value(said, wire, model._meta.get_field(name))
    return told


def _value(said: Said, name: str, one: models.Field[Any, Any]) -> Any:
    if isinstance(one, models.BooleanField):
        return said.flag(name)
    if isinstance(one, models.IntegerField):
        return said.number(name)
    return said.texts(name) if isinstance(one, models.JSONField) else said.text(name)


def _lasting(said: Said) -> dict[str, Any]:
    """How long it lasts: by the calendar, else by seconds; and when that begins to count."""
    told: dict[str, Any] = {}
    if "subscriptionInterval" in said:
        told[INTERVAL] = said.text("subscriptionInterval")
    elif "validity" in said:
        try:
            told[INTERVAL] = str(of_seconds(max(said.number("validity"), 0)))
        except ValueError as error:
            raise Unreadable(_("It lasts longer than a hundred years.")) from error
    if "expirationStrategy" not in said and "subscriptionStartTrigger" in said:
        by_trigger = {trigger: strategy for strategy, trigger in TRIGGERS.items()}
        trigger = by_trigger.get(said.text("subscriptionStartTrigger"))
        told |= {"expiration_strategy": str(trigger)} if trigger else {}
    return told


def _terms(said: Said) -> dict[str, Any]:
    told = _fields(said, LicensePolicy, (name for name in TERMS if name != INTERVAL))
    if "allowedIpRange" in said and "allowed_ip_ranges" not in told:
        told["allowed_ip_ranges"] = [each for each in [said.text("allowedIpRange")] if each]
    return told | _lasting(said)


def _metadata(said: Said) -> list[dict[str, Any]]:
    return [
        {"key": each.text("key"), "value": each.text("value"), "visible": each.flag("visible")}
        for each in said.rows("metadata")
    ]


def _draft(said: Said, values: dict[str, Any], **more: Any) -> Draft:
    label = str(more.pop("label", values.get("name", "")))[:300]
    return Draft(
        id=said.own_id(), values=values, label=label, created_at=said.moment("createdAt"), **more
    )


# --- Nouns --------------------------------------------------------------------------------------


def _tag(said: Said, _refs: Refs) -> Draft:
    return _draft(said, {"name": said.text("name"), "description": said.text("description")})


def _role(said: Said, _refs: Refs) -> Draft:
    claims = said.texts("claims")
    if unknown := sorted(set(claims) - CLAIMS):
        raise Unreadable(
            _("Its claims have no equal here (%(claims)s). Make the role by hand.")
            % {"claims": ", ".join(unknown)[:200]}
        )
    values = {"name": said.text("name"), "description": said.text("description")}
    return _draft(said, values | {"claims": sorted(claims)})


def _policy(said: Said, _refs: Refs) -> Draft:
    names = ("name", "key_pattern", "required_metadata_keys", "required_meter_attributes")
    return _draft(said, _fields(said, LicensePolicy, names) | _terms(said))


def _maintenance_policy(said: Said, _refs: Refs) -> Draft:
    names = (
        "name",
        "expiration_strategy",
        "allow_major_version_updates",
        "allow_minor_version_updates",
    )
    return _draft(said, _fields(said, MaintenancePolicy, names) | _lasting(said))


def _trial_policy(said: Said, _refs: Refs) -> Draft:
    names = ("name", "trial_length", "fingerprint_matching_strategy", *RESTRICTIONS)
    return _draft(said, _fields(said, TrialPolicy, names))


def _policies_of_product(said: Said) -> Iterator[Ref]:
    for noun, name in (("policies", "licensePolicy"), ("trial-policies", "trialPolicy")):
        row = said.row(name)
        if row and "id" in row:
            yield noun, str(row.id())


def _product(said: Said, refs: Refs) -> Draft:
    led = dict(_policies_of_product(said))
    display, name = said.text("displayName"), said.text("name")
    values = {
        "name": name,
        "display_name": "" if display == name else display,
        "description": said.text("description"),
        "metadata": _metadata(said),
        "default_policy_id": refs.find("policies", led.get("policies")),
        "trial_policy_id": refs.find("trial-policies", led.get("trial-policies")),
    }
    return _draft(said, values, public_pem=said.text("publicKey"))


def _feature_flag(said: Said, refs: Refs) -> Draft:
    values = {
        "product_id": refs.need("products", said.text("productId")),
        "name": said.text("name"),
        "description": said.text("description"),
    }
    return _draft(said, values)


def _led_by_version(said: Said) -> Iterator[Ref]:
    product = said.text("productId")
    yield "products", product
    for each in said.rows("featureFlags"):
        yield "flag names", f"{product} {each.text('name')}"


def _product_version(said: Said, refs: Refs) -> Draft:
    product, name, display = (said.text(each) for each in ("productId", "name", "displayName"))
    values = {
        "product_id": refs.need("products", product),
        "name": name,
        "display_name": "" if display == name else display,
        "description": said.text("description"),
    }
    features = [
        _with_id(
            each,
            {
                "flag_id": refs.need("flag names", f"{product} {each.text('name')}"),
                "enabled": each.flag("enabled"),
                "data": each.text("data"),
            },
        )
        for each in said.rows("featureFlags")
    ]
    return _draft(said, values, hanging={"features": features})


def _tags_of(said: Said) -> Iterator[Ref]:
    return (("tag names", name) for name in said.texts("tags"))


def _tagged(said: Said, refs: Refs) -> list[dict[str, Any]]:
    found = (refs.find("tag names", name) for name in said.texts("tags"))
    return [{"tag_id": tag} for tag in sorted(each for each in found if each)]


def _user(said: Said, refs: Refs) -> Draft:
    role = said.text("role") or next(iter(said.texts("roles")), "user")
    # SECURITY: tests/moving/test_import.py. Who moves in may sign in as soon as he asks for a
    # password, so that nobody gets rights by it.
    if role not in CUSTOMER_ROLES:
        raise Unreadable(
            _("This is somebody of the staff (role “%(role)s”). Invite them yourself.")
            % {"role": role[:50]}
        )
    first, last = said.text("firstName"), said.text("lastName")
    values = {
        "email": normalise_email(said.text("email")),
        "first_name": first or ("" if last else said.text("name").partition("@")[0]),
        "last_name": last,
        "company": said.text("company"),
        "role": role,
        "allow_customer_portal_access": said.flag("allowCustomerPortalAccess", default=True),
        "metadata": _metadata(said),
    }
    return _draft(said, values, hanging={"user_tags": _tagged(said, refs)})


def _led_by_license(said: Said) -> Iterator[Ref]:
    yield "products", said.text("productId")
    yield "policies", said.text("licensePolicyId") or said.text("licenseTemplateId")
    yield "maintenance-policies", said.text("maintenancePolicyId")
    yield "product-versions", said.text("productVersionId")
    yield "users", _owner_of(said)
    yield from (("users", each) for each in said.texts("additionalUserIds"))
    yield from _tags_of(said)


def _owner_of(said: Said) -> str:
    user = said.row("user")
    return (user.text("id") if user else "") or said.text("userId")


def _end(ending: Ending, moment: datetime | None, zone: tzinfo) -> dict[str, Any]:
    """The fields of an end: a day's, where the moment is the last second of one there."""
    row = License()
    if moment is not None:
        whole = moment.replace(microsecond=0)
        day = whole.astimezone(zone).date()
        on = day if ends.end_of(day, zone).at == whole else None
        ending.put(row, ends.until(End(whole if on else moment, on), zone))
    return {name: getattr(row, name) for name in ending.fields}


def _license(said: Said, refs: Refs) -> Draft:
    owner = _owner_of(said)
    values = {
        **_terms(said),
        "type": said.text("type", "node-locked"),
        "key": said.text("key"),
        "product_id": refs.need("products", said.text("productId")),
        "user_id": refs.need("users", owner) if owner else None,
        "policy_id": refs.find(
            "policies", said.text("licensePolicyId") or said.text("licenseTemplateId")
        ),
        "maintenance_policy_id": refs.find(
            "maintenance-policies", said.text("maintenancePolicyId")
        ),
        "product_version_id": refs.find("product-versions", said.text("productVersionId")),
        "max_allowed_release_version": said.text("maxAllowedReleaseVersion"),
        "suspended": said.flag("suspended"),
        "revoked": said.flag("revoked"),
        "notes": said.text("notes"),
        "total_deactivations": said.number("totalDeactivations"),
        **_end(VALIDITY, said.moment("expiresAt"), refs.zone),
        **_end(MAINTENANCE, said.moment("maintenanceExpiresAt"), refs.zone),
    }
    others = {refs.find("users", each) for each in said.texts("additionalUserIds")}
    hanging = {
        "metadata": [_with_id(each, _named_value(each)) for each in said.rows("metadata")],
        "meter_attributes": [_with_id(each, _meter(each)) for each in said.rows("meterAttributes")],
        "license_users": [{"user_id": each} for each in sorted(others - {None, values["user_id"]})],  # type: ignore[type-var]
        "license_tags": _tagged(said, refs),
    }
    return _draft(said, values, hanging=hanging, label=said.text("key"))


def _with_id(said: Said, values: dict[str, Any]) -> dict[str, Any]:
    """With the id, where the source has one: of some it is made of others."""
    try:
        id = said.id()
    except Unreadable:
        id = None
    return {"id": id, **values} if id else values


def _named_value(said: Said) -> dict[str, Any]:
    return {"key": said.text("key"), "value": said.text("value"), "visible": said.flag("visible")}


def _meter(said: Said) -> dict[str, Any]:
    total = max(said.number("totalUses"), 0)
    return {
        "name": said.text("name"),
        "allowed_uses": max(said.number("allowedUses"), -1),
        "total_uses": total,
        "gross_uses": max(said.number("grossUses"), total),
        "floating": said.flag("floating"),
        "visible": said.flag("visible"),
    }


COUNTRY = 2  # letters
FINGERPRINTS = re.compile(r"[\x21-\x7e]{64,256}")
NO_FINGERPRINT = _lazy(
    "The source does not tell the machine's fingerprint. It activates itself anew by its key."
)
OFFLINE = _lazy(
    "The machine was activated offline, and its key can't be read. It activates itself anew by a "
    "file."
)


def _activation(said: Said, refs: Refs) -> Draft:
    license_id = refs.need("licenses", said.text("licenseId"))
    if said.flag("offline"):
        raise Unreadable(str(OFFLINE), common=True)
    values = {
        "license_id": license_id,
        **_machine(said, str(NO_FINGERPRINT)),
        "meter_attributes": [
            {"name": each.text("name"), "uses": each.number("uses")}
            for each in said.rows("meterAttributes")
        ],
        "last_synced_at": said.moment("lastSyncedAt") or said.moment("createdAt"),
        "lease_expires_at": said.moment("leaseExpiresAt"),
        "expires_at": said.moment("expiresAt"),
    }
    return _draft(said, values, label="")


def _machine(said: Said, without: str) -> dict[str, Any]:
    """What a program has told of its machine. Raises Unreadable, with this sentence, where the
    fingerprint isn't told."""
    fingerprint = said.text("fingerprint")
    if not FINGERPRINTS.fullmatch(fingerprint):
        raise Unreadable(without, common=True)
    return {
        "fingerprint": fingerprint,
        "os": said.text("os").lower(),
        "os_version": said.text("osVersion"),
        "hostname": said.text("hostname"),
        "vm_name": said.text("vmName"),
        "container": said.flag("container"),
        "app_version": said.text("appVersion"),
        "metadata": [
            {"key": each.text("key"), "value": each.text("value")} for each in said.rows("metadata")
        ],
    }


UNKNOWN_TRIAL = _lazy(
    "The source does not tell the machine's fingerprint, so that its trial can't be known again: "
    "the machine may try the product here once."
)


def _trial(said: Said, refs: Refs) -> Draft:
    """A trial that was begun, so that the machine has no second one here."""
    location = said.row("location")
    country = location.text("countryCode") if location else ""
    values = {
        "product_id": refs.need("products", said.text("productId")),
        **_machine(said, str(UNKNOWN_TRIAL)),
        "country": country if len(country) == COUNTRY else "",
        "offline": said.flag("offline"),
        "expires_at": said.moment("expiresAt"),
    }
    return _draft(said, values, label="")


def _platform(said: Said, _refs: Refs) -> Draft:
    word = word_of(said.text("name"))
    if word in NAMES:
        raise Unreadable(_("The portal knows this platform by itself."))
    values = {"word": word, "display_name": said.text("displayName") or said.text("name")}
    return _draft(said, values, label=word)


def _release(said: Said, refs: Refs) -> Draft:
    published = said.flag("published")
    platforms = said.texts("platforms") or said.text("platform").split(",")
    values = {
        "product_id": refs.need("products", said.text("productId")),
        "name": said.text("name"),
        "version": said.text("version"),
        "channel": said.text("channel", "stable").lower(),
        "platforms": platform_words(each.strip().lower() for each in platforms if each.strip()),
        "notes": said.text("notes"),
        "private": said.flag("private"),
        "published": published,
        "published_at": said.moment("createdAt") if published else None,
        "archived": said.flag("archived"),
    }
    files = [
        {
            "id": str(each.own_id()),
            "name": each.text("name"),
            "url": each.text("url"),
            "size": each.number("size") if "size" in each else None,
            "checksum": each.text("checksum"),
            "downloads": max(each.number("downloads"), 0),
        }
        for each in said.rows("files")
    ]
    return _draft(said, values, files=files, label=f"{values['name']} {values['version']}")


OFF = _lazy(
    "It is off here: switch it on when programs use this host, so that nothing is sent twice."
)


def _webhook(said: Said, _refs: Refs) -> Draft:
    """With its secret, by which receivers know it; switched off."""
    events = said.texts("events")
    unknown = sorted(set(events) - set(EVENTS))
    secret = said.text("token")
    notes = [str(OFF)]
    if unknown:
        text = _("There are no such events here: %(events)s.")
        notes.append(text % {"events": ", ".join(unknown)[:300]})
    if not secret:
        notes.append(_("The source does not tell its token, so it has a new one."))
    values = {
        "name": said.text("name"),
        "url": said.text("url"),
        "style": said.text("style", str(Webhook.Style.CRYPTLEX)),
        "events": list(dict.fromkeys(each for each in events if each in EVENTS)),
        "active": False,
    }
    return _draft(said, values, secret=secret, notes=tuple(notes))


SENT_THERE = _lazy("The source sends it by itself. Whether the portal does, the settings say.")
NOT_SENT_THERE = _lazy(
    "The source does not send it. Here it is sent whenever there is need for it, in these words."
)
ONE_ADDRESS = _lazy("The source sends copies. Here an e-mail goes to one address.")


def _text(said: Said, _refs: Refs) -> Draft:
    """An own text of the vendor's: in our words, and as plain text."""
    event = said.text("event")
    text = next((each for each in TEXTS.values() if each.occasion == event), None)
    if text is None:
        raise Unreadable(_("No e-mail is sent here at “%(event)s”.") % {"event": event[:50]})
    try:
        words = in_our_text(text, subject=said.text("subject"), body=said.text("body"))
    except ValidationError as error:
        raise Unreadable(" ".join(error.messages)) from error
    if (words.subject, words.body) == text.standard():
        raise Needless
    notes = [*words.notes]
    enabled = said.flag("enabled", default=True)
    if text.switch and enabled:
        notes.append(str(SENT_THERE))
    elif not text.switch and not enabled:
        notes.append(str(NOT_SENT_THERE))
    if said.text("cc") or said.text("bcc"):
        notes.append(str(ONE_ADDRESS))
    values = {"kind": text.name, "subject": words.subject, "text": words.body}
    return _draft(said, values, label=str(text.label), notes=tuple(notes))


def _licensed(noun: str, name: str) -> Callable[[Said], Iterator[Ref]]:
    return lambda said: iter([(noun, said.text(name))])


NOUNS: Sequence[Noun] = (
    Noun(name="tags", label=_lazy("tags"), path="tags", model=Tag, read=_tag, natural=("name",)),
    Noun(
        name="roles", label=_lazy("roles"), path="roles", model=Role, read=_role, natural=("name",)
    ),
    Noun(
        name="policies",
        label=_lazy("licence policies"),
        path="license-policies",
        today="license-templates",
        model=LicensePolicy,
        read=_policy,
    ),
    Noun(
        name="maintenance-policies",
        label=_lazy("maintenance policies"),
        path="maintenance-policies",
        model=MaintenancePolicy,
        read=_maintenance_policy,
    ),
    Noun(
        name="trial-policies",
        label=_lazy("trial policies"),
        path="trial-policies",
        model=TrialPolicy,
        read=_trial_policy,
    ),
    Noun(
        name="products",
        label=_lazy("products"),
        path="products",
        model=Product,
        read=_product,
        leads=_policies_of_product,
        at_once=1,  # each makes a key pair
    ),
    Noun(
        name="feature-flags",
        label=_lazy("feature flags"),
        path="feature-flags",
        model=FeatureFlag,
        read=_feature_flag,
        leads=_licensed("products", "productId"),
    ),
    Noun(
        name="product-versions",
        label=_lazy("product versions"),
        path="product-versions",
        model=ProductVersion,
        read=_product_version,
        leads=_led_by_version,
        hangs={"features": VersionFeature},
    ),
    Noun(
        name="users",
        label=_lazy("customers"),
        path="users",
        model=User,
        read=_user,
        leads=_tags_of,
        natural=("email",),
        hangs={"user_tags": UserTag},
    ),
    Noun(
        name="licenses",
        label=_lazy("licences"),
        path="licenses",
        model=License,
        read=_license,
        leads=_led_by_license,
        hangs={
            "metadata": LicenseMetadata,
            "meter_attributes": LicenseMeterAttribute,
            "license_users": LicenseUser,
            "license_tags": LicenseTag,
        },
    ),
    Noun(
        name="activations",
        label=_lazy("activations"),
        path="activations",
        model=Activation,
        read=_activation,
        leads=_licensed("licenses", "licenseId"),
        restless=frozenset({"last_synced_at", "lease_expires_at"}),
    ),
    Noun(
        name="trial-activations",
        label=_lazy("trials"),
        path="trial-activations",
        model=TrialActivation,
        read=_trial,
        leads=_licensed("products", "productId"),
        natural=("product_id", "fingerprint"),
    ),
    Noun(
        name="release-platforms",
        label=_lazy("platforms"),
        path="release-platforms",
        model=OwnPlatform,
        read=_platform,
        natural=("word",),
    ),
    Noun(
        name="releases",
        label=_lazy("releases"),
        path="releases",
        model=Release,
        read=_release,
        leads=_licensed("products", "productId"),
        at_once=1,  # whose files are fetched before
    ),
    Noun(
        name="webhooks",
        label=_lazy("webhooks"),
        path="webhooks",
        model=Webhook,
        read=_webhook,
        # Somebody has to switch it on, and that is no change of what was taken.
        restless=frozenset({"active"}),
    ),
    Noun(
        name="email-templates",
        label=_lazy("texts of e-mails"),
        path="email-templates",
        today="automated-emails",
        model=OwnText,
        read=_text,
        natural=("kind",),
        at_once=1,  # a source may have several of an occasion
    ),
)
BY_NAME = {noun.name: noun for noun in NOUNS}
