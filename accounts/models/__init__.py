"""The rows of this app, a module per noun."""

from accounts.models.audit import AuditChain, AuditEntry
from accounts.models.data_import import DataImport
from accounts.models.limits import RateBucket
from accounts.models.people import (
    CUSTOMER_ROLES,
    STAFF_ROLES,
    Role,
    User,
    Vendor,
    normalise_email,
    validate_company_id,
)

__all__ = [
    "CUSTOMER_ROLES",
    "STAFF_ROLES",
    "AuditChain",
    "AuditEntry",
    "DataImport",
    "RateBucket",
    "Role",
    "User",
    "Vendor",
    "normalise_email",
    "validate_company_id",
]
