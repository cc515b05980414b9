"""The pages of saved views: one is saved from its list, named anew, shared, deleted."""

from typing import Any
from uuid import UUID

from django import forms
from django.apps import apps
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from backoffice.models import SavedView
from backoffice.saved import verbs
from tenancy.door import current_vendor, is_inside
from web.errors import PortalError

Context = dict[str, Any]


class ViewForm(forms.ModelForm[SavedView]):
    """What a view is called, and for whom it is."""

    class Meta:
        model = SavedView
        fields = ("name", "shared")


def save_view(request: HttpRequest, context: Context) -> HttpResponseBase:
    """Saves the list that is looked at under a name; what is wrong with it is asked again."""
    listed = request.POST.get("listed", "")
    address = _list_of(request, listed)
    view = SavedView(vendor=current_vendor(), owner=request.user, listed=listed)  # type: ignore[misc]
    view.query = verbs.asked_in(request.POST.get("query", ""))
    form = ViewForm(request.POST, instance=view)
    if form.is_valid():
        try:
            saved = verbs.save(
                vendor=view.vendor,
                owner=view.owner,
                listed=listed,
                name=view.name,
                query=view.query,
                shared=view.shared,
            )
        except (PortalError, ValidationError) as error:
            _add(form, error)
        else:
            messages.success(request, _("The view “%(name)s” is saved.") % {"name": saved})
            return redirect(f"{address}?{view.query}")
    shown = {"form": form, "view": view, "address": address, "title": _("Save this view")}
    return render(request, "backoffice/admin/saved_view.html", context | shown)


def saved_view(request: HttpRequest, row_id: UUID, context: Context) -> HttpResponseBase:
    """A view's name and for whom it is; it can be deleted. For its owner; a shared one also for who
    may change people."""
    view = _own_view(request, row_id)
    address = _list_of(request, view.listed)
    form = ViewForm(request.POST if request.method == "POST" else None, instance=view)
    if request.method == "POST" and "delete" in request.POST:
        verbs.delete(view)
        messages.success(request, _("The view “%(name)s” is deleted.") % {"name": view.name})
        return redirect(f"{address}?{view.query}")
    if request.method == "POST" and form.is_valid():
        try:
            if form.has_changed():
                verbs.change(view)
            return redirect(f"{address}?{view.query}")
        except ValidationError as error:
            _add(form, error)
    shown = {"form": form, "view": view, "address": address, "title": _("Change this view")}
    return render(request, "backoffice/admin/saved_view.html", context | shown)


def _own_view(request: HttpRequest, row_id: UUID) -> SavedView:
    if not is_inside():
        raise PermissionDenied
    view = SavedView.objects.filter(pk=row_id).first()
    is_own = view is not None and view.owner_id == request.user.pk
    if view is None or not (is_own or view.shared):
        raise Http404
    if not is_own and not request.user.has_perm("accounts.change_user"):
        raise PermissionDenied
    return view


def _list_of(request: HttpRequest, listed: str) -> str:
    """The address of a list that the person may see. Raises PermissionDenied, or Http404."""
    if not is_inside():
        raise PermissionDenied
    try:
        model: type[Model] = apps.get_model(listed)
        address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    except (LookupError, ValueError, NoReverseMatch) as error:
        raise Http404 from error
    if not request.user.has_perm(f"{model._meta.app_label}.view_{model._meta.model_name}"):
        raise PermissionDenied
    return address


def _add(form: forms.Form | ViewForm, error: PortalError | ValidationError) -> None:
    """What a verb refused, on the form."""
    form.add_error("name", error.sentence if isinstance(error, PortalError) else error.messages)
