"""Configuration of the app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from web.navigation import Section


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("People")
    section = Section("profile", _("Profile"), icon="person", route="profile", place=4)

    def ready(self) -> None:
        """E-mails about accounts, chapters of a customer's story, what leads to people, what is
        done to many of them, what the settings page tells of e-mails and signing in, the end of
        sessions and views."""
        from accounts import (  # noqa: PLC0415  models are not there before ready()
            bulk,
            chapters,
            emails,
            finding,
            settled,
        )
        from accounts.devices.new_device import tell_of_new_device  # noqa: PLC0415
        from accounts.own_data import emails as own_emails  # noqa: PLC0415
        from accounts.own_data import own  # noqa: PLC0415
        from accounts.passkeys import challenges  # noqa: PLC0415
        from accounts.passkeys import own as own_passkeys  # noqa: PLC0415
        from accounts.sessions import on_entering  # noqa: PLC0415
        from accounts.tokens import own as own_tokens  # noqa: PLC0415
        from accounts.verbs import erasing as leaving  # noqa: PLC0415
        from accounts.verbs import refusals, sessions  # noqa: PLC0415
        from accounts.view_as.verbs import clean_up_all  # noqa: PLC0415
        from accounts.ways_in import emails as ways_in  # noqa: PLC0415
        from accounts.ways_in.verbs import registering  # noqa: PLC0415
        from audit.verbs import erasing  # noqa: PLC0415
        from backoffice import leads  # noqa: PLC0415
        from backoffice.bulk import kinds  # noqa: PLC0415
        from jobs.chores import every_day  # noqa: PLC0415

        emails.register_all()
        chapters.register_all()
        leads.register(finding.ENTRIES)
        kinds.register(bulk.NAME, bulk.PEOPLE)
        kinds.register(bulk.SWITCHED_OFF, bulk.SWITCHING_OFF)
        settled.register_all()
        on_entering(tell_of_new_device)
        own.register_all()
        own_emails.register_all()
        ways_in.register_all()
        own_passkeys.register_all()
        own_tokens.register_all()
        erasing.also(leaving.forget, leaving.tell)
        erasing.also(registering.forget)
        every_day("sessions", _("Delete sessions that are over"), sessions.clean_up_all)
        every_day("challenges", _("Delete challenges of passkeys"), challenges.clean_up)
        every_day("refusals", _("Delete old refusals"), refusals.clean_up_all)
        every_day("views", _("Delete old views as a customer"), clean_up_all)
        every_day("registrations", _("Delete old registrations"), registering.clean_up_all)
