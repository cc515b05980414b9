"""The button that opens the portal as a customer sees it."""

from typing import cast
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path

from accounts.models import User
from accounts.view_as import verbs as view_as
from backoffice.base import VendorAdmin, allow_forms_to
from tenancy.door import current_vendor
from tenancy.hosts import canonical_host, origin, vendor_url
from tenancy.models import Vendor
from web.requests import safe_next

RIGHT = "accounts.view_as_user"


class WithViewAs(VendorAdmin):
    """Adds `.../<id>/view-as/`, by POST: templates/accounts/admin/_view_as_button.html."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.view_as_view)
        return [
            path("<uuid:user_id>/view-as/", view, name="accounts_user_view_as"),
            *super().get_urls(),
        ]

    def view_as_view(self, request: HttpRequest, user_id: UUID) -> HttpResponse:
        """Sends to a link that opens the customer's portal, once, at the page that `next` names; or
        says why it can't be."""
        if not request.user.has_perm(RIGHT):
            raise PermissionDenied
        customer = self.get_object(request, str(user_id))
        if customer is None or not customer.is_customer or request.method != "POST":
            raise Http404
        try:
            token = view_as.offer(customer, staff=cast(User, request.user))
        except view_as.NothingToSee as error:
            messages.error(request, error.sentence)
            return redirect("admin:accounts_user_story", customer.pk)
        page = safe_next(request, "")
        query = {"next": page} if page else None
        return redirect(vendor_url(_vendor(), "view_as", token, query=query))


def may_view_as(request: HttpRequest, person: User | None) -> bool:
    """Whether a page about this person has the button."""
    return person is not None and person.is_customer and request.user.has_perm(RIGHT)


def let_button_work(response: HttpResponse) -> HttpResponse:
    """The page with the button; the button's answer leads to the vendor's own host."""
    return allow_forms_to(response, origin(canonical_host(_vendor())))


def _vendor() -> Vendor:
    return current_vendor()
