"""Releases in the back office: a draft, its files, one button to publish; and who downloaded."""

from typing import Any, cast
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.core.validators import validate_ipv46_address
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Sum
from django.forms import ModelForm
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.template.defaultfilters import filesizeformat
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.finding import people_with
from accounts.models import UserWord
from backoffice.base import VendorAdmin, WithButtons, receives_files
from backoffice.filters import DaysFilter, RelatedFilter
from backoffice.lists import Empty
from licenses.models import Product
from licenses.search import has_key, licenses_with
from releases.errors import PlatformUnknown, ReleaseError, UploadIncomplete, VersionExists
from releases.files.shelf import shelf_for
from releases.files.uploads import LARGEST_UPLOAD, ReceivedFile, ReleaseUploadHandler
from releases.models import (
    Download,
    Release,
    ReleaseFile,
    platform_words,
    validate_platforms,
)
from releases.platforms import words_in
from releases.verbs import publishing
from tenancy.finding import Place, by_key, few_ids, has_word, named
from tenancy.spelling import Typed
from web.once import lead

VERBS = {
    "publish": (publishing.publish, _("%(row)s is published.")),
    "archive": (publishing.archive, _("%(row)s is archived.")),
    "unarchive": (publishing.unarchive, _("%(row)s is back.")),
    "make-private": (publishing.make_private, _("Customers don't see %(row)s any more.")),
    "make-public": (publishing.make_public, _("Customers see %(row)s now.")),
}


class PlatformsField(forms.CharField):
    """Platform words, separated by commas or spaces."""

    default_validators = [validate_platforms]

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        return platform_words(words_in(super().to_python(value) or ""))


class ReleaseForm(forms.ModelForm[Release]):
    """The draft; the admin gives it model and fields within the scope of a request."""

    platforms = PlatformsField(
        label=_("Platforms"),
        help_text=_("Separated by commas, such as windows, macos, linux."),
    )
    own_platforms = forms.BooleanField(
        label=_("These are platforms of our own"),
        required=False,
        widget=forms.HiddenInput,
        help_text=_("Only visitors who choose such a platform are offered the release."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "name" in self.fields:
            name = self.fields["name"]
            name.required = False
            name.help_text = _("%(what)s Empty, it is the product’s name.") % {
                "what": name.help_text
            }

    def clean_name(self) -> str:
        """Empty, it is the product's."""
        product = self.cleaned_data.get("product") or getattr(self.instance, "product", None)
        return self.cleaned_data["name"] or (str(product) if product else "")

    def clean(self) -> dict[str, Any]:
        """Asks about words that nobody knows; the verb refuses them without an answer."""
        cleaned = super().clean() or {}
        unknown = publishing.unknown_platforms(cleaned.get("platforms", []))
        if unknown:
            self.fields["own_platforms"].widget = forms.CheckboxInput()
            if not cleaned.get("own_platforms"):
                self.add_error("platforms", PlatformUnknown(", ".join(unknown)).sentence)
        return cleaned

    def _post_clean(self) -> None:
        """Shows beside the version what `save_draft` would refuse of it; the verb decides."""
        super()._post_clean()  # type: ignore[misc]
        if self.errors:
            return  # there is no whole draft to ask about
        try:
            publishing.check_version_is_new(self.instance)
        except VersionExists as error:
            self.add_error("version" if "version" in self.fields else "platforms", error.sentence)


class ExternalFileForm(forms.ModelForm[ReleaseFile]):
    """What is typed of a file that lies elsewhere; what the verb refuses is shown in it."""

    url = forms.URLField(label=_("Address"), assume_scheme="https")

    class Meta:
        model = ReleaseFile
        fields = ("name", "url", "size", "sha256")


def may_add_files(request: HttpRequest) -> bool:
    return request.user.has_perm("releases.add_releasefile")


@admin.register(Release)
class ReleaseAdmin(WithButtons):
    """A draft is changed at will; of what is published name, notes and platforms are corrected, and
    the rest is frozen and has buttons instead."""

    add_text = _("Add a release")
    empty = Empty(
        "file",
        _("A release is a version of a product, with files for whoever’s licence covers it."),
    )
    verbs = VERBS
    form = ReleaseForm
    list_display = (
        "release_shown",
        "version_shown",
        "channel",
        "platform_words",
        "state",
        "file_count",
        "downloads",
        "published_at",
    )
    list_filter = (("product", RelatedFilter), "channel", "published", "archived", "private",
                   ("published_at", DaysFilter))  # fmt: skip
    list_select_related = ("product",)
    search_fields = ("name", "version", "product__name", "files__name", "files__sha256")
    readonly_fields = ("state", "published_at", "file_list", "platform_words")
    change_form_template = "releases/admin/release.html"
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Release]:
        releases: QuerySet[Release] = super().get_queryset(request)
        # Subqueries: joins would multiply with those of a search in the files.
        files = ReleaseFile.objects.filter(release=OuterRef("pk")).order_by().values("release")
        return releases.defer("notes_html").annotate(
            file_count=Subquery(files.annotate(n=Count("pk")).values("n")),
            downloads=Subquery(files.annotate(n=Sum("download_count")).values("n")),
        )

    def get_fields(self, request: HttpRequest, obj: Release | None = None) -> Any:
        """The draft's form; what is published, or looked at, has its platforms in words, and what
        is not there yet has neither state nor files."""
        editable = obj is None or self.has_change_permission(request, obj)
        platforms = "platforms" if editable else "platform_words"
        question = ["own_platforms"] if editable else []
        described = ["product", "name", "version", "channel", platforms, *question]
        known = ["state", "published_at", "file_list"] if obj else []
        return [*described, "notes", "private", *known]

    def get_readonly_fields(self, request: HttpRequest, obj: Release | None = None) -> Any:
        frozen = ("product", "version", "channel", "private") if obj and obj.published else ()
        return (*frozen, *self.readonly_fields)

    def has_delete_permission(self, request: HttpRequest, obj: Release | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not (obj and obj.published)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        receive = receives_files(ReleaseUploadHandler, may_add_files, largest=LARGEST_UPLOAD)
        return [
            path(
                "<uuid:release_id>/files/",
                receive(view(self.files_view)),
                name="releases_release_files",
            ),
            path(
                "<uuid:release_id>/files/<uuid:file_id>/remove/",
                view(self.remove_file_view),
                name="releases_release_remove_file",
            ),
            *super().get_urls(),
        ]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Who has one product only need not choose it."""
        products = Product.objects.values_list("pk", flat=True)[:2]
        only = {"product": products[0]} if len(products) == 1 else {}
        return only | super().get_changeform_initial_data(request)

    # --- Saving ---------------------------------------------------------------------------------

    def save_model(
        self, request: HttpRequest, obj: Release, form: ModelForm[Any], change: bool
    ) -> None:
        save = publishing.correct if obj.published else publishing.save_draft
        save(obj, own_platforms=form.cleaned_data["own_platforms"])

    def delete_model(self, request: HttpRequest, obj: Release) -> None:
        publishing.delete_draft(obj)

    def response_add(
        self, request: HttpRequest, obj: Release, post_url_continue: str | None = None
    ) -> HttpResponse:
        """A new draft wants files next."""
        if "_addanother" in request.POST:
            return super().response_add(request, obj, post_url_continue)
        return redirect("admin:releases_release_files", obj.pk)

    # --- Files and buttons ----------------------------------------------------------------------

    def files_view(self, request: HttpRequest, release_id: UUID) -> HttpResponseBase:
        """The files of a draft: upload, name an address, take one off, publish."""
        release = self.own_row(request, release_id, "releases.add_releasefile")
        if release.published:
            return redirect("admin:releases_release_change", release.pk)
        external = "url" in request.POST
        form = ExternalFileForm(request.POST if external else None)
        if request.method == "POST" and not external:
            return self._said(request, release, lambda: self._receive(request, release))
        if external and form.is_valid() and self._add_external(request, release, form):
            return redirect("admin:releases_release_files", release.pk)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Files of %(release)s") % {"release": release},
            "opts": self.opts,
            "original": release,
            "files": [(file, filesizeformat(file.size)) for file in release.files.all()],
            "form": form,
        }
        return render(request, "releases/admin/files.html", context)

    def _add_external(self, request: HttpRequest, release: Release, form: ExternalFileForm) -> bool:
        """Whether the file is added; what was refused stands in the form."""
        try:
            file = publishing.add_external_file(release, **form.cleaned_data)
        except ReleaseError as error:
            form.add_error(None, error.sentence)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("%(name)s is added.") % {"name": file.name})
            return True
        return False

    def _receive(self, request: HttpRequest, release: Release) -> None:
        """Keeps the uploaded files, all or none of them."""
        # The last field of the form. What comes without it broke off on the way, maybe within a
        # file, which then looks whole.
        if request.POST.get("complete") != "yes":
            raise UploadIncomplete
        received = request.FILES.getlist("files")
        with shelf_for(release.vendor_id) as shelf:
            stored = []
            for file in received:
                stored.append((file.name or "", shelf.store(cast(ReceivedFile, file))))
            publishing.add_files(release, stored)
        done = ngettext("%(n)d file is added.", "%(n)d files are added.", len(received))
        messages.success(request, done % {"n": len(received)})

    def remove_file_view(
        self, request: HttpRequest, release_id: UUID, file_id: UUID
    ) -> HttpResponseBase:
        release = self.own_row(request, release_id, "releases.delete_releasefile")
        self.need_post(request)
        file = ReleaseFile.objects.filter(release=release, pk=file_id).first()
        if file is None:
            raise Http404
        return self._said(request, release, lambda: publishing.remove_file(file))

    def _said(self, request: HttpRequest, release: Release, act: Any) -> HttpResponseBase:
        """Acts, says what was refused, and goes back to the files: by a redirect, or by telling
        the script where to go."""
        try:
            act()
        except ReleaseError as error:
            messages.error(request, error.sentence)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        return lead(request, reverse("admin:releases_release_files", args=[release.pk]))

    # --- Columns --------------------------------------------------------------------------------

    @admin.display(description=_("product"))
    def release_shown(self, obj: Release) -> str:
        """And the release's name, where that is another."""
        if obj.name == str(obj.product):
            return obj.name
        return format_html('{} <span class="quiet">{}</span>', obj.product, obj.name)

    @admin.display(description=_("version"), ordering="version_key")
    def version_shown(self, obj: Release) -> str:
        return obj.version

    @admin.display(description=_("platforms"))
    def platform_words(self, obj: Release) -> str:
        return ", ".join(obj.platforms)

    @admin.display(description=_("state"))
    def state(self, obj: Release) -> str:
        if not obj.published:
            return str(capfirst(_("draft")))
        words = [_("archived") if obj.archived else _("published")]
        if obj.private:
            words.append(_("private"))
        return str(capfirst(", ".join(str(word) for word in words)))

    @admin.display(description=_("files"))
    def file_count(self, obj: Any) -> int:
        return int(obj.file_count or 0)

    @admin.display(description=_("downloads"))
    def downloads(self, obj: Any) -> int:
        return int(obj.downloads or 0)

    @admin.display(description=_("files"))
    def file_list(self, obj: Release) -> SafeString | str:
        if obj._state.adding:
            return ""
        lines = ((file.name, filesizeformat(file.size), file.sha256) for file in obj.files.all())
        line = "<p>{}, {}<br><small>SHA-256 {}</small></p>"
        return format_html_join("", line, lines)


def download_places(word: Typed) -> list[Place]:
    """Where a word of a download may stand: in the rows that it leads to; files are few."""
    downloads = Download.objects.all()
    people, many_people = people_with(word.form)
    licenses, many_licenses = licenses_with(word)
    files = list(few_ids(ReleaseFile.objects.all(), [word.form], ("name",)))
    return [
        by_key(
            downloads, "user", people, has=has_word(UserWord, word.form, "user"), many=many_people
        ),
        by_key(downloads, "license", licenses, has=has_key(word, "license"), many=many_licenses),
        by_key(downloads, "file", files, has=Q(file__in=files)),
        *_from_address(downloads, word.text),
    ]


def _from_address(downloads: QuerySet[Download], text: str) -> list[Place]:
    try:
        validate_ipv46_address(text)
    except ValidationError:
        return []
    return [named(downloads.filter(ip=text).order_by().values_list("pk", flat=True), Q(ip=text))]


@admin.register(Download)
class DownloadAdmin(VendorAdmin):
    """Who was granted which bytes; a row is written once. `counted` are those to bill by."""

    empty = Empty(
        "download",
        _("Every download of a customer is written down here."),
        button=_("To the releases"),
        route="releases_release_changelist",
        right="releases.view_release",
    )
    list_display = (
        "created_at",
        "file",
        "release",
        "user",
        "license",
        "ip",
        "size",
        "complete",
        "counted",
    )
    list_filter = (
        "counted",
        "complete",
        ("created_at", DaysFilter),
        ("file__release__product", RelatedFilter),
    )
    list_select_related = ("file__release", "user", "license")
    search_fields = ("ip",)  # for the box to be there
    search_help_text = _(
        "Beginnings of words: file, customer, licence key (also its groups and its end); a whole "
        "IP address."
    )
    places = staticmethod(download_places)
    fields = (
        "created_at",
        "file",
        "release",
        "user",
        "license",
        "ip",
        "begins_at",
        "size",
        "complete",
        "counted",
        "continues",
    )
    readonly_fields = ("created_at", "release", "begins_at", "size")

    @admin.display(description=_("size"), ordering="bytes_asked")
    def size(self, obj: Download) -> str:
        """How much was asked for, in words."""
        return filesizeformat(obj.bytes_asked)

    @admin.display(description=_("begins at"))
    def begins_at(self, obj: Download) -> str:
        """How much of the file stands before what was asked for."""
        return filesizeformat(obj.first_byte)

    @admin.display(description=_("release"))
    def release(self, obj: Download) -> str:
        return str(obj.file.release)
