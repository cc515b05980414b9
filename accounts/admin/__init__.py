"""People and the portal's settings in the back office, a module per noun."""

from accounts.admin import people, settings

__all__ = ["people", "settings"]
