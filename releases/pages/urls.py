"""Paths of the downloads."""

from django.urls import path

from releases.pages import views

urlpatterns = [
    path("releases/", views.release_list, name="releases"),
    path("releases/feed/<uuid:product_id>.json", views.feed_json, name="feed_json"),
    path("releases/feed/<uuid:product_id>.atom", views.feed_atom, name="feed_atom"),
    path("releases/<uuid:release_id>/", views.release_detail, name="release"),
    path("releases/<uuid:release_id>/<str:name>", views.download, name="download"),
]
