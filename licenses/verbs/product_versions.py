"""Feature flags of products, and the product versions that switch them on or off."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _

from audit import rows
from licenses.errors import FeatureFlagIsUsed, ProductIsFixed, ProductVersionIsUsed
from licenses.models import FeatureFlag, ProductVersion, VersionFeature

MOST_FEATURES = 100  # of a product version: all of them are in each token


def create_feature_flag(flag: FeatureFlag) -> FeatureFlag:
    """Saves a flag that was filled in elsewhere. Raises ValidationError."""
    flag.full_clean()
    return rows.create(flag)


def change_feature_flag(flag: FeatureFlag, *, fields: Collection[str]) -> FeatureFlag:
    """Saves the fields that changed; programs ask for the new name from then on.

    Raises ProductIsFixed and ValidationError.
    """
    _check_product(fields)
    flag.full_clean()
    return rows.change(flag, fields=fields)


def delete_feature_flag(flag: FeatureFlag) -> None:
    """Deletes a flag that no product version has. Raises FeatureFlagIsUsed."""
    try:
        rows.delete(flag)
    except ProtectedError as error:
        raise FeatureFlagIsUsed from error


def create_product_version(version: ProductVersion) -> ProductVersion:
    """Saves a version that was filled in elsewhere; it has no features yet. Raises
    ValidationError."""
    version.full_clean()
    return rows.create(version)


def change_product_version(version: ProductVersion, *, fields: Collection[str]) -> ProductVersion:
    """Saves the fields that changed. Raises ProductIsFixed and ValidationError."""
    _check_product(fields)
    version.full_clean()
    return rows.change(version, fields=fields)


def delete_product_version(version: ProductVersion) -> None:
    """Deletes a version that no licence has, with what it says of features. Raises
    ProductVersionIsUsed."""
    try:
        rows.delete(version)
    except ProtectedError as error:
        raise ProductVersionIsUsed from error


def _check_product(fields: Collection[str]) -> None:
    """Licences and features of the same product lead here. Raises ProductIsFixed."""
    if "product" in fields:
        raise ProductIsFixed


def add_feature(feature: VersionFeature) -> VersionFeature:
    """Has a version say whether it has a feature. Raises ValidationError."""
    feature.full_clean()
    return rows.create(feature)


def change_feature(feature: VersionFeature, *, fields: Collection[str]) -> VersionFeature:
    """Saves the fields that changed. Raises ValidationError."""
    feature.full_clean()
    return rows.change(feature, fields=fields)


def remove_feature(feature: VersionFeature) -> None:
    """Has a version say nothing of a feature any more."""
    rows.delete(feature)


@transaction.atomic
def set_features(version: ProductVersion, entries: Sequence[Mapping[str, Any]]) -> None:
    """Has the version say of these features, by their names, what the entries say (`enabled`,
    `data`; what is missing stays as it is), and nothing of others.

    Raises ValidationError, also for a feature that the product has no flag for.
    """
    locked = ProductVersion.objects.select_for_update(of=("self",)).get(pk=version.pk)
    wanted = {each["name"]: each for each in entries}
    if len(wanted) > MOST_FEATURES:
        text = _("A product version has at most %(n)d features.")
        raise ValidationError(text % {"n": MOST_FEATURES})
    flags = FeatureFlag.objects.filter(product=locked.product_id, name__in=wanted)
    by_name = {flag.name: flag for flag in flags}
    for name in wanted:
        if name not in by_name:
            text = _("The product has no feature flag “%(name)s”: add it first.")
            raise ValidationError(text % {"name": name[:100]})
    known = {each.flag.name: each for each in locked.features.select_related("flag")}
    for name in known.keys() - wanted.keys():
        remove_feature(known[name])
    for name, entry in wanted.items():
        told = {field: entry[field] for field in ("enabled", "data") if field in entry}
        feature = known.get(name)
        if feature is None:
            flag = by_name[name]
            add_feature(VersionFeature(vendor=locked.vendor, version=locked, flag=flag, **told))
            continue
        for field, value in told.items():
            setattr(feature, field, value)
        change_feature(feature, fields=list(told))
