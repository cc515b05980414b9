"""The words by which licences and machines are found, those that are gone, too."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Self

from django.db import models

from licenses.models.activation import Activation
from licenses.models.gone import GoneMachine
from licenses.models.license import License, LicenseMetadata
from tenancy.finding import Word, to_row
from tenancy.rows import SameVendor
from tenancy.spelling import LONGEST_WORD, end_of, form_of, words_in

# What of a licence is found by its words. Its key's beginning has an index of its own.
SEARCHED = ("name", "order_number", "notes", "internal_notes")


class LicenseWord(Word):
    """A word of a licence or of its metadata; `visible` if its customer sees it there."""

    pk = models.CompositePrimaryKey("vendor_id", "word", "license_id")
    license = to_row("licenses.License")
    visible = models.BooleanField()

    row = "license"
    also = ("visible",)

    class Meta(Word.Meta):
        constraints = (
            SameVendor(
                name="license_word_license_vendor",
                field="license",
                to_table="licenses_license",
                goes_along=True,
            ),
        )

    @classmethod
    def of(cls, rows: Sequence[License]) -> list[Self]:
        metadata: dict[Any, list[LicenseMetadata]] = defaultdict(list)
        for entry in LicenseMetadata.objects.filter(license__in=[each.pk for each in rows]):
            metadata[entry.license_id].append(entry)
        return [word for row in rows for word in cls.of_one(row, metadata[row.pk])]

    @classmethod
    def of_one(cls, license: License, metadata: Iterable[LicenseMetadata] = ()) -> list[Self]:
        """The words that a licence with this metadata should have."""
        seen = words_of_key(license.key)
        seen = seen.union(*map(words_in, (license.name, license.order_number, license.notes)))
        withheld = words_in(license.internal_notes)
        for entry in metadata:
            (seen if entry.visible else withheld).update(words_in(entry.key), words_in(entry.value))
        return [
            cls(
                vendor_id=license.vendor_id,
                word=word,
                license_id=license.pk,
                visible=word in seen,
            )
            for word in sorted(seen | withheld)
        ]


def words_of_key(key: str) -> set[str]:
    """A key is read out from a group of it on, or from its end; its beginning has an index."""
    return words_in(key) - {form_of(key)[:LONGEST_WORD]} | {end_of(key)}


class ActivationWord(Word):
    """A word of a machine's host name."""

    pk = models.CompositePrimaryKey("vendor_id", "word", "activation_id")
    activation = to_row("licenses.Activation")

    row = "activation"

    class Meta(Word.Meta):
        constraints = (
            SameVendor(
                name="activation_word_activation_vendor",
                field="activation",
                to_table="licenses_activation",
                goes_along=True,
            ),
        )

    @classmethod
    def of(cls, rows: Sequence[Activation]) -> list[Self]:
        return [
            cls(vendor_id=row.vendor_id, word=word, activation_id=row.pk)
            for row in rows
            for word in sorted(words_in(row.hostname))
        ]


class GoneMachineWord(Word):
    """A word of the host name of a machine that has no seat any more."""

    pk = models.CompositePrimaryKey("vendor_id", "word", "machine_id")
    machine = to_row("licenses.GoneMachine")

    row = "machine"

    class Meta(Word.Meta):
        constraints = (
            SameVendor(
                name="gone_machine_word_machine_vendor",
                field="machine",
                to_table="licenses_gonemachine",
                goes_along=True,
            ),
        )

    @classmethod
    def of(cls, rows: Sequence[GoneMachine]) -> list[Self]:
        return [
            cls(vendor_id=row.vendor_id, word=word, machine_id=row.pk)
            for row in rows
            for word in sorted(words_in(row.hostname))
        ]
