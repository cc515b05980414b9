"""Products, policies, licences and machines in the back office, a module per noun."""

from licenses.admin import (
    activations,
    licenses,
    product_versions,
    products,
    seat_requests,
    trials,
)

__all__ = ["activations", "licenses", "product_versions", "products", "seat_requests", "trials"]
