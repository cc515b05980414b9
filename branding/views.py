"""What every page of a portal fetches of its brand: the style sheet and the pictures."""

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpResponse
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from accounts.requests import PersonRequest
from branding import colours
from branding.access import get_image
from branding.models import brand_of

FOREVER = "public, max-age=31536000, immutable"


@login_not_required
@require_safe
def branding_css(request: PersonRequest) -> HttpResponse:
    """The vendor's accent as custom properties. Public: it says nothing but a colour, and the
    sign-in page needs it; kept for ever under the version in its address."""
    brand = brand_of(request.vendor)
    colour = brand.accent_color if brand else ""
    etag = f'"{brand.pk.hex}-{brand.version}"' if brand else '"none"'
    response = HttpResponse(colours.css(colour) if colour else "", content_type="text/css")
    current = brand is not None and request.GET.get("v") == str(brand.version)
    return _cached(request, response, etag, FOREVER if current else "public, no-cache")


@login_not_required
@require_safe
def brand_image(request: PersonRequest, name: str) -> HttpResponse:
    """A logo or favicon. Public, like the sign-in page that shows it; its name is its content."""
    response = HttpResponse(get_image(request, name), content_type="image/png")
    response["Content-Security-Policy"] = "default-src 'none'"
    return _cached(request, response, f'"{name}"', FOREVER)


def _cached(
    request: PersonRequest, response: HttpResponse, etag: str, caching: str
) -> HttpResponse:
    response["ETag"] = etag
    response["Cache-Control"] = caching
    answer = get_conditional_response(request, etag, response=response)
    if answer is None:
        raise Http404
    return answer
