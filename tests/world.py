"""Two vendors with named people, products, licences and machines on both sides.

Both sides always have data, so that a leak is visible. The database holds them once for all tests
(`Kept`); each test has copies of its own.
"""

import pickle
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, ClassVar

import time_machine
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from django.db import connection, transaction
from django.test import Client

from accounts.models import BuiltIn, User, among_operators
from accounts.sessions import people_of
from accounts.verbs import sessions
from accounts.verbs.vendors import begin_vendor
from licenses.models import Activation, License, Product
from licenses.verbs.activations import Machine, activate
from licenses.verbs.licenses import create_license
from licenses.verbs.signing_keys import store_key
from releases.files.shelf import shelf_for
from releases.models import Release, ReleaseFile
from releases.verbs import publishing
from tenancy.door import inside
from tenancy.hosts import Site
from tenancy.models import Vendor
from tenancy.transactions import take_what_was_left
from tests import rows
from tests.sql import Watch

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
PASSWORD = "correct horse battery"
PARENT = "portal.localhost"


@cache
def rsa_key(name: str) -> rsa.RSAPrivateKey:
    """One key pair per name and test run: making them is slow."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class World:
    acme: Vendor
    globex: Vendor
    ada: User
    grace: User
    acme_admin: User
    acme_support: User
    ada_of_globex: User
    bob: User
    globex_admin: User
    operator: User
    orbit: Product
    spectra: Product
    quill: Product
    ada_license: License
    grace_license: License
    ada_of_globex_license: License
    bob_license: License
    ada_machine: Activation
    bob_machine: Activation
    orbit_release: Release
    quill_release: Release


def user(vendor: Vendor | None, email: str, **fields: Any) -> User:
    """A saved user with PASSWORD."""
    first = email.partition("@")[0].capitalize()
    manager = User.objects if vendor else User.people
    return manager.create_user(
        vendor=vendor, email=email, password=PASSWORD, first_name=first, **fields
    )


def set_vendor(vendor: Vendor, **fields: Any) -> None:
    """Changes the vendor's row behind the back of every verb."""
    with inside(vendor):
        Vendor.objects.filter(pk=vendor.pk).update(**fields)


def vendor_now(vendor: Vendor) -> Vendor:
    """The vendor's row as it is now."""
    with inside(vendor):
        return Vendor.objects.get(pk=vendor.pk)


def product(vendor: Vendor, name: str, **fields: Any) -> Product:
    """A saved product with a signing key."""
    saved = Product(vendor=vendor, name=name, **fields)
    saved.save(force_insert=True)
    store_key(saved, rsa_key(name))
    return saved


def fingerprint(name: str) -> str:
    """A fingerprint of 64 characters that begins with the name."""
    return name.ljust(64, "-")


def machine(name: str, **fields: Any) -> Machine:
    """What a program on a machine of this name would tell."""
    return Machine(**{"fingerprint": fingerprint(name), "os": "linux", "hostname": name, **fields})


CONTENT = bytes(range(256)) * 4


def release(product: Product, version: str = "1.2.0", **fields: Any) -> Release:
    """A published release with a file of 1024 bytes, `<product>-<version>.bin` in small letters."""
    described = {"name": product.name, "platforms": ["linux"], **fields}
    draft = Release(vendor_id=product.vendor_id, product=product, version=version, **described)
    with shelf_for(product.vendor_id) as shelf:
        publishing.save_draft(draft, own_platforms=True)
        name = f"{product.name}-{version}.bin".lower()
        publishing.add_files(draft, [(name, shelf.store(BytesIO(CONTENT)))])
        return publishing.publish(draft)


def file_of(release: Release) -> ReleaseFile:
    """The release's only file."""
    return ReleaseFile.objects.get(release=release)


def download_path(release: Release) -> str:
    name = f"{release.product.name}-{release.version}.bin".lower()
    return f"/releases/{release.pk}/{name}"


def _new() -> World:
    """The world that most tests start from."""
    acme = begin_vendor(
        Vendor(company_id="acme", name="Acme Instruments", support_email="support@acme.example")
    )
    globex = begin_vendor(Vendor(company_id="globex", name="Globex Software"))
    made: dict[str, Any] = {"acme": acme, "globex": globex}
    with among_operators():
        made["operator"] = user(None, "root@example.com", role=BuiltIn.OPERATOR)
    with inside(acme):
        made["ada"] = user(acme, "ada@example.com", last_name="Lovelace")
        made["grace"] = user(acme, "grace@example.com")
        made["acme_admin"] = user(acme, "admin@acme.example", role=BuiltIn.ADMIN)
        made["acme_support"] = user(acme, "support@acme.example", role=BuiltIn.SUPPORT)
        made["orbit"] = product(acme, "Orbit")
        made["spectra"] = product(acme, "Spectra")
        made["ada_license"] = create_license(
            product=made["orbit"],
            user=made["ada"],
            key="ADA111-ACME-ORBIT-0001",
            allowed_activations=3,
            notes="Ada of Acme only",
        )
        made["grace_license"] = create_license(
            product=made["orbit"],
            user=made["grace"],
            key="GRACE1-ACME-ORBIT-0002",
            allowed_activations=3,
            notes="Grace of Acme only",
        )
        made["ada_machine"] = activate(made["ada_license"], machine("ada-laptop"))
        activate(made["grace_license"], machine("grace-laptop"))
        made["orbit_release"] = release(made["orbit"], notes="Orbit of Acme only")
    with inside(globex):
        made["ada_of_globex"] = user(globex, "ada@example.com", last_name="Byron")
        made["bob"] = user(globex, "bob@example.com")
        made["globex_admin"] = user(globex, "admin@globex.example", role=BuiltIn.ADMIN)
        made["quill"] = product(globex, "Quill")
        made["ada_of_globex_license"] = create_license(
            product=made["quill"],
            user=made["ada_of_globex"],
            key="ADA222-GLOBEX-QUILL-01",
            allowed_activations=3,
            notes="Ada of Globex only",
        )
        made["bob_license"] = create_license(
            product=made["quill"],
            user=made["bob"],
            key="BOB333-GLOBEX-QUILL-02",
            allowed_activations=3,
            notes="Bob of Globex only",
        )
        activate(made["ada_of_globex_license"], machine("byron-laptop"))
        made["bob_machine"] = activate(made["bob_license"], machine("bob-laptop"))
        made["quill_release"] = release(made["quill"], notes="Quill of Globex only")
    return World(**made)


class Kept:
    """A world in the database between the tests: built once, seen and changed by each test
    inside its own transaction alone, and handed out in copies that no two tests share."""

    there: ClassVar["Kept | None"] = None  # the one that is in the database

    def __init__(self, name: str, make: Callable[[], World]) -> None:
        self._name = name
        self._make = make
        self._columns: dict[str, list[str]] = {}  # that it has, by table
        self._pickled = b""
        self._files: dict[Path, bytes] = {}

    def put(self) -> None:
        """Commits the world, unless it is there, in place of another: built the first time, and
        laid aside, since to put rows back is quicker. No transaction may be open."""
        if Kept.there is self:
            return
        Kept.take_away()
        assert not connection.in_atomic_block, "The world would be rolled back with this test."
        if self._columns:
            rows.put_back(self._name, self._columns)
        else:
            self._build()
        Kept.there = self

    def _build(self) -> None:
        with transaction.atomic(), time_machine.travel(NOW, tick=False):
            world = self._make()
            take_what_was_left(connection)
            connection.run_on_commit = []  # As in a test that is rolled back: e-mails wait.
        self._columns = rows.lay_aside(self._name)
        self._pickled = pickle.dumps(world)
        folders = [_folder(vendor) for vendor in (world.acme, world.globex)]
        self._files = {path: path.read_bytes() for path in _files_in(folders)}

    @staticmethod
    def take_away() -> None:
        """Empties the database of a world, if one is there. No transaction may be open."""
        if Kept.there is None:
            return
        assert not connection.in_atomic_block, "The world would be back after this test."
        rows.take_away()
        Kept.forget()

    @staticmethod
    def forget() -> None:
        """Says that a test that commits has left an empty database."""
        Kept.there = None

    def copy(self) -> World:
        """The world as it was built, whatever other tests did to theirs."""
        self._lay_out_files()
        world: World = pickle.loads(self._pickled)
        return world

    def _lay_out_files(self) -> None:
        """Makes the vendors' folders hold the world's release files and no others."""
        for path in _files_in({path.parent for path in self._files}):
            if path not in self._files:
                path.unlink()
        for path, content in self._files.items():
            if not path.is_file() or path.read_bytes() != content:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)


def _new_and_filled() -> World:
    from tests.filled import fill

    world = _new()
    fill(world)
    return world


KEPT = Kept("world", _new)
FILLED = Kept("filled", _new_and_filled)


def build() -> World:
    """The world for a test that commits, which begins with an empty database and leaves one."""
    KEPT.put()
    return KEPT.copy()


def _folder(vendor: Vendor) -> Path:
    return Path(settings.RELEASES_ROOT, str(vendor.pk))


def _files_in(folders: Iterable[Path]) -> list[Path]:
    return [path for folder in folders if folder.exists() for path in folder.iterdir()]


# The pages on which a password is typed, each of which is tried in tests/accounts/test_guessing.py.
WITH_PASSWORD = {
    "login",
    "password_reset_confirm",
    "invitation",
    "register_confirm",
    "change_password",
    "change_email",
    "admin:password_change",
    "prove",
    "second_factor_off",
    "single_sign_on_connect",
}


class Browser(Client):
    """A visitor of one host. Every statement that a request runs has to name its vendor,
    every change has to leave an entry in the audit trail, and a page on which a password is typed
    has to be one of those that are known."""

    def __init__(self, label: str = "acme", **defaults: Any) -> None:
        host = f"{label}.{PARENT}" if label else PARENT
        super().__init__(HTTP_HOST=host, **defaults)

    def request(self, **request: Any) -> Any:
        watch = Watch()
        with connection.execute_wrapper(watch):
            response = super().request(**request)
        watch.check(connection)
        if not response.streaming and b'type="password"' in response.content:
            page = response.resolver_match.view_name
            assert page in WITH_PASSWORD, f"{page} asks for a password."
        return response

    def sign_in(self, email: str, password: str = PASSWORD, **fields: str) -> Any:
        """Signs in through the page, as a person would; asserts that it worked."""
        response = self.post("/login/", {"email": email, "password": password, **fields})
        assert response.status_code == 302, response.content.decode()
        return self


def signed_in(person: User) -> Browser:
    """A browser in which the person is signed in, on the host where that is done.

    The session is written as the page would write it; nothing tells that somebody signed in.
    """
    site = Site.CUSTOMER if person.is_customer else Site.BACKOFFICE
    with people_of(person.vendor):
        token = sessions.begin(person, site=site, browser="a browser", is_kept=True)
    browser = Browser(person.vendor.company_id if person.is_customer and person.vendor else "app")
    browser.cookies[settings.SESSION_COOKIE_NAME] = token
    return browser
