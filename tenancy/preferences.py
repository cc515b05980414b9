"""The languages and time zones that a vendor or a person can choose; empty stands for no choice."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from tenancy import zones


def languages() -> list[tuple[str, str]]:
    """Codes and names, as choices of a model's field."""
    return list(settings.LANGUAGES)


def validate_time_zone(value: str) -> None:
    """Raises ValidationError unless the value is a name of the IANA's, such as Europe/Berlin."""
    if value not in zones.names():
        raise ValidationError(_("There is no time zone of this name."), code="invalid_time_zone")
