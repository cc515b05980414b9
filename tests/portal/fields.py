"""What docs/fields.md tells of fields, read off the forms, the back office and the Web API
themselves: what each takes, and who reads and changes it."""

import re
from collections.abc import Iterable, Iterator
from importlib import import_module
from inspect import cleandoc
from pathlib import Path
from pkgutil import walk_packages
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.sites import all_sites
from django.contrib.admin.utils import flatten_fieldsets
from django.core import validators
from django.http import HttpRequest
from django.test import RequestFactory
from django.utils.html import strip_tags

from accounts.models import User
from api import licenses, me
from tenancy.door import inside
from tenancy.texts import AddressField
from tests.api.program import operations
from tests.world import World
from web.errors import PortalError

PAGE = Path(__file__).resolve().parents[2] / "docs" / "fields.md"
ROOMS = {
    "accounts", "branding", "imports", "licenses", "mail", "offline", "portal", "releases",
    "webhooks",
}  # fmt: skip
BY_DATABASE = 2**31 - 1
# What is no part of a form: steps of the database, programs of their own, settings.
LEFT = re.compile(r"\.(migrations|management|svg|workbook|settings|wsgi)\b")
MOST_NAMED = 8  # choices that are spelt out
HEAD = """\
# Fields

What may be typed into each field, what belongs together, and who reads and changes what. \
`tests/portal/test_fields.py` reads all tables but the one of what belongs together off the forms, \
the back office and the Web API and fails when this page says something else; `FIELDS_PAGE=write` \
before it writes the page anew. What files hold is in [offline-protocol.md](offline-protocol.md), \
[back-office.md](back-office.md) and [downloads.md](downloads.md).

Of every text: what nobody sees (control signs, signs that turn a text around) is refused, blanks \
at both ends are dropped, a line has no line break (`tenancy/texts.py`), and NUL and halves of \
letters are refused. A number is whole and, where no bound stands here, one that the database's column holds: up to 2,147,483,647, of seconds and bytes up to 9,223,372,036,854,775,807. A length is counted in characters. All of it is checked on \
the server; what is too long, too large or none of the choices is refused and nothing of the form \
is saved. An e-mail is kept in lower case, its domain in Unicode. A day is the vendor's.
"""


def every_form() -> list[type[forms.BaseForm]]:
    """The forms of our rooms that name fields themselves."""
    _load_rooms()
    found = {form for form in _below(forms.BaseForm) if form.__module__.partition(".")[0] in ROOMS}
    return sorted(
        (form for form in found if getattr(form, "base_fields", {})),
        key=lambda form: (form.__module__, form.__name__),
    )


def _load_rooms() -> None:
    """Whatever defines a form or an error is there, also what is only imported when it is needed."""
    for room in sorted(ROOMS):
        for each in walk_packages(import_module(room).__path__, f"{room}."):
            if not LEFT.search(each.name):
                import_module(each.name)


def _below(kind: type[Any]) -> Iterator[type[Any]]:
    for each in kind.__subclasses__():
        yield each
        yield from _below(each)


def every_admin() -> list[admin.ModelAdmin[Any]]:
    [site] = [site for site in all_sites if site.name == "admin"]
    return sorted(site._registry.values(), key=lambda each: each.opts.label)


# --- What a field takes -------------------------------------------------------------------------


def takes(field: Any) -> str:
    """In words."""
    said = ", ".join([_kind(field), *_bounds(field)])
    told = " ".join(strip_tags(str(field.help_text)).split()).replace("|", "\\|")
    return f"{said}. {told}" if told else said


def _kind(field: Any) -> str:
    if isinstance(field, forms.ModelChoiceField) and field.queryset is not None:
        some = "some" if isinstance(field, forms.ModelMultipleChoiceField) else "one"
        return f"{some} of the vendor's {field.queryset.model._meta.verbose_name_plural}"
    if isinstance(field, forms.ChoiceField):  # of rows, too, where the page says which
        return _choices(field)
    for kind, words in KINDS.items():
        if isinstance(field, kind):
            return words
    if isinstance(field.widget, forms.PasswordInput):
        return "password"
    return "text of several lines" if isinstance(field.widget, forms.Textarea) else "line"


def _choices(field: forms.ChoiceField) -> str:
    some = "some" if isinstance(field, forms.MultipleChoiceField) else "one"
    listed = () if isinstance(field, forms.ModelChoiceField) else _flat(field.choices)
    named = [str(value) or "nothing" for value, _label in listed]
    if not 0 < len(named) <= MOST_NAMED:
        return f"{some} of those that the page offers"
    return f"{some} of: {', '.join(f'`{each}`' for each in named)}"


def _flat(choices: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
    for value, label in choices:
        if isinstance(label, list | tuple):
            yield from label
        else:
            yield value, label


KINDS: dict[type[Any], str] = {
    AddressField: "e-mail",
    forms.BooleanField: "yes or no",
    forms.FileField: "file",
    forms.DateField: "day",
    forms.SplitDateTimeField: "day and time",
    forms.DateTimeField: "day and time",
    forms.IntegerField: "number",
    forms.URLField: "address that begins with http:// or https://",
    forms.UUIDField: "id",
    forms.JSONField: "values",
    forms.EmailField: "e-mail",
}


def _bounds(field: Any) -> Iterator[str]:
    found: dict[type[Any], Any] = {}
    for each in field.validators:
        if isinstance(each, validators.BaseValidator):
            limit = each.limit_value
            found[type(each)] = limit() if callable(limit) else limit
    if least := found.get(validators.MinLengthValidator):
        yield f"at least {least} long"
    if longest := found.get(validators.MaxLengthValidator):
        yield f"at most {longest} long"
    low, high = (
        found.get(each) for each in (validators.MinValueValidator, validators.MaxValueValidator)
    )
    # What the database itself has for a bound is said at the top.
    if low is not None and abs(low) < BY_DATABASE:
        yield f"from {low}"
    if high is not None and high < BY_DATABASE:
        yield f"to {high}"


def rows_of(fields: dict[str, Any]) -> Iterator[str]:
    for name, field in fields.items():
        yield f"| `{name}` | {'yes' if field.required else ''} | {takes(field)} |"


def of_forms() -> Iterator[str]:
    for form in every_form():
        yield f"### {form.__name__} (`{form.__module__}`)"
        yield "\n".join((*FIELDS_HEAD, *rows_of(form.base_fields)))  # type: ignore[attr-defined]


FIELDS_HEAD = ("| field | needed | takes |", "| --- | --- | --- |")


# --- The back office ----------------------------------------------------------------------------

# Whose pages show a form that is no admin's.
OWN_PAGES = {
    "accounts.portalsettings": "SettingsForm",
    "branding.branding": "BrandingForm",
    "imports.dataimport": "ImportForm",
    "mail.owntext": "OwnTextForm",
}
NEW_BY = {"licenses.license": "NewLicenseForm"}


def request_of(person: User) -> HttpRequest:
    request = RequestFactory().get("/")
    request.user = person
    request.vendor = person.vendor  # type: ignore[attr-defined]
    return request


def of_the_office(world: World) -> Iterator[str]:
    for each in every_admin():
        person = world.operator if each.model is type(world.acme) else world.acme_admin
        request = request_of(person)
        if person.vendor is None:
            yield "\n".join(_of_admin(each, request))
            continue
        with inside(world.acme):
            yield "\n".join(_of_admin(each, request))


def _of_admin(each: admin.ModelAdmin[Any], request: HttpRequest) -> Iterator[str]:
    row = each.model._default_manager.first()
    yield f"### {each.opts.verbose_name_plural} (`{each.opts.label_lower}`)\n"
    shown = [name for name in each.get_list_display(request) if name != "__str__"]
    if own := OWN_PAGES.get(each.opts.label_lower):
        listed = f" In the list: {named(map(_name, shown))}." if shown else ""
        yield f"Read and changed by a form of their own, `{own}`.{listed}"
        return
    shown += flatten_fieldsets(each.get_fieldsets(request, row))
    shown += [name for inline in each.get_inlines(request, row) for name in inline.fields or ()]
    yield f"Read: {named(dict.fromkeys(map(_name, shown)))}.\n"
    if by := NEW_BY.get(each.opts.label_lower):
        yield f"New ones by a form of their own, `{by}`.\n"
    may_add = each.has_add_permission(request) and not by
    new = _fields(each, request, None) if may_add else {}
    changed = _fields(each, request, row) if each.has_change_permission(request, row) else {}
    yield from FIELDS_HEAD[:1] if new or changed else ()
    yield from FIELDS_HEAD[1:] if new or changed else ()
    for name, field in (new | changed).items():
        when = "" if name in new and name in changed else (" (new)" if name in new else " (later)")
        yield f"| `{name}`{when} | {'yes' if field.required else ''} | {takes(field)} |"


def _fields(each: admin.ModelAdmin[Any], request: HttpRequest, row: Any) -> dict[str, Any]:
    return dict(each.get_form(request, row, change=row is not None).base_fields)


def _name(field: Any) -> str:
    return str(getattr(field, "__name__", field)).strip("_")


def named(names: Iterable[str]) -> str:
    return ", ".join(f"`{each}`" for each in names) or "nothing"


# --- What verbs refuse --------------------------------------------------------------------------


def of_refusals() -> Iterator[str]:
    """The errors that have a code of their own."""
    yield "| refused as | when |\n| --- | --- |"
    told = {}
    _load_rooms()
    for error in _below(PortalError):
        if error.__module__.partition(".")[0] in ROOMS and "code" in vars(error):
            told[error.code] = _condition(error)
    for code, when in sorted(told.items()):
        yield f"| `{code}` | {when} |"


def _condition(error: type[PortalError]) -> str:
    """What its docstring says, or else its sentence."""
    own = vars(error).get("__doc__")
    said = cleandoc(own).partition("\n\n")[0] if own else str(error.text)
    return re.sub(r"%\(\w+\)s", "…", " ".join(said.split()))


# --- The Web API --------------------------------------------------------------------------------


def of_customers() -> Iterator[str]:
    yield "| what a customer's program reads of the own | members |\n| --- | --- |"
    for method, path, operation in operations():
        model = operation.response_models.get(200)
        if method != "GET" or not path.startswith("/v3/me") or model is None:
            continue
        yield f"| `{path}` | {named(_members(model))} |"
    written = me.MeBody.model_fields
    yield f"| written: `PATCH /v3/me` | {named(_wire(written))} |"


def _members(model: Any) -> list[str]:
    shape = model.model_fields["response"].annotation
    inner = getattr(shape, "__args__", (shape,))[0]
    return _wire(inner.model_fields)


def _wire(fields: dict[str, Any]) -> list[str]:
    return [field.alias or name for name, field in fields.items()]


def of_own_rights() -> Iterator[str]:
    yield "| member of a licence | who reads it | who writes it |\n| --- | --- | --- |"
    alias = {name: field.alias or name for name, field in licenses.LicenseBody.model_fields.items()}
    written = {alias[name]: rights for name, rights in licenses.WRITTEN_BY.items()}
    for member in dict.fromkeys((*licenses.READ_BY, *written)):
        read = licenses.READ_BY.get(member, "licenses.view_license")
        write = written.get(member, ("licenses.change_license",))
        yield f"| `{member}` | `{read}` | {' and '.join(f'`{each}`' for each in write)} |"


def page(world: World) -> str:
    """The whole of it; what belongs together is told by hand and taken over."""
    told = PAGE.read_text() if PAGE.exists() else "## What belongs together\n\n"
    together = told[told.index("## What belongs together") :].partition("\n## ")[0].strip()
    parts = [
        HEAD.strip(),
        together,
        "## What verbs refuse",
        REFUSALS.strip(),
        "\n".join(of_refusals()),
        "## Who reads and changes what",
        RIGHTS.strip(),
        "\n".join(of_own_rights()),
        "\n".join(of_customers()),
        "## What the back office reads and takes",
        *of_the_office(world),
        "## What each form takes",
        *of_forms(),
    ]
    return "\n\n".join(parts).replace("\n\n\n", "\n\n") + "\n"


REFUSALS = """\
Whatever the way in, form, Web API, file or command, verbs look at what is there by then and refuse \
the whole of it with one of these. Programs read the word as `code`.
"""

RIGHTS = """\
Of a row in the back office, whoever has the right to view its kind reads the fields that are \
named with it below, whoever has the right to add or change it those in its table, and nobody \
anything else: which role has which right is in [security-model.md](security-model.md). Fields that \
are marked `secret` (passwords, digests, secrets of second factors, private keys) are in no list, \
page, export or answer. By the Web API the same rights count, and of a licence these members have a \
right of their own; where it is missing, the member is left out of an answer, and a call that \
writes it is refused as a whole (403). Members that a body has and the operation does not know are \
left unread. Customers read and change their own rows alone, and of these what the portal shows \
and what their programs read:
"""
