"""Configuration of the app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from web.navigation import Section


class LicensesConfig(AppConfig):
    name = "licenses"
    verbose_name = _("Licences")
    section = Section("licenses", _("Licences"), icon="key", route="licenses", place=1)

    def ready(self) -> None:
        """E-mails, chapters of a customer's story, reminders every hour, files to import, days that
        another time zone keeps."""
        from accounts import days  # noqa: PLC0415  models are not there before ready()
        from audit.verbs import erasing  # noqa: PLC0415
        from backoffice import leads  # noqa: PLC0415
        from backoffice.bulk import kinds as bulk_kinds  # noqa: PLC0415
        from imports import kinds  # noqa: PLC0415  models are not there before ready()
        from jobs.chores import every_hour, every_round  # noqa: PLC0415
        from licenses import bulk, chapters, emails, own_data, search  # noqa: PLC0415
        from licenses.imports import LICENSES  # noqa: PLC0415
        from licenses.verbs import erasing as leaving  # noqa: PLC0415
        from licenses.verbs import zones  # noqa: PLC0415
        from licenses.verbs.leases import free_seats  # noqa: PLC0415
        from licenses.verbs.reminders import send_reminders  # noqa: PLC0415

        emails.register_all()
        chapters.register_all()
        leads.register(search.ENTRIES)
        every_hour("reminders", _("Send reminders"), send_reminders)
        every_round("leases", _("Free seats whose lease has ended"), free_seats)
        kinds.register(LICENSES)
        bulk_kinds.register(bulk.NAME, bulk.LICENSES)
        bulk_kinds.register(bulk.MACHINES_NAME, bulk.MACHINES)
        days.register(zones.count_days, zones.move_days)
        erasing.also(leaving.forget, leaving.tell)
        own_data.register_all()
