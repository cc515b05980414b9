"""The addresses that a provider is told: where it sends people back to.

They stand below our own zone, at `<company_id>.PARENT_HOST`, whatever domain the vendor has: so
none has to be registered anew when a domain comes or goes. From there the portal leads on to the
domain, as from all its pages (portal/middleware/tenancy.py).
"""

from django.conf import settings
from django.urls import reverse

from accounts.models import IdentityProvider
from accounts.single_sign_on import client
from accounts.single_sign_on.errors import SingleSignOnRefused
from tenancy.hosts import origin


def redirect_uri(provider: IdentityProvider) -> str:
    """Where the provider's answers come to: an address of this provider's alone, so that nothing
    that another one says comes here."""
    return _address(provider, "single_sign_on_back", str(provider.pk))


def after_sign_out(provider: IdentityProvider) -> str:
    """Where the provider sends whom it has signed out."""
    return _address(provider, "login")


def _address(provider: IdentityProvider, name: str, *args: str) -> str:
    label = "app" if provider.for_staff else provider.vendor.company_id
    urlconf = f"portal.urls.{'backoffice' if provider.for_staff else 'customer'}"
    return origin(f"{label}.{settings.PORTAL_PARENT_HOST}") + reverse(
        name, urlconf=urlconf, args=args
    )


def way_out(provider: IdentityProvider, token: str) -> list[str]:
    """Where the provider signs people out, with and without the ID token, which some want and some
    make too long; none where it does not (OpenID Connect RP-Initiated Logout 1.0, 2)."""
    try:
        endpoint = client.discovery(provider).end_session_endpoint
    except SingleSignOnRefused:
        return []
    if not endpoint:
        return []
    asked = {
        "client_id": provider.client_id,
        "post_logout_redirect_uri": after_sign_out(provider),
    }
    hint = [client.with_query(endpoint, {"id_token_hint": token, **asked})] if token else []
    return [*hint, client.with_query(endpoint, asked)]
