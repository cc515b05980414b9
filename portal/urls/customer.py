"""A vendor's portal: `<company_id>.PARENT_HOST`."""

from django.urls import include, path
from django.views.generic import RedirectView

from accounts import urls as accounts
from accounts.passkeys import views as passkeys
from portal.urls.handlers import handler400, handler403, handler404, handler500  # noqa: F401
from portal.urls.known import change_password_place, favicon

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="licenses"), name="home"),
    change_password_place("change_password"),
    favicon,
    *accounts.public,
    *accounts.ways_in,
    *accounts.profile,
    path(
        "profile/",
        include(
            [
                *accounts.second_factor,
                *accounts.passkeys,
                *accounts.tokens,
                *accounts.devices,
            ]
        ),
    ),
    path(".well-known/webauthn", passkeys.related, name="related_origins"),
    *accounts.viewing,
    path("", include("licenses.pages.urls")),
    path("", include("offline.urls")),
    path("", include("releases.pages.urls")),
    path("", include("branding.urls")),
]
