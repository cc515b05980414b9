"""One walk over every model of the back office: nothing of the other vendor's is in any page, can
be chosen, found, exported, opened or acted on.

The walk itself is tested with admins that forget their vendor: it has to fail for each of them.
"""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.db import models
from django.urls import reverse

from accounts.models import User
from backoffice.base import VendorAdmin
from backoffice.export import WithExport
from licenses.admin.licenses import LicenseAdmin
from licenses.admin.products import ProductAdmin
from licenses.models import (
    License,
    Product,
)
from portal.office.site import BackofficeSite
from tenancy.door import inside
from tenancy.models import Vendor
from tenancy.rows import TenantRow
from tests.roles import everywhere
from tests.world import Browser, World, signed_in

# What only Globex has, in whatever place of whatever row.
FOREIGN_WORDS = (
    "bob@",
    "BOB333-GLOBEX-QUILL-02",
    "bob-laptop",
    "Quill",
    "Byron",
    "byron-laptop",
    "globex-policy",
    "globex-upkeep",
    "globex.example",
    "globex-import",
    "globex-order",
)
SITE = admin.site


def tenant_models() -> list[type[models.Model]]:
    """Every model of the back office whose rows belong to a vendor."""
    return [model for model in SITE._registry if issubclass(model, TenantRow | User)]


def rows_of(model: type[models.Model], vendor: Vendor) -> list[Any]:
    with inside(vendor):
        rows = list(model._default_manager.all())
    assert rows, f"The walk needs rows of {model._meta.label} at both vendors: see fill()."
    return rows


def values(row: Any) -> dict[str, Any]:
    with inside(row.vendor_id):
        return dict(type(row)._default_manager.filter(pk=row.pk).values().get())


class Walk:
    """One walk over the pages of one model, by a member of Acme's staff."""

    def __init__(self, world: World, model: type[models.Model], browser: Browser) -> None:
        self.model, self.browser = model, browser
        self.admin = SITE._registry[model]
        self.own = rows_of(model, world.acme)
        self.foreign = rows_of(model, world.globex)
        self.base = f"/{model._meta.app_label}/{model._meta.model_name}/"

    def path(self, action: str, row: Any = None) -> str:
        name = f"admin:{self.model._meta.app_label}_{self.model._meta.model_name}_{action}"
        return reverse(name, urlconf="portal.urls.backoffice", args=[row.pk] if row else [])

    def look(self, path: str) -> Any:
        """A page, in which nothing of the other vendor's stands."""
        response = self.browser.get(path)
        assert response.status_code in {200, 302, 403, 404}, (path, response.status_code)
        self.is_clean(path, response.getvalue().decode())
        return response

    def is_clean(self, place: str, text: str) -> None:
        for word in FOREIGN_WORDS:
            assert word not in text, (place, word)
        for row in self.foreign:
            assert str(row.pk) not in text, (place, row)

    def all(self) -> None:
        self.lists()
        self.own_pages()
        self.foreign_pages()
        self.choices()
        self.actions()

    def lists(self) -> None:
        """The list, its filters, each search for something of the other vendor's, the export."""
        self.look(self.base)
        for word in FOREIGN_WORDS:
            response = self.browser.get(self.base, {"q": word})
            # The word that was searched stands in the page; no row may.
            for row in self.foreign:
                assert str(row.pk) not in response.getvalue().decode(), word
        if isinstance(self.admin, WithExport):
            self.look(f"{self.base}export.csv")
        self.look(f"{self.base}add/")

    def own_pages(self) -> None:
        for action in ("change", "history", "delete"):
            self.look(self.path(action, self.own[0]))
        if self.model is User:
            self.look(f"{self.base}{self.own[0].pk}/story/")

    def foreign_pages(self) -> None:
        """No page of the other vendor's row can be opened, and no button of it does anything."""
        row = self.foreign[0]
        before = values(row)
        for suffix in (
            "change/",
            "history/",
            "delete/",
            "story/",
            "files/",
            "release/",
            "view-as/",
        ):
            path = f"{self.base}{row.pk}/{suffix}"
            for response in (self.browser.get(path), self.browser.post(path, {"post": "yes"})):
                assert response.status_code in {302, 403, 404}, (path, response.status_code)
                if response.status_code == 302:
                    # Django leads away from what is not there; nobody is led to the other's host.
                    assert "globex" not in response["Location"], path
        for verb in getattr(self.admin, "verbs", {}):
            path = f"{self.base}{row.pk}/do/{verb}/"
            assert self.browser.post(path).status_code in {403, 404}, path
        assert values(row) == before

    def choices(self) -> None:
        """No field of the form, or of the rows below it, offers the other vendor's rows; and a
        posted id of such a row is refused."""
        response = self.browser.get(self.path("change", self.own[0]))
        if response.status_code != 200 or not response.context:
            return
        with inside(self.own[0].vendor_id):
            forms = self.forms_in(response.context)
        for form in forms:
            for name, field in form.fields.items():
                self.offers_own(form, name, field)

    @staticmethod
    def forms_in(context: Any) -> list[Any]:
        found = [context["adminform"].form] if "adminform" in context else []
        for formset in context.get("inline_admin_formsets", []):
            found += [*formset.formset.forms, formset.formset.empty_form]
        return found

    def offers_own(self, form: Any, name: str, field: Any) -> None:
        queryset = getattr(field, "queryset", None)
        if queryset is None:
            return
        with inside(self.own[0].vendor_id):
            offered = {row.pk for row in queryset}
        with everywhere():
            acme = self.own[0].vendor_id
            foreign = queryset.model._base_manager.exclude(vendor_id=acme)
            ids = (
                set(foreign.values_list("pk", flat=True)) if queryset.model is not Vendor else set()
            )
        assert not offered & ids, (form, name)
        for pk in ids:
            with inside(self.own[0].vendor_id), pytest.raises(ValidationError):
                field.clean(str(pk))
        if name in self.admin.autocomplete_fields:
            path = reverse("admin:autocomplete", urlconf="portal.urls.backoffice")
            asked = {
                "app_label": self.model._meta.app_label,
                "model_name": self.model._meta.model_name,
                "field_name": name,
                "term": "",
            }
            text = self.browser.get(path, asked).content.decode()
            assert not any(str(pk) in text for pk in ids), (path, name)

    def actions(self) -> None:
        """No action of the list reaches the other vendor's rows."""
        before = [values(row) for row in self.foreign]
        page = self.browser.get(self.base)
        form = page.context.get("action_form") if page.context else None
        choices = form.fields["action"].choices if form else []
        offered = [name for name, _label in choices if name]
        ids = [str(row.pk) for row in self.foreign]
        for name in offered:
            for extra in ({}, {"post": "yes"}):
                form = {"action": name, "_selected_action": ids, **extra}
                self.is_clean(name, self.browser.post(self.base, form).getvalue().decode())
        assert [values(row) for row in self.foreign] == before


@pytest.mark.parametrize("person", ["acme_admin", "acme_support"])
@pytest.mark.parametrize("model", tenant_models(), ids=lambda model: model._meta.label)
def test_nothing_of_the_other_vendors(
    filled: World, model: type[models.Model], person: str
) -> None:
    Walk(filled, model, signed_in(getattr(filled, person))).all()


# --- The walk fails where an admin forgets its vendor -------------------------------------------


def everything(model: type[models.Model]) -> Callable[..., Any]:
    def get_queryset(self: Any, request: Any) -> Any:
        with everywhere():
            return model._base_manager.all()

    return get_queryset


class OpenProduct:
    """Ways in which an admin could forget its vendor; each patches one method."""

    @staticmethod
    def rows(monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(ProductAdmin, "get_queryset", everything(Product))

    @staticmethod
    def choices(monkeypatch: pytest.MonkeyPatch) -> None:
        def formfield(self: Any, db_field: Any, request: Any, **kwargs: Any) -> Any:
            if db_field.name == "user":
                with everywhere():
                    kwargs["queryset"] = User._base_manager.all()
            return VendorAdmin.formfield_for_foreignkey(self, db_field, request, **kwargs)

        monkeypatch.setattr(LicenseAdmin, "formfield_for_foreignkey", formfield)

    @staticmethod
    def export(monkeypatch: pytest.MonkeyPatch) -> None:
        def rows(self: Any, _rows: Any) -> Any:
            with everywhere():
                return License._base_manager.select_related("product", "user")

        monkeypatch.setattr(LicenseAdmin, "export_rows", rows)

    @staticmethod
    def page(monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(LicenseAdmin, "get_queryset", everything(License))


@pytest.mark.takes_turns
@pytest.mark.parametrize(
    ("model", "way"),
    [(Product, "rows"), (License, "choices"), (License, "export"), (License, "page")],
)
def test_the_walk_fails_for_an_admin_that_forgets_its_vendor(
    filled: World, monkeypatch: pytest.MonkeyPatch, model: type[models.Model], way: str
) -> None:
    browser = signed_in(filled.acme_admin)
    getattr(OpenProduct, way)(monkeypatch)
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        Walk(filled, model, browser).all()


def test_an_admin_without_the_base_does_not_even_start() -> None:
    site = BackofficeSite(name="another")
    with pytest.raises(ImproperlyConfigured, match="derive from VendorAdmin"):
        site.register(Product, admin.ModelAdmin)
    site.register(Product, VendorAdmin)
