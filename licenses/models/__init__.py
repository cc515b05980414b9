"""The rows of this app, a module per noun."""

from licenses.models.activation import Activation, OperatingSystem
from licenses.models.license import (
    License,
    LicenseMetadata,
    LicenseMeterAttribute,
    LicenseUser,
    Usable,
)
from licenses.models.maintenance import MaintenancePolicy, validate_version
from licenses.models.product import Product, SigningKey
from licenses.models.terms import (
    DAY,
    TERMS,
    UNLIMITED,
    ExpirationStrategy,
    FingerprintMatching,
    LeasingStrategy,
    LicensePolicy,
    LicenseTerms,
    LicenseType,
)

__all__ = [
    "DAY",
    "TERMS",
    "UNLIMITED",
    "Activation",
    "ExpirationStrategy",
    "FingerprintMatching",
    "LeasingStrategy",
    "License",
    "LicenseMetadata",
    "LicenseMeterAttribute",
    "LicensePolicy",
    "LicenseTerms",
    "LicenseType",
    "LicenseUser",
    "MaintenancePolicy",
    "OperatingSystem",
    "Product",
    "SigningKey",
    "Usable",
    "validate_version",
]
