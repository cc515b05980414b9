"""Configuration of the app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WebhooksConfig(AppConfig):
    name = "webhooks"
    verbose_name = _("Webhooks")

    def ready(self) -> None:
        """Who follows what happens; who carries it, beside a worker's jobs; ends that come by time;
        e-mails, and what is forgotten."""
        from audit import followers  # noqa: PLC0415  models are not there before ready()
        from audit.verbs import erasing  # noqa: PLC0415
        from jobs.chores import Beside, beside, every_day, every_hour, every_round  # noqa: PLC0415
        from licenses.verbs import signing_keys  # noqa: PLC0415
        from webhooks import courier, emails  # noqa: PLC0415
        from webhooks.verbs import delivering, looking, queueing, webhooks  # noqa: PLC0415
        from webhooks.verbs import erasing as leaving  # noqa: PLC0415

        followers.follow(queueing.FOLLOWER)
        beside(Beside("webhooks", courier.carry, courier.carry_all))
        every_round("ends", _("Tell webhooks of ends"), looking.look_for_ends)
        every_hour("slow-ends", _("Tell webhooks of ends to come"), looking.look_for_slow_ends)
        every_day("events", _("Delete old events to webhooks"), delivering.clean_up_all)
        erasing.also(leaving.forget, leaving.tell)
        emails.register_all()
        secrets = webhooks.encrypted_anew, webhooks.store_encrypted_anew
        signing_keys.also_rotate(signing_keys.Others("secrets of webhooks", *secrets))
