"""The base of every model in the back office.

Everything runs inside the staff's vendor's scope (portal/middleware/people.py), so that lists,
choices, look-ups and deletions can reach that vendor's rows alone.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.admin.views.main import PAGE_VAR
from django.core.exceptions import (
    ImproperlyConfigured,
    PermissionDenied,
)
from django.core.files.uploadhandler import FileUploadHandler
from django.db import models
from django.forms import ModelForm, model_to_dict
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from audit import trail, words
from backoffice.bulk import deleting
from backoffice.lists import ListAdmin, links_from
from backoffice.owned import owned
from backoffice.pages import Walk, columns_of
from backoffice.readable import ReadableForm
from tenancy.door import current_vendor, is_inside
from web import once, places
from web.bodies import LARGEST, announced
from web.errors import PortalError
from web.policy import content_security_policy
from web.requests import PAGE_SIZE

LONGEST_QUERY = 300  # characters
LARGEST_FILES = 16 * 1024 * 1024  # bytes of a form with pictures or a table
# What says where in a list somebody is has the value of a row in it, 256 characters or more.
LONGEST_PLACE = 3000
COPY = "copy"  # of the query: the row that is duplicated
PLACES = {PAGE_VAR, "_changelist_filters"}


def _no_verb(row: Any, **options: Any) -> Any:
    raise ImproperlyConfigured(f"The back office has no verb for this: {row._meta.label}")


@dataclass(frozen=True, slots=True)
class Writes:
    """The verbs by which the back office creates, changes and deletes a model's rows."""

    create: Callable[[Any], Any] = _no_verb
    change: Callable[..., Any] = _no_verb
    delete: Callable[[Any], Any] = _no_verb


class VendorAdmin(ListAdmin):
    """The base of every admin of a tenant's rows: the scope's vendor owns what it saves."""

    # By which verbs rows are saved, the list's own and those of the rows below one.
    writes: Mapping[type[models.Model], Writes] = {}

    # What a list may be narrowed by beside `list_filter`, because pages link to it.
    lookups: tuple[str, ...] = ()

    def __init__(self, model: type[models.Model], admin_site: Any) -> None:
        """Of what can be deleted many rows can be, by a job (backoffice/bulk/deleting.py)."""
        super().__init__(model, admin_site)
        delete = self.writes.get(model, Writes()).delete
        if delete is not _no_verb:
            deleting.register_for(self, delete)

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """The filters that are offered and no other condition.

        SECURITY: tests/backoffice/test_lookups.py. Django lets every field of the model be
        compared, a password's hash too, and the number of hits tells it letter by letter.
        """
        offered = set(map(_narrowed_by, self.list_filter)) | set(self.lookups)
        return re.sub(r"(__(id|pk))?(__(exact|isnull|named|from|to))?$", "", lookup) in offered

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """The scope's rows; an operator, who has no vendor, is refused."""
        if not is_inside():
            raise PermissionDenied
        return super().get_queryset(request)

    def save_model(
        self, request: HttpRequest, obj: Any, form: ModelForm[Any], change: bool
    ) -> None:
        """Has the row's verb save what was typed."""
        if not change:
            self.writes[type(obj)].create(obj)
            return
        names = {field.name for field in obj._meta.concrete_fields}
        self.writes[type(obj)].change(obj, fields=[n for n in form.changed_data if n in names])

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Has the row's verb delete it."""
        self.writes[type(obj)].delete(obj)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """As Django says it; the rows themselves are not what belongs to them."""
        doomed, counts, lacking, protected = super().get_deleted_objects(objs, request)
        own = self.opts.verbose_name_plural
        left = {name: n - len(objs) if name == own else n for name, n in counts.items()}
        return doomed, {name: n for name, n in left.items() if n > 0}, lacking, protected

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Has the verbs of the rows below a row (inlines) save what was typed of each."""
        formset.save(commit=False)
        writes = self.writes[formset.model]
        for row in formset.deleted_objects:
            writes.delete(row)
        for row, names in formset.changed_objects:
            writes.change(row, fields=names)
        for row in formset.new_objects:
            writes.create(row)

    # The audit trail tells more than Django's own log, so nothing is written there.

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any: ...

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any: ...

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any: ...

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        """What the audit trail says about this row, in pages of 25."""
        row = self.get_object(request, object_id)
        if row is None:
            return super().history_view(request, object_id)  # which says that it is not there
        if not self.has_view_or_change_permission(request, row):
            raise PermissionDenied
        return history_page(self.admin_site, request, self.opts, row)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """The page; what only a verb can find out (two at once) is said, and nothing saved."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except PortalError as error:
            refused(request, error)
            return redirect(request.get_full_path())

    def title_of(self, row: Any) -> str:
        """What stands on top of the row's page."""
        return str(row)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Django's page under the row's name, on which what can't be typed is told in words."""
        row = context["original"]
        if row is not None:
            context["title"] = self.title_of(row)
        context["adminform"] = ReadableForm(context["adminform"], request.user)
        page: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return page

    def _get_obj_does_not_exist_redirect(
        self, request: HttpRequest, opts: Any, object_id: str
    ) -> HttpResponse:
        """As Django does, without the row's id, which tells people nothing."""
        text = _("There is no such %(name)s. Perhaps it was deleted.")
        messages.warning(request, text % {"name": self.row_name})
        return redirect("admin:index")

    def delete_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().delete_view(request, object_id, *args, **kwargs)
        except PortalError as error:
            refused(request, error)
            return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """What the query fills in; a row that is named by something that is no id is left out."""
        initial = super().get_changeform_initial_data(request)
        for field in self.opts.fields:
            if isinstance(field, models.ForeignKey) and not _is_uuid(initial.get(field.name)):
                initial.pop(field.name, None)
        return initial

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """The model's form, whose new instance belongs to the scope's vendor from the start."""
        form_class = super().get_form(request, obj, change=change, **kwargs)
        return owned(form_class, current_vendor())


class WithDuplicate(VendorAdmin):
    """A model of which a row can be duplicated: the form for a new one, filled in with what the row
    has apart from its name. Nothing is made before it is saved."""

    change_form_template = "admin/duplicated_change_form.html"

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        row = self.to_duplicate(request)
        return self.duplicate_of(row) if row else super().get_changeform_initial_data(request)

    def to_duplicate(self, request: HttpRequest) -> Any:
        """The vendor's row that the query names, for who may see it; None for any other."""
        row = self.get_object(request, request.GET.get(COPY, ""))
        return row if row and self.has_view_or_change_permission(request, row) else None

    def duplicate_of(self, row: Any) -> dict[str, Any]:
        """What the form for a new row begins with."""
        return model_to_dict(row) | {"name": _("Copy of %(name)s") % {"name": row.name}}

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> Any:
        shown = {"duplicate": self.duplicate_url(request, object_id), **(extra_context or {})}
        return super().change_view(request, object_id, form_url, shown)

    def duplicate_url(self, request: HttpRequest, row_id: str) -> str:
        """Where a row is duplicated; empty for who may not add one."""
        route = f"admin:{self.opts.app_label}_{self.opts.model_name}_add"
        return reverse(route, query={COPY: row_id}) if self.has_add_permission(request) else ""


def _narrowed_by(offered: Any) -> str | None:
    """What an entry of `list_filter` looks up: a field, a field with its filter, or a filter."""
    if isinstance(offered, tuple):
        return str(offered[0])
    return offered if isinstance(offered, str) else getattr(offered, "parameter_name", None)


def refused(request: HttpRequest, error: PortalError) -> None:
    """Says on the next page what was refused. Who has to wait gets a page of its own instead,
    which tells programs how long."""
    if error.wait:
        raise error
    messages.error(request, error.sentence)


def allow_forms_to(response: HttpResponse, target: str) -> HttpResponse:
    """The response, from which forms may also lead to another origin (`https://acme.example`).

    Chromium counts where an answer redirects to as a target of the form.
    """
    response["Content-Security-Policy"] = content_security_policy(form_action=f"'self' {target}")
    return response


def history_page(site: Any, request: HttpRequest, opts: Any, row: Any) -> HttpResponse:
    """What the audit trail says about a row, in pages of 25."""
    told = trail.told_to(request.user, trail.entries_about(row))
    newest = columns_of(told.model)["sequence"].ordered(descending=True)
    walk = Walk.through(told, newest, owner=str(row.pk), size=PAGE_SIZE)
    page = walk.page(request.GET.get("page", ""))
    context = {
        **site.each_context(request),
        "title": _("History of %(row)s") % {"row": row},
        "opts": opts,
        "object": row,
        "pager": links_from(page, lambda place: f"?{urlencode({'page': place})}" if place else "?"),
        "entries": words.lines(page.rows),
    }
    return render(request, "admin/history.html", context)


View = Callable[..., HttpResponseBase]


def receives_files(
    handler: type[FileUploadHandler],
    allowed: Callable[[HttpRequest], bool],
    largest: int = LARGEST_FILES,
) -> Callable[[View], View]:
    """Lets a view receive larger files than the portal does, in bodies of so many bytes, from whom
    `allowed` lets in; of all others next to nothing is read.

    Django reads the body before it checks the CSRF token, which is in it. So the check that
    every view has is taken off, the handler is chosen, and the check is put back inside; so is
    the question whether the form was sent before (web/once.py).
    """

    def decorate(view: View) -> View:
        @csrf_protect
        def protected(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            return once.arrive(request) or view(request, *args, **kwargs)

        @csrf_exempt
        @wraps(view)
        def receive(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            # SECURITY: tests/releases/test_uploads.py. Nobody else may fill the disk, nor keep a
            # thread waiting for what he sends.
            is_large = announced(request.META) > LARGEST
            if is_large and not allowed(request):
                raise PermissionDenied
            if allowed(request):
                request.upload_handlers = [handler(request)]
            with places.slow.take(str(current_vendor().pk)) if is_large else nullcontext():
                return protected(request, *args, **kwargs)

        receive.largest_body = largest  # type: ignore[attr-defined]
        return receive

    return decorate


class WithButtons(VendorAdmin):
    """A model whose verbs have buttons: `.../<id>/do/<verb>/`, by POST, templates/admin/_verb.html.

    `verbs` has by name the verb and what it says when it is done, `rights` the action that a verb
    needs the right for where that is not `change`.
    """

    verbs: Mapping[str, tuple[Callable[[Any], Any], str | Promise]]
    rights: Mapping[str, str] = {}

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_do"
        view = self.admin_site.admin_view(self.verb_view)
        return [path("<uuid:row_id>/do/<str:verb>/", view, name=name), *super().get_urls()]

    def verb_view(self, request: HttpRequest, row_id: UUID, verb: str) -> HttpResponseBase:
        """One button: calls the verb and goes back to the row."""
        row = self.own_row(request, row_id, self.right(self.rights.get(verb, "change")))
        self.need_post(request)
        if verb not in self.verbs:
            raise Http404
        act, done = self.verbs[verb]
        try:
            act(row)
            messages.success(request, done % {"row": row})
        except PortalError as error:
            refused(request, error)
        return self.back_to(row)

    def back_to(self, row: Any) -> HttpResponseBase:
        """Where a button leads when it is done: to the row's page."""
        return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", row.pk)

    def right(self, action: str) -> str:
        return f"{self.opts.app_label}.{action}_{self.opts.model_name}"

    def own_row(self, request: HttpRequest, row_id: UUID | str, right: str) -> Any:
        """The vendor's row; raises PermissionDenied without the right, or Http404."""
        if not request.user.has_perm(right):
            raise PermissionDenied
        row = self.get_object(request, str(row_id))
        if row is None:
            raise Http404
        return row

    @staticmethod
    def need_post(request: HttpRequest) -> None:
        """Buttons are posted; an address that is typed has nothing behind it."""
        if request.method != "POST":
            raise Http404


def is_odd(name: str, values: Iterable[str]) -> bool:
    """Whether no page asks such a thing of a list: NUL, or a whole book."""
    longest = LONGEST_PLACE if name in PLACES else LONGEST_QUERY
    return any("\x00" in value or len(value) > longest for value in values)


def _is_uuid(value: Any) -> bool:
    try:
        UUID(str(value))
    except ValueError:
        return False
    return True
