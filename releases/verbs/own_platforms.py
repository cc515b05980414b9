"""Platforms of a vendor's own, which its releases may then name without being asked. Runs in the
vendor's scope."""

from django.db import transaction

from audit import rows
from releases.errors import PlatformKnown
from releases.models import OwnPlatform
from releases.platforms import NAMES, word_of


@transaction.atomic
def add_platform(platform: OwnPlatform) -> OwnPlatform:
    """Saves a platform that was filled in elsewhere; without a display name it is shown as it was
    typed. Raises PlatformKnown and ValidationError."""
    platform.display_name = platform.display_name or platform.word.strip()
    platform.word = word_of(platform.word)
    if platform.word in NAMES or OwnPlatform.objects.filter(word=platform.word).exists():
        raise PlatformKnown(platform.word)
    platform.full_clean()
    return rows.create(platform)


def delete_platform(platform: OwnPlatform) -> None:
    """Deletes the platform; releases that name it keep their word, which is shown as it is."""
    rows.delete(platform)
