"""Paths of what a brand is made of."""

from django.urls import path

from branding import views

urlpatterns = [
    path("branding.css", views.branding_css, name="branding_css"),
    path("branding/<str:name>", views.brand_image, name="brand_image"),
]
