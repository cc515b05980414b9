"""The one door to the pages that customers and visitors see: Jinja2 templates in pages/.

The back office extends Django admin's templates and stays with Django's, as e-mails do.
"""

from collections.abc import Mapping
from functools import cache, lru_cache, partial
from typing import Any, cast

from django.contrib.messages import get_messages
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.template.backends.jinja2 import Jinja2
from django.template.backends.utils import csrf_input
from django.template.defaultfilters import linebreaksbr
from django.templatetags.static import static
from django.urls import get_script_prefix, get_urlconf, reverse
from django.utils.functional import SimpleLazyObject
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, get_language_bidi, gettext, ngettext
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from web.forms import token, widget_of
from web.navigation import sections
from web.remembered import remembered
from web.templates import OutdentingFiles

Context = Mapping[str, Any]


def render(
    request: HttpRequest, name: str, context: Context | None = None, status: int = 200
) -> HttpResponse:
    """The page of this name, which knows the context and what `frame` has for every page."""
    return HttpResponse(_rendered(request, name, context or {}), status=status)


def render_to_string(name: str, context: Context, request: HttpRequest) -> SafeString:
    """A part of a page, which knows as much."""
    return mark_safe(_rendered(request, name, context))  # noqa: S308  templates escape


def part(name: str, context: Context) -> SafeString:
    """A part of a page that knows the context alone."""
    return mark_safe(engine().get_template(name).render(context))  # noqa: S308  templates escape


def _rendered(request: HttpRequest, name: str, context: Context) -> str:
    return engine().get_template(name).render({**frame(request), **context})


@cache
def engine() -> Environment:
    """Jinja2 with the settings of pages."""
    return cast(Jinja2, engines["pages"]).env


def compile_all() -> None:
    """Compiles every page, so that no visitor waits for it."""
    for name in engine().list_templates():
        engine().get_template(name)


def frame(request: HttpRequest) -> dict[str, Any]:
    """What every page may read: in whose name it speaks, who looks at it, what its navigation
    offers, support's view, if any. User, messages and CSRF token cost what they cost only where a
    page reads them."""
    vendor = getattr(request, "vendor", None)
    return {
        "request": request,
        "user": getattr(request, "user", None),
        "vendor": vendor,
        "brand": getattr(vendor, "branding", None),
        "view_as": getattr(request, "view_as", None),
        "preview": "",  # how one leaves a page of samples (portal/office/preview.py)
        "navigation": sections(),
        "section": "",  # a page that belongs to one says so: {% set section = "licenses" %}
        "messages": get_messages(request),
        "csrf_input": SimpleLazyObject(partial(_form_input, request)),
    }


def _form_input(request: HttpRequest) -> SafeString:
    """What proves where a form comes from, and the token that lets it count once."""
    return mark_safe(csrf_input(request) + token())  # noqa: S308  both are escaped


def environment(**options: Any) -> Environment:
    """Jinja2 for pages: everything is escaped, a name that isn't there is an error, and texts are
    translated as they are printed."""
    options |= {
        "loader": OutdentingFiles(options["loader"].searchpath),
        "undefined": StrictUndefined,
        "trim_blocks": True,
        "extensions": ["jinja2.ext.i18n"],
    }
    made = Environment(**options)  # noqa: S701  Django says autoescape, unless it is told otherwise
    made.policies["ext.i18n.trimmed"] = True
    # The i18n extension's: what it translates fills its values in by itself, and so escapes them.
    made.newstyle_gettext = True  # type: ignore[attr-defined]
    made.filters["linebreaksbr"] = linebreaksbr
    made.globals |= {
        "_": translated,
        "gettext": translated,
        "ngettext": translated_plural,
        "static": cache(static),  # the names of static files stay while the process runs
        "url": url,
        "widget_of": widget_of,
        "get_language": get_language,
        "get_language_bidi": get_language_bidi,
    }
    return made


def translated(text: str, /, **values: object) -> Markup:
    """The text in the active language, which is trusted, with the values, which are escaped."""
    return _translated(text) % values if values else _translated_alone(text)


def translated_plural(one: str, many: str, number: int, /, **values: object) -> Markup:
    """The same with the form that fits the number."""
    values.setdefault("num", number)  # which the extension leaves out
    return Markup(ngettext(one, many, number)) % values  # noqa: S704


@remembered
def _translated(text: str) -> Markup:
    return Markup(gettext(text))  # noqa: S704  texts are ours


@remembered
def _translated_alone(text: str) -> Markup:
    return _translated(text) % {}


def url(name: str, *args: object) -> str:
    """The path of the route among those of the request's host; raises NoReverseMatch."""
    if args:
        return reverse(name, args=args)
    return _path(name, get_urlconf(), get_script_prefix())


@lru_cache
def _path(name: str, _urlconf: str | None, _prefix: str) -> str:
    return reverse(name)
