"""Licences for machines without a network, as a vendor's program embeds them.

Implements the program's side of docs/offline-protocol.md: requests, responses, receipts, and the
check at each start.
"""

from portal_licensing.client import Check, Feature, LicenseClient, Status
from portal_licensing.errors import LicensingError
from portal_licensing.product import Product

__all__ = [
    "Check",
    "Feature",
    "LicenseClient",
    "LicensingError",
    "Product",
    "Status",
    "__version__",
]
__version__ = "0.2.0"
