"""What every page of a portal fetches of its brand: the style sheet and the pictures."""

from functools import cache

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from accounts.requests import PersonRequest
from branding import colours
from branding.access import get_image, picture_of
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


@login_not_required
@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """What browsers ask for of themselves: the vendor's icon, or else our own."""
    brand = brand_of(getattr(request, "vendor", None))
    name = brand.favicon if brand else ""
    data = picture_of(brand, name) if name else own_icon()
    response = HttpResponse(data, content_type="image/png")
    return _cached(request, response, f'"{name or "own"}"', "public, max-age=86400")


@cache
def own_icon() -> bytes:
    return (settings.BASE_DIR / "static/favicon.png").read_bytes()


def _cached(request: HttpRequest, response: HttpResponse, etag: str, caching: str) -> HttpResponse:
    response["ETag"] = etag
    response["Cache-Control"] = caching
    answer = get_conditional_response(request, etag, response=response)
    if answer is None:
        raise Http404
    return answer
