"""Releases, their files, and the record of who downloaded what; verbs in publishing.py."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import (
    MaxLengthValidator,
    MaxValueValidator,
    RegexValidator,
    URLValidator,
)
from django.db import models
from django.db.models import Q
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _

from licenses.models import Product, VersionField, validate_version
from licenses.versions import LONGEST_KEY, parse, sort_key
from releases import platforms
from releases.files.names import FileNameField
from releases.notes import render
from tenancy.rows import SameVendor, TenantRow, labelled, personal, secret, told_by
from tenancy.texts import Line, Prose

validate_word = RegexValidator(
    r"^[a-z0-9][a-z0-9._-]{0,31}\Z",
    _("Use small letters, digits, dots, hyphens and underscores, 32 at most."),
    "invalid_word",
)
validate_sha256 = RegexValidator(r"^[0-9a-f]{64}\Z", _("Use the SHA-256 as 64 hexadecimal digits."))
STABLE = "stable"
MOST_PLATFORMS = 20
LONGEST_NOTES = 50_000  # characters
LARGEST_FILE = 10 * 1024**4  # bytes


def validate_address(value: str) -> None:
    """Raises ValidationError unless the value is an https address that a header can hold as it
    is, without a name and password in it."""
    URLValidator(schemes=["https"])(value)
    if not value.isascii() or "@" in urlsplit(value).netloc:
        raise ValidationError(
            _("Use an https address in plain letters, without a name and password."),
            code="invalid_address",
        )


def validate_platforms(value: object) -> None:
    """Raises ValidationError unless the value is a sorted list of different platform words."""
    if not isinstance(value, list) or not 1 <= len(value) <= MOST_PLATFORMS:
        raise ValidationError(_("Name 1 to 20 platforms."))
    if not all(isinstance(word, str) for word in value) or value != sorted(set(value)):
        raise ValidationError(_("Name each platform once."))
    for word in value:
        validate_word(word)


def platform_words(words: Iterable[str]) -> list[str]:
    """Platforms as they are kept: each by the portal's word for it, sorted, once."""
    return sorted({platforms.word_of(word) for word in words})


class OwnPlatform(TenantRow):
    """A platform of the vendor's own: its word, and how it is shown."""

    word = models.CharField(_("word"), max_length=32, validators=[validate_word])
    display_name = Line(_("display name"), max_length=100)

    class Meta(TenantRow.Meta):
        verbose_name = _("own platform")
        verbose_name_plural = _("own platforms")
        ordering = ("word",)
        constraints = (models.UniqueConstraint(name="platform_once", fields=("vendor", "word")),)

    def __str__(self) -> str:
        return self.display_name


def names_of(words: Iterable[str]) -> dict[str, str]:
    """How platforms are shown, by their words. Names that the vendor has given are looked up where
    there are words of its own."""
    names = {word: platforms.name_of(word) for word in words}
    own = [word for word in names if platforms.word_of(word) not in platforms.NAMES]
    if own:
        given = OwnPlatform.objects.filter(word__in=own)
        names |= dict(given.values_list("word", "display_name"))
    return names


class Release(TenantRow):
    """A version of a product for one or more platforms. Once it is published its files, version
    and channel are frozen; its words and platforms may be corrected."""

    product = models.ForeignKey(
        Product, models.PROTECT, related_name="releases", verbose_name=_("product")
    )
    name = Line(
        _("name"),
        max_length=100,
        help_text=_("What customers read, such as Orbit; the version comes after it."),
    )
    version = VersionField(
        _("version"),
        help_text=_(
            "Two to four numbers with dots between, such as 4.2.1; a pre-release is 4.2.1-rc.1."
        ),
    )
    # What versions are ordered by: `licenses.versions.sort_key`, set with the version.
    version_key = models.CharField(max_length=LONGEST_KEY, editable=False)
    channel = models.CharField(
        _("channel"),
        max_length=32,
        default=STABLE,
        validators=[validate_word],
        help_text=_("Such as stable or beta. A pre-release is never the newest of stable."),
    )
    platforms = labelled(
        models.JSONField(_("platforms"), validators=[validate_platforms]), platforms.NAMES
    )
    notes = Prose(
        _("notes"),
        max_length=LONGEST_NOTES,
        blank=True,
        # A text field's max_length is checked by forms alone.
        validators=[MaxLengthValidator(LONGEST_NOTES)],
        help_text=_("In Markdown; customers read them."),
    )
    # What customers read: the notes as HTML, set with them (releases/notes.py).
    notes_html = models.TextField(blank=True, editable=False)
    private = models.BooleanField(
        _("private"), default=False, help_text=_("Customers don't see it.")
    )
    published = models.BooleanField(_("published"), default=False, editable=False)
    published_at = models.DateTimeField(_("published at"), null=True, editable=False)
    # When its words were last corrected, after it was published.
    corrected_at = models.DateTimeField(_("corrected at"), null=True, editable=False)
    archived = models.BooleanField(_("archived"), default=False, editable=False)
    # Archived before anybody downloaded it: another release may have its version.
    version_freed = models.BooleanField(_("version freed"), default=False, editable=False)

    class Meta(TenantRow.Meta):
        verbose_name = _("release")
        verbose_name_plural = _("releases")
        ordering = ("-version_key", "-published_at", "id")
        constraints = (
            models.UniqueConstraint(
                name="release_version_once",
                fields=("product", "channel", "version_key", "platforms"),
                condition=Q(version_freed=False),
                violation_error_message=_("There is a release of this version already."),
            ),
            models.CheckConstraint(
                name="release_freed_is_archived",
                condition=Q(version_freed=False) | Q(archived=True),
            ),
            models.UniqueConstraint(name="release_vendor_pair", fields=("vendor", "id")),
            SameVendor(name="release_product_vendor", field="product", to_table="licenses_product"),
            models.CheckConstraint(
                name="release_published_has_moment",
                condition=Q(published=False, published_at=None)
                | Q(published=True, published_at__isnull=False),
            ),
        )
        indexes = (
            models.Index(fields=("vendor", "product", "published")),
            models.Index(name="release_by_version", fields=("vendor", "version_key", "id")),
        )

    def __str__(self) -> str:
        return f"{self.name} {self.version}"

    @staticmethod
    def platforms_in_words(releases: Sequence["Release"]) -> dict[Any, str]:
        """The platforms of each release as they are shown, by its id."""
        names = names_of(word for each in releases for word in each.platforms)
        return {each.pk: ", ".join(names[word] for word in each.platforms) for each in releases}

    @property
    def tried_out(self) -> bool:
        """Whether it is a pre-release in the stable channel, which is never the newest there."""
        return self.channel == STABLE and bool(parse(self.version).pre)

    @property
    def appeared(self) -> datetime:
        """When it was published; for a draft that is a mistake and raises ValueError."""
        if self.published_at is None:
            raise ValueError("A draft has not appeared.")
        return self.published_at

    @property
    def told_last(self) -> datetime:
        """When what it says was last new; for a draft that is a mistake and raises ValueError."""
        return self.corrected_at or self.appeared

    def clean(self) -> None:
        """Sets what the version is ordered by, and the notes as they are shown; raises
        ValidationError."""
        validate_version(self.version)
        self.version_key = sort_key(self.version)
        if len(self.notes) > LONGEST_NOTES:
            return  # which the field has refused
        try:
            self.notes_html = render(self.notes)
        except ValidationError as error:
            raise ValidationError({"notes": error}) from error


class ReleaseFile(TenantRow):
    """One artefact of a release: stored here under `key`, or elsewhere at `url`."""

    # Nothing cascades: the verbs delete what hangs on a row first, by statements that name the
    # vendor, and the database refuses to leave anything hanging.
    release = models.ForeignKey(Release, models.DO_NOTHING, related_name="files")
    name = FileNameField(_("file name"))
    size = told_by(
        models.PositiveBigIntegerField(
            _("size"), validators=[MaxValueValidator(LARGEST_FILE)], help_text=_("In bytes.")
        ),
        filesizeformat,
    )
    sha256 = models.CharField(_("SHA-256"), max_length=64, validators=[validate_sha256])
    content_type = models.CharField(
        _("content type"), max_length=100, default="application/octet-stream"
    )
    key = secret(models.CharField(max_length=150, blank=True, editable=False))
    url = models.URLField(_("address"), max_length=500, blank=True, validators=[validate_address])
    download_count = models.PositiveBigIntegerField(_("downloads"), default=0, editable=False)

    class Meta(TenantRow.Meta):
        verbose_name = _("release file")
        verbose_name_plural = _("release files")
        ordering = ("name",)
        constraints = (
            models.UniqueConstraint(
                name="release_file_name_once",
                fields=("release", "name"),
                violation_error_message=_("The release has a file of this name already."),
            ),
            models.UniqueConstraint(name="release_file_vendor_pair", fields=("vendor", "id")),
            models.UniqueConstraint(
                name="release_file_key_once", fields=("key",), condition=~Q(key="")
            ),
            SameVendor(
                name="release_file_release_vendor", field="release", to_table="releases_release"
            ),
            models.CheckConstraint(
                name="release_file_here_or_elsewhere",
                condition=(Q(key="") & ~Q(url="")) | (~Q(key="") & Q(url="")),
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def etag(self) -> str:
        """The strong entity tag (RFC 9110): equal bytes have equal tags, and no others."""
        return f'"{self.sha256}"'


class Download(TenantRow):
    """One request for bytes of a file that was granted; written by downloads.py.

    `counted` rows are the downloads to bill by; what resumes one, or fetches another part of it,
    is a row that `continues` it. Nothing of a row changes later, but that a counted one notes what
    has been granted in it.
    """

    file = models.ForeignKey(ReleaseFile, models.DO_NOTHING, related_name="downloads")
    user = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, related_name="+", verbose_name=_("customer")
    )
    license = models.ForeignKey(
        "licenses.License", models.SET_NULL, null=True, related_name="+", verbose_name=_("licence")
    )
    ip = personal(models.GenericIPAddressField(_("IP address"), null=True))
    first_byte = models.PositiveBigIntegerField(_("first byte"))
    bytes_asked = models.PositiveBigIntegerField(_("bytes asked"))
    complete = models.BooleanField(_("complete"), help_text=_("The whole file was asked for."))
    counted = models.BooleanField(_("counted"))
    continues = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="parts", verbose_name=_("continues")
    )
    # Of a counted one with all that continues it: the pieces that were granted
    # (files/pieces.py), and how many bytes of them once more.
    granted = models.JSONField(default=list, editable=False)
    granted_again = models.PositiveBigIntegerField(default=0, editable=False)

    class Meta(TenantRow.Meta):
        verbose_name = _("download")
        verbose_name_plural = _("downloads")
        ordering = ("-created_at", "id")
        constraints = (
            models.UniqueConstraint(name="download_vendor_pair", fields=("vendor", "id")),
            SameVendor(name="download_file_vendor", field="file", to_table="releases_releasefile"),
            SameVendor(name="download_user_vendor", field="user", to_table="accounts_user"),
            SameVendor(
                name="download_license_vendor", field="license", to_table="licenses_license"
            ),
            SameVendor(
                name="download_continues_vendor", field="continues", to_table="releases_download"
            ),
            models.CheckConstraint(
                name="download_counted_or_continues",
                condition=Q(counted=True, continues=None)
                | Q(counted=False, continues__isnull=False),
            ),
        )
        indexes = (
            models.Index(fields=("file", "license", "-created_at")),
            models.Index(name="download_newest", fields=("vendor", "-created_at", "id")),
            models.Index(name="download_by_ip", fields=("vendor", "ip", "id")),
            models.Index(
                name="download_statistics", fields=("vendor", "counted", "created_at", "file")
            ),
        )

    def __str__(self) -> str:
        return str(self.file)
