"""Paths of the offline page."""

from django.urls import path

from offline import trials, views

urlpatterns = [
    path("trial/", trials.hand_in, name="trial"),
    path("offline/", views.hand_in, name="offline"),
    path("offline/confirm/", views.confirm, name="offline_confirm"),
    path("offline/<uuid:exchange_id>/", views.done, name="offline_done"),
    path("offline/<uuid:exchange_id>/response/", views.response_file, name="offline_response"),
    path(
        "offline/machines/<uuid:activation_id>/response/",
        views.machine_response,
        name="offline_machine_response",
    ),
]
