"""Facts about people and what they use, in words."""

from django.utils.translation import gettext as _

from web import browsers


def browser_text(told: str) -> str:
    """A browser in words, and on which system, out of what it says of itself; empty where neither
    is known."""
    browser, system = browsers.named(told)
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system


def device_in_words(browser: str, place: str) -> str:
    """A browser in words, and near where it is, if that is known."""
    return (
        _("%(browser)s near %(place)s") % {"browser": browser, "place": place} if place else browser
    )
