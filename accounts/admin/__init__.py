"""People and the portal's settings in the back office, a module per noun."""

from accounts.admin import people, settings, tags
from accounts.single_sign_on.admin import ProviderAdmin

__all__ = ["ProviderAdmin", "people", "settings", "tags"]
