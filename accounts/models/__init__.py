"""The rows of this app, a module per noun."""

from accounts.models.people import (
    CUSTOMER_ROLES,
    STAFF_ROLES,
    PortalSettings,
    Role,
    User,
    normalise_email,
)
from accounts.view_as.models import ViewAs

__all__ = [
    "CUSTOMER_ROLES",
    "STAFF_ROLES",
    "PortalSettings",
    "Role",
    "User",
    "ViewAs",
    "normalise_email",
]
