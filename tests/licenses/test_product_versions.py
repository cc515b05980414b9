"""Product versions and feature flags in the back office, and on the customer's page."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from licenses.models import FeatureFlag, License, LicensePolicy, ProductVersion, VersionFeature
from licenses.verbs.issuing import issue
from licenses.verbs.product_versions import add_feature, set_features
from tenancy.door import inside
from tests.world import World, signed_in

NEW = "/licenses/license/add/"


def version_of(world: World, name: str = "pro", **features: bool) -> ProductVersion:
    """A version of Orbit with these features."""
    own: dict[str, Any] = {"vendor": world.acme, "product": world.orbit}
    with inside(world.acme):
        version = ProductVersion.objects.create(name=name, display_name=name.title(), **own)
        for each in features:
            FeatureFlag.objects.get_or_create(name=each, **own)
        entries = [{"name": each, "enabled": on} for each, on in features.items()]
        set_features(version, entries)
    return version


def give(license: License, version: ProductVersion) -> None:
    with inside(license.vendor):
        License.objects.filter(pk=license.pk).update(product_version=version)


def test_a_version_is_made_and_its_features_are_switched(world: World) -> None:
    admin = signed_in(world.acme_admin)
    with inside(world.acme):
        for name, product in (("export", world.orbit), ("spectral", world.spectra)):
            FeatureFlag.objects.create(vendor=world.acme, product=product, name=name)
    made = admin.post(
        "/licenses/productversion/add/", {"product": str(world.orbit.pk), "name": "pro"}
    )
    with inside(world.acme):
        version = ProductVersion.objects.get()
        flag = FeatureFlag.objects.get(name="export")
        other = FeatureFlag.objects.get(name="spectral")
    path = f"/licenses/productversion/{version.pk}/change/"
    assert made["Location"] == path
    page = admin.get(path).content.decode()
    assert "export" in page
    assert "spectral" not in page
    form = {
        "name": "pro",
        "features-TOTAL_FORMS": "1",
        "features-INITIAL_FORMS": "0",
        "features-0-enabled": "on",
        "features-0-data": "4",
    }
    refused = admin.post(path, {**form, "features-0-flag": str(other.pk)})
    assert refused.status_code == 200
    assert admin.post(path, {**form, "features-0-flag": str(flag.pk)}).status_code == 302
    with inside(world.acme):
        feature = VersionFeature.objects.get()
        assert (feature.flag, feature.enabled, feature.data) == (flag, True, "4")
    support = signed_in(world.acme_support)
    read = support.get(path).content.decode()
    assert "export" in read
    assert support.post(path, form).status_code == 403


def test_code_can_not_give_a_version_another_products_feature(world: World) -> None:
    version = version_of(world)
    with inside(world.acme):
        flag = FeatureFlag.objects.create(vendor=world.acme, product=world.spectra, name="x")
        with pytest.raises(ValidationError):
            add_feature(VersionFeature(vendor=world.acme, version=version, flag=flag))


def test_used_versions_and_flags_are_kept(world: World) -> None:
    version = version_of(world, export=True)
    give(world.ada_license, version)
    admin = signed_in(world.acme_admin)
    with inside(world.acme):
        flag = FeatureFlag.objects.get()
    for row in (version, flag):
        path = f"/licenses/{row._meta.model_name}/{row.pk}/delete/"
        admin.post(path, {"post": "yes"})
    with inside(world.acme):
        assert (ProductVersion.objects.count(), FeatureFlag.objects.count()) == (1, 1)


def test_a_new_licence_is_of_a_version_of_its_product(world: World) -> None:
    admin = signed_in(world.acme_admin)
    with inside(world.acme):
        policy = LicensePolicy.objects.create(vendor=world.acme, name="Yearly")
    assert 'name="product_version"' not in admin.get(NEW).content.decode()
    version = version_of(world)
    form = {
        "email": "eve@example.com",
        "product": str(world.spectra.pk),
        "product_version": str(version.pk),
        "policy": str(policy.pk),
    }
    page = admin.get(NEW).content.decode()
    assert "Orbit: Pro</option>" in page
    refused = admin.post(NEW, form)
    assert "This product version is of another product." in refused.content.decode()
    made = admin.post(NEW, {**form, "product": str(world.orbit.pk)})
    assert made.status_code == 302
    with inside(world.acme):
        license = License.objects.get(user__email="eve@example.com")
        assert license.product_version == version
        with pytest.raises(ValidationError):
            issue(product=world.spectra, email="eve@example.com", product_version=version)
    export = b"".join(admin.get("/licenses/license/export.csv").streaming_content)  # type: ignore[attr-defined]
    assert b'"product","product_version","email"' in export
    assert b'"Orbit","pro","eve@example.com"' in export


def test_a_licences_form_offers_versions_of_its_product(world: World) -> None:
    version = version_of(world, export=True, sync=False)
    with inside(world.acme):
        other = ProductVersion.objects.create(
            vendor=world.acme, product=world.spectra, name="Spectral"
        )
    admin = signed_in(world.acme_admin)
    path = f"/licenses/license/{world.ada_license.pk}/change/"
    page = admin.get(f"{path}?change=yes").content.decode()
    assert "Pro</option>" in page
    assert "Spectral" not in page
    form = {
        name: value
        for name, value in page_form(admin, path).items()
        if value not in (None, False) and not hasattr(value, "read")
    }
    refused = admin.post(f"{path}?change=yes", {**form, "product_version": str(other.pk)})
    assert refused.status_code == 200
    saved = admin.post(f"{path}?change=yes", {**form, "product_version": str(version.pk)})
    assert saved.status_code == 302
    with inside(world.acme):
        assert License.objects.get(pk=world.ada_license.pk).product_version == version
    for person in (world.acme_admin, world.acme_support):
        assert "Pro: export" in signed_in(person).get(path).content.decode()
    listed = admin.get(f"/licenses/license/?product_version__id__exact={version.pk}")
    told = listed.content.decode()
    assert world.ada_license.key in told
    assert world.grace_license.key not in told


def page_form(admin: Any, path: str) -> dict[str, Any]:
    """What the form is filled in with."""
    context = admin.get(f"{path}?change=yes").context
    form = context["adminform"].form
    filled = {name: form[name].value() for name in form.fields}
    for formset in context["inline_admin_formsets"]:
        prefix = formset.formset.prefix
        filled |= {f"{prefix}-TOTAL_FORMS": "0", f"{prefix}-INITIAL_FORMS": "0"}
    return {name: value if value != [] else "" for name, value in filled.items()}


@pytest.mark.parametrize("number", [0, 1, 3])
def test_the_customer_reads_version_and_features(world: World, number: int) -> None:
    path = f"/licenses/{world.ada_license.pk}/"
    ada = signed_in(world.ada)
    before = ada.get(path).content.decode()
    assert "Product version" not in before
    with CaptureQueriesContext(connection) as without:
        ada.get(path)
    names = [f"feature-{each}" for each in range(number)]
    features = dict.fromkeys(names, True) | {"other": False}
    give(world.ada_license, version_of(world, **features))
    page = ada.get(path).content.decode()
    told = "Pro: " + ", ".join(names) if names else "Pro"
    assert f"<dd>{told}</dd>" in page
    assert "other" not in page.partition("<dt>Product version</dt>")[2].partition("</dd>")[0]
    with CaptureQueriesContext(connection) as asked:
        ada.get(path)
    assert len(asked) <= len(without) + 1  # one message on PostgreSQL
