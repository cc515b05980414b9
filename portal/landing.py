"""The page at PARENT_HOST: type your company id, go to your portal."""

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from accounts.forms import company_id_field
from tenancy.hosts import origin
from web.pages import render
from web.policy import content_security_policy


class CompanyForm(forms.Form):
    company_id = company_id_field(required=True)


@require_safe
@login_not_required
def find_portal(request: HttpRequest) -> HttpResponse:
    """Sends to the portal's host without looking whether it exists: no list of vendors here."""
    form = CompanyForm(request.GET if "company_id" in request.GET else None)
    if form.is_valid():
        host = f"{form.cleaned_data['company_id']}.{settings.PORTAL_PARENT_HOST}"
        return redirect(origin(host) + "/")
    response = render(request, "portal/landing.html", {"form": form})
    # The form's answer leads to a vendor's host, which browsers count as a target of the form.
    targets = origin(f"*.{settings.PORTAL_PARENT_HOST}")
    response["Content-Security-Policy"] = content_security_policy(form_action=f"'self' {targets}")
    return response
