"""Licences for machines with a network and without, as a vendor's program embeds them.

Implements the program's side of docs/offline-protocol.md (requests, responses, receipts, the check
at each start) and of the Web API: activation, syncs, leases, meters and updates.
"""

from portal_licensing.background import Syncing
from portal_licensing.client import Check, Feature, LicenseClient, Status
from portal_licensing.errors import LicensingError
from portal_licensing.online import OnlineClient, Uses
from portal_licensing.product import Product
from portal_licensing.releases import Release, ReleaseFile
from portal_licensing.web import Web

__all__ = [
    "Check",
    "Feature",
    "LicenseClient",
    "LicensingError",
    "OnlineClient",
    "Product",
    "Release",
    "ReleaseFile",
    "Status",
    "Syncing",
    "Uses",
    "Web",
    "__version__",
]
__version__ = "0.3.0"
