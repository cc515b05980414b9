"""The rows of this app, a module per noun."""

from licenses.models.activation import Activation, OperatingSystem
from licenses.models.ends import MAINTENANCE, VALIDITY
from licenses.models.gone import GoneMachine
from licenses.models.license import (
    License,
    LicenseMetadata,
    LicenseMeterAttribute,
    LicenseUser,
    Usable,
)
from licenses.models.maintenance import MaintenancePolicy, VersionField, validate_version
from licenses.models.product import Product, SigningKey
from licenses.models.product_versions import FeatureFlag, ProductVersion, VersionFeature
from licenses.models.seat_requests import SeatRequest
from licenses.models.tags import LicenseTag
from licenses.models.terms import (
    RESTRICTIONS,
    TERMS,
    UNLIMITED,
    WHERE,
    ExpirationStrategy,
    FingerprintMatching,
    LeasingStrategy,
    LicensePolicy,
    LicenseTerms,
    LicenseType,
)
from licenses.models.trial_policies import TrialPolicy
from licenses.models.trials import TrialActivation
from licenses.models.words import SEARCHED, ActivationWord, GoneMachineWord, LicenseWord

__all__ = [
    "MAINTENANCE",
    "RESTRICTIONS",
    "SEARCHED",
    "TERMS",
    "UNLIMITED",
    "VALIDITY",
    "WHERE",
    "Activation",
    "ActivationWord",
    "ExpirationStrategy",
    "FeatureFlag",
    "FingerprintMatching",
    "GoneMachine",
    "GoneMachineWord",
    "LeasingStrategy",
    "License",
    "LicenseMetadata",
    "LicenseMeterAttribute",
    "LicensePolicy",
    "LicenseTag",
    "LicenseTerms",
    "LicenseType",
    "LicenseUser",
    "LicenseWord",
    "MaintenancePolicy",
    "OperatingSystem",
    "Product",
    "ProductVersion",
    "SeatRequest",
    "SigningKey",
    "TrialActivation",
    "TrialPolicy",
    "Usable",
    "VersionFeature",
    "VersionField",
    "validate_version",
]
