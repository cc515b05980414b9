"""Paths of the licence pages."""

from django.urls import path

from licenses.pages import machines, views

urlpatterns = [
    path("licenses/", views.license_list, name="licenses"),
    path("licenses/export.csv", views.license_export, name="licenses_export"),
    path("licenses/machines/", machines.machine_list, name="machines"),
    path("licenses/machines/deactivate/", machines.deactivate_many, name="machines_deactivate"),
    path("licenses/<uuid:license_id>/", views.license_detail, name="license"),
    path("licenses/<uuid:license_id>/name/", views.license_name, name="license_name"),
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
