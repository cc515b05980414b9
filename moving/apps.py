"""Configuration of the app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MovingConfig(AppConfig):
    name = "moving"
    verbose_name = _("Moving")

    def ready(self) -> None:
        """Every hour what moves in and stands still goes on."""
        from audit.verbs import erasing  # noqa: PLC0415  models are not there before
        from jobs.chores import every_hour  # noqa: PLC0415
        from moving.verbs import moves  # noqa: PLC0415

        every_hour("moves", _("Go on with moves that stand still"), moves.go_on)
        erasing.also(moves.forget)
