"""What the back office shows of a look that need not be saved: its pictures, and the logo on both
grounds, with a warning where it can hardly be seen. Runs in the vendor's scope."""

from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.forms import BoundField
from django.urls import reverse
from django.utils.translation import gettext as _

from branding import colours
from branding.access import pictures_of
from branding.images import Picture
from branding.models import Branding
from branding.verbs.brands import PICTURES
from branding.visible import hardly_seen


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture, and where a page finds it."""

    picture: Picture
    src: str


@dataclass(frozen=True, slots=True)
class Row:
    """A field of the form; of a picture also what there is, on which ground it is shown, and the
    name of a file that came with the form, which `is_lost` where it has to be chosen again."""

    field: BoundField
    is_picture: bool
    shown: Shown | None
    is_saved: bool
    ground: str
    file: str
    is_lost: bool


@dataclass(frozen=True, slots=True)
class Half:
    """The preview on light or on dark ground; the warning is empty where all is well."""

    scheme: str
    label: str
    logo: Shown | None
    warning: str


def pictures_to_show(
    saved: Branding, chosen: Mapping[str, Picture | None]
) -> dict[str, Shown | None]:
    """The pictures by their fields: those that were chosen just now, or else the saved ones."""
    known = {name: _saved(picture) for name, picture in pictures_of(saved).items()}
    return {
        field: _chosen(chosen[field]) if field in chosen else known.get(getattr(saved, field))
        for field in PICTURES
    }


def _saved(picture: Picture) -> Shown:
    return Shown(picture, reverse("admin:branding_picture", args=[picture.name]))


def _chosen(picture: Picture | None) -> Shown | None:
    """It is nowhere yet, so the page itself has it."""
    if picture is None:
        return None
    return Shown(picture, f"data:image/png;base64,{b64encode(picture.data).decode()}")


def rows(
    form: Any, saved: Branding, pictures: Mapping[str, Shown | None], *, stays: bool
) -> Iterator[Row]:
    """The form's fields; `stays` where the page with the chosen files stays as it is."""
    for field in form:
        name = field.name
        file = getattr(form.files.get(name), "name", "") if name in PICTURES else ""
        yield Row(
            field=field,
            is_picture=name in PICTURES,
            shown=pictures.get(name),
            is_saved=name in PICTURES and bool(getattr(saved, name)),
            ground="dark" if name == "logo_dark" else "light",
            file=file,
            is_lost=bool(file) and not stays,
        )


def halves(pictures: Mapping[str, Shown | None]) -> Iterator[Half]:
    """Both halves. Where one logo is missing, the other stands in for it, as on the portal."""
    light, dark = pictures["logo_light"], pictures["logo_dark"]
    unseen_on_light = _("On light ground this logo can hardly be seen: choose another one for it.")
    unseen_on_dark = _("On dark ground this logo can hardly be seen: choose another one for it.")
    on_light = _warning(light or dark, colours.LIGHT, unseen_on_light)
    on_dark = _warning(dark or light, colours.DARK, unseen_on_dark)
    yield Half("light", _("On light ground"), light or dark, on_light)
    yield Half("dark", _("On dark ground"), dark or light, on_dark)


def _warning(logo: Shown | None, scheme: colours.Scheme, unseen: str) -> str:
    return unseen if logo and hardly_seen(logo.picture.data, scheme) else ""
