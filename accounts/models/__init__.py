"""The rows of this app, a module per noun."""

from accounts.models.audit import AuditChain, AuditEntry
from accounts.models.data_import import DataImport
from accounts.models.email import OutgoingEmail
from accounts.models.limits import RateBucket
from accounts.models.people import (
    CUSTOMER_ROLES,
    STAFF_ROLES,
    PortalSettings,
    Role,
    User,
    Vendor,
    normalise_email,
    validate_company_id,
)
from accounts.models.view_as import ViewAs

__all__ = [
    "CUSTOMER_ROLES",
    "STAFF_ROLES",
    "AuditChain",
    "AuditEntry",
    "DataImport",
    "OutgoingEmail",
    "PortalSettings",
    "RateBucket",
    "Role",
    "User",
    "Vendor",
    "ViewAs",
    "normalise_email",
    "validate_company_id",
]
