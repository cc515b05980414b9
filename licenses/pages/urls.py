"""Paths of the licence pages."""

from django.urls import path

from licenses.pages import views

urlpatterns = [
    path("licenses/", views.license_list, name="licenses"),
    path("licenses/<uuid:license_id>/", views.license_detail, name="license"),
    path(
        "licenses/<uuid:license_id>/activations/<uuid:activation_id>/deactivate/",
        views.activation_deactivate,
        name="activation_deactivate",
    ),
    path(
        "licenses/<uuid:license_id>/activations/<uuid:activation_id>/release/",
        views.activation_release,
        name="activation_release",
    ),
]
