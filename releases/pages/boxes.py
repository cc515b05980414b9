"""What this app adds to the page of a licence."""

from django.utils.safestring import SafeString

from accounts.requests import PersonRequest
from licenses.models import License
from releases.pages.views import newest_for_license
from web.pages import render_to_string


def downloads_box(request: PersonRequest, license: License) -> SafeString:
    """The newest downloads that the licence covers, and what it does not cover."""
    context = {
        "rows": newest_for_license(request, license),
        "product_id": license.product_id,
    }
    return render_to_string("releases/_license_box.html", context, request)
