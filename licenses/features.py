"""Which features are on, as people read it."""

from typing import Any

from django.db.models import QuerySet

from licenses.models import VersionFeature
from tenancy.prepared import prepared


@prepared
def features_of(version: Any, /) -> QuerySet[VersionFeature, str]:
    """The names of the features that a product version has on."""
    on = VersionFeature.objects.filter(version=version, enabled=True)
    return on.order_by("flag__name").values_list("flag__name", flat=True)
