"""The back office's Django admin site."""

from functools import partial, wraps
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.contrib.contenttypes.views import shortcut
from django.core.exceptions import BadRequest, ImproperlyConfigured, ValidationError
from django.db import DataError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.rights import RIGHTS
from accounts.views import change_password
from accounts.views import logout as sign_out
from backoffice.base import VendorAdmin, is_odd
from backoffice.bulk import deleting
from backoffice.saved import pages as saved
from portal.office import acts, dashboard, find, first_steps, how, navigation, preview
from tenancy.rows import TenantRow

DECLARED = {label for rights in RIGHTS.values() for label in rights}


class BackofficeSite(admin.AdminSite):
    """Staff and operators sign in on the back office's own page, with their company id."""

    site_title = _("Back office")

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        # In the place of Django's own, which deletes while somebody waits.
        self.add_action(deleting.delete_selected, deleting.ACTION)

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Takes models whose rights accounts.rights declares; a library's own stay out."""
        models_given: list[Any] = (
            [model_or_iterable] if isinstance(model_or_iterable, type) else model_or_iterable
        )
        declared = [model for model in models_given if model._meta.label_lower in DECLARED]
        for model in declared:
            # SECURITY: tests/backoffice/test_scoped.py. An admin that could reach past its vendor's
            # rows must not even start.
            if issubclass(model, TenantRow | User) and not issubclass(admin_class, VendorAdmin):
                raise ImproperlyConfigured(f"The admin of {model} has to derive from VendorAdmin.")
        super().register(declared, admin_class, **options)

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Django's, which also refuses what no database takes: NUL or a whole book in a query, an
        id that is none, a number beyond every range."""
        # "View on site" fails on an id that is no UUID, and no row here has a page elsewhere.
        inner = super().admin_view(no_page if view is shortcut else view, cacheable)

        @wraps(inner)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if any(is_odd(*each) for each in request.GET.lists()):
                raise BadRequest
            try:
                respond = partial(inner, request, *args, **kwargs)
                response = first_steps.leading_on(request, respond)
                # Django fills the page in later, out of reach; some fields only look then.
                return response.render() if isinstance(response, TemplateResponse) else response
            except (ValidationError, OverflowError, DataError) as error:
                raise BadRequest from error

        return checked

    def get_urls(self) -> list[Any]:
        skip = self.admin_view(first_steps.skip_view)
        return [
            path("acts/", self.admin_view(self.acts_view), name="acts"),
            path("how/", self.admin_view(self.how_view), name="how"),
            path("find/", self.admin_view(self.find_view), name="find"),
            *self._preview_urls("preview/"),
            *self._preview_urls("first-steps/preview/", "_first_steps"),
            path("first-steps/<str:name>/skip/", skip, name="skip_step"),
            path("views/save/", self.admin_view(self.save_view), name="save_view"),
            path("views/<uuid:row_id>/", self.admin_view(self.saved_view), name="saved_view"),
            *super().get_urls(),
        ]

    def _preview_urls(self, path_to_it: str, ending: str = "") -> list[Any]:
        """The preview at this address; the names of its views have an ending of their own."""
        view = self.admin_view(preview.preview_view)
        begin = f"preview_begin{ending}"
        known = {"begin": f"admin:{begin}"}
        return [
            path(path_to_it, view, known, name=begin),
            path(f"{path_to_it}<path:page>", view, known, name=f"preview{ending}"),
        ]

    def acts_view(self, request: HttpRequest) -> HttpResponse:
        """What an operator did."""
        return acts.acts_view(request, self.each_context(request))

    def how_view(self, request: HttpRequest) -> HttpResponse:
        """How the installation is, for operators."""
        return how.how_view(request, self.each_context(request))

    def find_view(self, request: HttpRequest) -> HttpResponse:
        """Anything of the vendor's by key, e-mail, name, host name or fingerprint."""
        return find.find_view(request, self.each_context(request))

    def save_view(self, request: HttpRequest) -> HttpResponseBase:
        """A list under a name."""
        return saved.save_view(request, self.each_context(request))

    def saved_view(self, request: HttpRequest, row_id: UUID) -> HttpResponseBase:
        return saved.saved_view(request, row_id, self.each_context(request))

    def password_change(self, request: Any, extra_context: Any = None) -> Any:
        """The portal's page: there is one way to change a password."""
        return change_password(request)

    def logout(self, request: Any, extra_context: Any = None) -> Any:
        return sign_out(request)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """What every page's frame needs: the navigation, and where in it the page stands."""
        user = request.user
        return {
            "site_title": self.site_title,
            "has_permission": self.has_permission(request),
            "navigation": navigation.groups_for(user) if isinstance(user, User) else [],
            "place": navigation.place_of(request),
        }

    def index(self, request: HttpRequest, extra_context: Any = None) -> TemplateResponse:
        """How things are at a glance."""
        user = request.user
        shown = dashboard.context(user) if isinstance(user, User) else {}
        context = {**self.each_context(request), "title": _("Overview"), **shown}
        return TemplateResponse(request, "admin/index.html", context)

    def app_index(self, request: HttpRequest, app_label: str, extra_context: Any = None) -> Any:
        """Lists are reached from the navigation, and not app by app."""
        return redirect("admin:index")

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return redirect(reverse("login", query={"next": request.GET.get("next", "/")}))


def no_page(request: HttpRequest, content_type_id: int, object_id: str) -> HttpResponse:
    raise Http404
