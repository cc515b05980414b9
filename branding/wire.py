"""What a vendor looks like on the wire, for the Web API."""

from branding.models import Shown, brand_of
from tenancy.hosts import vendor_url
from tenancy.models import Vendor
from web.wire import Wire, stamps, valued


def account(row: Vendor) -> Wire:
    """The vendor with its look (`select_related("branding")`)."""
    brand = brand_of(row)
    return valued(
        {
            **stamps(row),
            "company": row.name,
            "companyId": row.company_id,
            "email": row.support_email,
            "status": row.status,
            "customDomain": row.canonical_domain,
            "website": row.website,
            "logoUrl": _address(row, brand.light) if brand else None,
            "faviconUrl": _address(row, brand.icon) if brand else None,
        }
    )


def _address(vendor: Vendor, picture: Shown | None) -> str | None:
    return vendor_url(vendor, "brand_image", picture.name) if picture else None
