"""What lists of licences are narrowed, found and sorted by."""

from collections.abc import Callable
from operator import eq, ge, gt, le, lt, ne

from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from api.errors import UnknownFilter
from api.lists import COMPARED, Column, Kind, Listing, condition, value_of
from licenses.intervals import parse
from licenses.models import License, LicenseMetadata, LicenseTag
from licenses.search import places_for_staff
from tenancy import finding
from tenancy.addresses import spellings_of
from tenancy.spelling import form_of


def _with_key(op: str, values: list[str]) -> Q:
    """Whole keys in any spelling; parts of one as they are."""
    if op not in {"eq", "ne", "in", "nin"}:
        return condition("key", Column("key"), op, values)
    named = Q(key_form__in=[form_of(value) for value in values])
    return ~named if op in {"ne", "nin"} else named


def _of_person(op: str, values: list[str]) -> Q:
    """Whose owner has an e-mail, in any spelling."""
    if op == "eq":
        return Q(user__in=User.objects.filter(email__in=spellings_of(values[-1])).values("pk"))
    return condition("user.email", Column("user__email"), op, values)


def _expired(op: str, values: list[str]) -> Q:
    if op not in {"eq", "ne"}:
        raise UnknownFilter(f"expired[{op}]")
    wanted = value_of("expired", Kind.FLAG, values[-1]) == (op == "eq")
    over = Q(expires_at__lte=timezone.now())
    return over if wanted else Q(expires_at=None) | ~over


OPERATORS: dict[str, Callable[[int, int], bool]] = {
    "eq": eq,
    "ne": ne,
    "gt": gt,
    "gte": ge,
    "lt": lt,
    "lte": le,
}


def _valid_for(op: str, values: list[str]) -> Q:
    """By the seconds of an interval: the intervals that there are, few beside the licences, are
    compared."""
    if op not in COMPARED:
        raise UnknownFilter(f"validity[{op}]")
    seconds = value_of("validity", Kind.NUMBER, values[-1])
    known = License.objects.order_by().values_list("subscription_interval", flat=True).distinct()
    return Q(
        subscription_interval__in=[
            each for each in known if OPERATORS[op](parse(each).nominal, seconds)
        ]
    )


def _tagged(op: str, values: list[str]) -> Q:
    if op not in {"eq", "in"}:
        raise UnknownFilter(f"tag[{op}]")
    names = [name for value in values for name in value.split(",")]
    return Q(pk__in=LicenseTag.objects.filter(tag__name__in=names).values("license"))


def _with_value(key: str, value: str) -> Q:
    entries = LicenseMetadata.objects.all()
    entries = entries.filter(key=key) if key else entries
    entries = entries.filter(value=value) if value else entries
    return Q(pk__in=entries.values("license"))


def _of_none(op: str, values: list[str]) -> Q:
    """What no licence has here: no reseller."""
    return Q(pk__in=()) if op in {"eq", "in"} else Q()


LICENSES = Listing(
    columns={
        "id": Column("id", Kind.ID),
        "key": Column("key"),
        "productId": Column("product_id", Kind.ID),
        "productVersionId": Column("product_version_id", Kind.ID),
        "userId": Column("user_id", Kind.ID),
        "licensePolicyId": Column("policy_id", Kind.ID),
        "licenseTemplateId": Column("policy_id", Kind.ID),
        "maintenancePolicyId": Column("maintenance_policy_id", Kind.ID),
        "user.company": Column("user__company"),
        "revoked": Column("revoked", Kind.FLAG),
        "suspended": Column("suspended", Kind.FLAG),
        "type": Column("type"),
        "subscriptionInterval": Column("subscription_interval"),
        "expirationStrategy": Column("expiration_strategy"),
        "allowedActivations": Column("allowed_activations", Kind.NUMBER),
        "allowedDeactivations": Column("allowed_deactivations", Kind.NUMBER),
        "totalActivations": Column("total_activations", Kind.NUMBER),
        "totalDeactivations": Column("total_deactivations", Kind.NUMBER),
        "allowVmActivation": Column("allow_vm_activation", Kind.FLAG),
        "allowContainerActivation": Column("allow_container_activation", Kind.FLAG),
        "userLocked": Column("user_locked", Kind.FLAG),
        "expiresAt": Column("expires_at", Kind.MOMENT),
        "maintenanceExpiresAt": Column("maintenance_expires_at", Kind.MOMENT),
        "createdAt": Column("created_at", Kind.MOMENT),
        "updatedAt": Column("updated_at", Kind.MOMENT),
    },
    found=lambda rows, words: finding.find(rows, words, places_for_staff, whole=True).rows,
    special={
        "key": _with_key,
        "licenseKey": _with_key,
        "user.email": _of_person,
        "email": _of_person,
        "expired": _expired,
        "validity": _valid_for,
        "tag": _tagged,
        "tags": _tagged,
        "resellerId": _of_none,
    },
    pairs={
        ("metadata.key", "metadata.value"): _with_value,
        ("metadataKey", "metadataValue"): _with_value,
    },
)
