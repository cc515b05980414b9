"""What a page of the back office shows and nobody can type: as people read it, and with links for
who may follow them."""

from collections.abc import Iterator
from typing import Any

from django.contrib.admin.helpers import AdminForm, AdminReadonlyField, Fieldline, Fieldset
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst


def breakable(email: str) -> SafeString:
    """An e-mail, which goes on in another line behind its sign, where there is room for that."""
    name, at, domain = email.partition("@")
    return format_html("<span>{}{}<wbr>{}</span>", name, at, domain)


class ReadableForm(AdminForm):
    """Django's form of a page, as `reader` reads it. Its classes make each other, so that every one
    of them has to be ours."""

    def __init__(self, made: AdminForm, reader: Any) -> None:
        self.__dict__ |= made.__dict__
        self.reader = reader

    def __iter__(self) -> Iterator[Any]:
        for fieldset in super().__iter__():
            yield ReadableFieldset(fieldset, self.reader)


class ReadableFieldset(Fieldset):
    def __init__(self, made: Fieldset, reader: Any) -> None:
        self.__dict__ |= made.__dict__
        self.reader = reader

    def __iter__(self) -> Iterator[Any]:
        for line in super().__iter__():
            yield ReadableLine(line, self.reader)


class ReadableLine(Fieldline):
    def __init__(self, made: Fieldline, reader: Any) -> None:
        self.__dict__ |= made.__dict__
        self.reader = reader

    def __iter__(self) -> Iterator[Any]:
        for each in super().__iter__():
            if isinstance(each, AdminReadonlyField):
                yield ReadableField(each, self.reader)
            else:
                yield each


class ReadableField(AdminReadonlyField):
    """A value in the words of the form field that would ask for it, if that has some (`told`):
    "30 days", not 2592000."""

    def __init__(self, made: AdminReadonlyField, reader: Any) -> None:
        self.__dict__ |= made.__dict__
        self.reader = reader

    def get_admin_url(self, remote_field: Any, remote_obj: Any) -> str:
        """The row's name; a link for who may look at it."""
        opts = remote_field.model._meta
        if not self.reader.has_perm(f"{opts.app_label}.view_{opts.model_name}"):
            return str(remote_obj)
        return str(super().get_admin_url(remote_field, remote_obj))

    def contents(self) -> SafeString:
        fields = {each.name: each for each in self.form._meta.model._meta.concrete_fields}
        field: Any = fields.get(self.field["name"])
        overrides: Any = getattr(self.model_admin, "formfield_overrides", {})
        told = getattr(overrides.get(type(field), {}).get("form_class"), "told", None)
        if told is None:
            shown = super().contents()
            is_choice = getattr(fields.get(self.field["name"]), "choices", None)
            return mark_safe(capfirst(shown)) if is_choice else shown  # noqa: S308  Django's own
        return conditional_escape(told(field.value_from_object(self.form.instance)))
