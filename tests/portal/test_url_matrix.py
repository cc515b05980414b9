"""Every route of every URLconf, for every role, at both vendors, by GET and by POST.

A route that is not in the tables fails the test, so nobody can forget one.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.models import IdentityProvider, Session, Tag, User
from accounts.passkeys.verbs import passkeys_of
from accounts.rights import RIGHTS, given_to, includes
from accounts.sessions import people_of
from accounts.single_sign_on.verbs import create_provider
from accounts.tokens import verbs as tokens
from accounts.verbs import sessions
from audit.models import AuditEntry
from backoffice.models import BulkChange, SavedView
from branding.domains.verbs import claim
from branding.verbs.brands import change_brand
from imports.models import DataImport
from imports.verbs import files
from licenses.models import (
    FeatureFlag,
    LicensePolicy,
    MaintenancePolicy,
    ProductVersion,
    SeatRequest,
    TrialActivation,
    TrialPolicy,
)
from licenses.verbs.mailing import send_license
from mail.models import OutgoingEmail
from moving.models import Move
from offline.verbs.answering import answer
from releases.files.ranges import ByteRange
from releases.models import Release
from releases.verbs import publishing
from releases.verbs.downloads import record
from tenancy.door import inside
from tenancy.hosts import Site
from tests.accounts.authenticators import passkey_of
from tests.branding.pictures import picture
from tests.conftest import NOW
from tests.offline.requests_maker import MachineKeys
from tests.webhooks.hooks import hook_of
from tests.world import Browser, World, file_of, set_vendor, signed_in
from webhooks.models import Delivery
from webhooks.verbs.webhooks import send_test

pytestmark = pytest.mark.by_database


# Who visits which host. All ask for the rows of Ada of Acme.
VISITORS = (
    "anonymous",
    "ada",
    "grace",
    "bob",
    "ada of globex",
    "bob's cookie at acme",
    "admin's cookie at acme",
)

PUBLIC = (200, 302, 302, 302, 302, 200, 200)  # who is signed in is sent on
OPEN = (200,) * 7
GONE = (410,) * 7
GONE_OR_IN = (410, 302, 302, 302, 302, 410, 410)  # whom it has signed in is sent on
SIGNED_IN = (302, 200, 200, 200, 200, 302, 302)
REFUSED_FILE = (302, 400, 400, 400, 400, 302, 302)
REDIRECT = (302,) * 7
WRONG_METHOD = (302, 405, 405, 405, 405, 302, 302)
NO_SUCH_METHOD = (405,) * 7
NOWHERE = (404,) * 7
NOT_ASKED = (403,) * 7
PICTURE = (200, 200, 200, 404, 404, 200, 200)  # public on Acme's host, and there alone
ALLOWED = (200, 200, 200, 404, 404, 200, 200)  # by Acme, and not by Globex
OF_ACME = (302, 200, 200, 404, 404, 302, 302)  # Grace has a licence of Orbit, too
FEED = (401, 200, 200, 404, 404, 401, 401)
ADA_ALONE = (302, 200, 404, 404, 404, 302, 302)
ADA_ALONE_POST = (302, 302, 404, 404, 404, 302, 302)

# name: (GET, POST), in the order of VISITORS
CUSTOMER: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "home": (REDIRECT, REDIRECT),
    "change_password_place": (REDIRECT, REDIRECT),
    "favicon": (OPEN, NO_SUCH_METHOD),
    "login": (PUBLIC, OPEN),
    "sign_in_code": (REDIRECT, REDIRECT),  # nobody has shown a password
    "sign_in_recovery": (REDIRECT, REDIRECT),
    "sign_in_code_passkey": (NO_SUCH_METHOD, REDIRECT),
    "sign_in_passkey": (NO_SUCH_METHOD, REDIRECT),
    "passkey_options": (NO_SUCH_METHOD, OPEN),
    "related_origins": (OPEN, NO_SUCH_METHOD),
    "single_sign_on": (OPEN, NO_SUCH_METHOD),
    "single_sign_on_start": (NOWHERE, NO_SUCH_METHOD),  # there is no such provider
    "single_sign_on_back": (NOT_ASKED, NO_SUCH_METHOD),  # nobody was sent to one
    "single_sign_on_connect": (NOT_ASKED, NOT_ASKED),
    "single_sign_on_send": (NO_SUCH_METHOD, NOT_ASKED),
    "single_sign_on_sent": (OPEN, NO_SUCH_METHOD),
    "single_sign_on_link": (GONE, GONE),
    "logout": (NO_SUCH_METHOD, REDIRECT),
    "password_reset": (OPEN, OPEN),
    "password_reset_sent": (OPEN, NO_SUCH_METHOD),
    "password_reset_confirm": (GONE, GONE),
    "invitation": (GONE, GONE_OR_IN),
    "mailed_link": (ALLOWED, ALLOWED),
    "mailed_link_sent": (ALLOWED, NO_SUCH_METHOD),
    "sign_in_by_link": (GONE, GONE_OR_IN),
    "register": (ALLOWED, ALLOWED),
    "register_sent": (ALLOWED, NO_SUCH_METHOD),
    "register_confirm": (GONE, GONE_OR_IN),
    "mailed_keys": (ALLOWED, ALLOWED),
    "mailed_keys_sent": (ALLOWED, NO_SUCH_METHOD),
    "end_everywhere": (GONE, GONE),
    "trial": (NOWHERE, NOWHERE),  # nothing can be tried: tests/offline/test_trials.py
    "profile": (SIGNED_IN, REDIRECT),
    "reminders": (WRONG_METHOD, REDIRECT),
    "reminders_off": (GONE, GONE),
    "activity": (SIGNED_IN, WRONG_METHOD),
    "own_data": (SIGNED_IN, WRONG_METHOD),
    "own_table": (SIGNED_IN, WRONG_METHOD),
    "own_csv": (SIGNED_IN, WRONG_METHOD),
    "own_json": (SIGNED_IN, WRONG_METHOD),
    "own_archive": (SIGNED_IN, WRONG_METHOD),
    "view_as": (GONE, GONE),
    "view_as_stop": (NO_SUCH_METHOD, REDIRECT),
    "change_password": (SIGNED_IN, SIGNED_IN),
    "change_email": (SIGNED_IN, SIGNED_IN),
    "email_confirm": (GONE, GONE),
    "second_factor": (SIGNED_IN, WRONG_METHOD),
    "second_factor_set_up": (SIGNED_IN, SIGNED_IN),
    "recovery_codes": (REDIRECT, REDIRECT),  # there is no second factor
    "second_factor_off": (REDIRECT, REDIRECT),
    "prove": (SIGNED_IN, SIGNED_IN),
    "sessions": (SIGNED_IN, WRONG_METHOD),
    "end_session": (ADA_ALONE, REDIRECT),  # of another's, as of one that is over, nothing ends
    "end_other_sessions": (SIGNED_IN, REDIRECT),
    "prove_passkey": (WRONG_METHOD, REDIRECT),
    "passkeys": (SIGNED_IN, WRONG_METHOD),
    "passkey_add": (SIGNED_IN, SIGNED_IN),
    "passkey": (ADA_ALONE, ADA_ALONE),
    "passkey_delete": (ADA_ALONE, ADA_ALONE_POST),
    "access_tokens": (SIGNED_IN, WRONG_METHOD),
    "access_token_make": (SIGNED_IN, SIGNED_IN),
    "access_token": (ADA_ALONE, ADA_ALONE_POST),
    "connections": (SIGNED_IN, WRONG_METHOD),
    "disconnect": (WRONG_METHOD, REDIRECT),
    "licenses": (SIGNED_IN, WRONG_METHOD),
    "licenses_export": (SIGNED_IN, WRONG_METHOD),
    "machines": (SIGNED_IN, WRONG_METHOD),
    "machines_deactivate": (REDIRECT, REDIRECT),
    "license": (ADA_ALONE, WRONG_METHOD),
    "license_name": (ADA_ALONE, ADA_ALONE_POST),
    "activation_deactivate": (ADA_ALONE, ADA_ALONE_POST),
    # A machine that can be deactivated needs nobody to release it.
    "activation_release": (ADA_ALONE_POST, ADA_ALONE_POST),
    "offline": (SIGNED_IN, REFUSED_FILE),
    "offline_confirm": (REDIRECT, REFUSED_FILE),
    "offline_done": (ADA_ALONE, WRONG_METHOD),
    "offline_response": (ADA_ALONE, WRONG_METHOD),
    "offline_machine_response": (ADA_ALONE, WRONG_METHOD),
    "releases": (SIGNED_IN, WRONG_METHOD),
    "release": (OF_ACME, WRONG_METHOD),
    "download": (OF_ACME, NO_SUCH_METHOD),
    "branding_css": (OPEN, NO_SUCH_METHOD),
    "brand_image": (PICTURE, NO_SUCH_METHOD),
    "feed_json": (FEED, NO_SUCH_METHOD),
    "feed_atom": (FEED, NO_SUCH_METHOD),
}


@pytest.fixture
def ids(world: World) -> dict[str, Any]:
    """The ids of Ada of Acme's rows, for every name of a parameter; Acme allows every way in."""
    set_vendor(world.acme, sign_in_by_link=True, keys_by_email=True, registration="open")
    with inside(world.acme):
        request = MachineKeys().activation(world.orbit.pk, world.ada_license.key)
        exchange = answer(world.ada, request)
        ids = {"exchange_id": exchange.pk, "offline_machine": exchange.activation_id}
        branding = change_brand(vendor=world.acme, pictures={"logo_light": picture()})
        passkey_of(world.ada)
        [passkey] = passkeys_of(world.ada)
        token, _secret = tokens.write(world.ada, name="Nightly", scopes=["user:read"])
    return ids | {
        "picture": branding.logo_light,
        "license_id": world.ada_license.pk,
        "activation_id": world.ada_machine.pk,
        "token": "not-a-token",
        "release_id": world.orbit_release.pk,
        "name": "orbit-1.2.0.bin",
        "product_id": world.orbit.pk,
        "table": "activity",
        "session_id": session_of(world.ada),
        "passkey_id": passkey.pk,
        "token_id": token.pk,
        "provider_id": world.acme.pk,
        "identity_id": world.acme.pk,
    }


def session_of(person: User) -> int:
    """A session of the person's, in another browser than the test's."""
    with people_of(person.vendor):
        token = sessions.begin(person, site=Site.CUSTOMER)
        return Session.of_scope.get(digest=sessions.digest(token)).pk


def browser_of(world: World, visitor: str) -> Browser:
    people = {
        "ada": world.ada,
        "grace": world.grace,
        "bob": world.bob,
        "ada of globex": world.ada_of_globex,
    }
    if visitor in people:
        return signed_in(people[visitor])
    browser = Browser("acme")
    stolen = {"bob's cookie at acme": world.bob, "admin's cookie at acme": world.acme_admin}
    if visitor in stolen:
        browser.cookies = signed_in(stolen[visitor]).cookies
    return browser


def routes(patterns: Any, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    """The names of all routes, with their namespaces."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            space = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
            yield from routes(pattern.url_patterns, space)
        else:
            assert pattern.name or pattern.pattern.regex.pattern, pattern
            yield f"{prefix}{pattern.name}", pattern


def names_of(site: Site) -> set[str]:
    return {name for name, _pattern in routes(get_resolver(f"portal.urls.{site}").url_patterns)}


def routes_with(parameter: str, site: Site) -> set[str]:
    """The names of the routes that have a parameter of this name."""
    patterns = get_resolver(f"portal.urls.{site}").url_patterns
    return {name for name, each in routes(patterns) if parameter in each.pattern.converters}


def test_every_customer_route_is_in_the_table() -> None:
    assert names_of(Site.CUSTOMER) == set(CUSTOMER)


def test_the_other_hosts_have_no_further_routes() -> None:
    assert names_of(Site.LANDING) == {"landing", "favicon"}
    # Those of the Web API are in tests/api/test_matrix.py.
    assert {each for each in names_of(Site.API) if not each.startswith("api:")} == {"favicon"}
    assert names_of(Site.UNKNOWN) == set()


def path_of(name: str, ids: dict[str, Any]) -> str:
    patterns = get_resolver("portal.urls.customer").url_patterns
    wanted = dict(routes(patterns))[name].pattern.converters
    values = {key: ids[key] for key in wanted}
    if name == "brand_image":
        values["name"] = ids["picture"]
    if name == "offline_machine_response":
        values["activation_id"] = ids["offline_machine"]
    return reverse(name, urlconf="portal.urls.customer", kwargs=values)


@pytest.mark.parametrize("visitor", VISITORS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_customer_routes(world: World, ids: dict[str, Any], visitor: str, method: str) -> None:
    column = VISITORS.index(visitor)
    for name, expected in CUSTOMER.items():
        browser = browser_of(world, visitor)
        path = path_of(name, ids)
        response = browser.get(path) if method == "GET" else browser.post(path)
        code = expected[0 if method == "GET" else 1][column]
        assert response.status_code == code, (name, method, visitor)
        content = response.getvalue()
        if visitor != "ada":
            assert world.ada_license.key.encode() not in content, (name, visitor)
            assert b"ada-laptop" not in content, (name, visitor)
        if visitor in {"bob", "ada of globex"}:
            assert b"Orbit" not in content, (name, visitor)


@pytest.mark.parametrize(("label", "code"), [("", 200), ("api", 404)])
def test_the_other_hosts(world: World, label: str, code: int) -> None:
    for visitor in (None, world.ada, world.acme_admin):
        browser = Browser(label)
        if visitor:
            browser.cookies = signed_in(visitor).cookies
        assert browser.get("/").status_code == code
        assert browser.post("/").status_code == (405 if code == 200 else 404)


# --- The back office ---------------------------------------------------------------------------

STAFF = ("anonymous", "acme_admin", "acme_support", "globex_admin", "operator")
# Routes of Django's admin site itself: (GET, POST), in the order of STAFF.
SITE: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "change_password_place": ((302,) * 5, (302,) * 5),
    "favicon": ((200,) * 5, (405,) * 5),
    "login": ((200, 302, 302, 302, 302), (200,) * 5),
    "sign_in_code": ((302,) * 5, (302,) * 5),
    "sign_in_recovery": ((302,) * 5, (302,) * 5),
    "sign_in_code_passkey": ((405,) * 5, (302,) * 5),
    "sign_in_passkey": ((405,) * 5, (302,) * 5),
    "passkey_options": ((405,) * 5, (200,) * 5),
    "passkeys": ((302, 200, 200, 200, 200), (302, 405, 405, 405, 405)),
    "passkey_add": ((302, 200, 200, 200, 200), (302, 200, 200, 200, 200)),
    "passkey": ((302, 200, 404, 404, 404), (302, 200, 404, 404, 404)),
    "passkey_delete": ((302, 200, 404, 404, 404), (302, 302, 404, 404, 404)),
    "access_tokens": ((302, 200, 200, 200, 404), (302, 405, 405, 405, 405)),
    "access_token_make": ((302, 200, 200, 200, 404), (302, 200, 200, 200, 404)),
    "access_token": ((302, 200, 404, 404, 404), (302, 302, 404, 404, 404)),
    "prove_passkey": ((302, 405, 405, 405, 405), (302,) * 5),
    "single_sign_on": ((200,) * 5, (405,) * 5),
    "single_sign_on_start": ((404,) * 5, (405,) * 5),
    "single_sign_on_back": ((403,) * 5, (405,) * 5),
    "single_sign_on_connect": ((403,) * 5, (403,) * 5),
    "single_sign_on_send": ((405,) * 5, (403,) * 5),
    "single_sign_on_sent": ((200,) * 5, (405,) * 5),
    "single_sign_on_link": ((410,) * 5, (410,) * 5),
    "second_factor": ((302, 200, 200, 200, 200), (302, 405, 405, 405, 405)),
    "second_factor_set_up": ((302, 200, 200, 200, 200), (302, 200, 200, 200, 200)),
    "recovery_codes": ((302,) * 5, (302,) * 5),
    "second_factor_off": ((302,) * 5, (302,) * 5),
    "prove": ((302, 200, 200, 200, 200), (302, 200, 200, 200, 200)),
    "sessions": ((302, 200, 200, 200, 200), (302, 405, 405, 405, 405)),
    "end_session": ((302, 404, 404, 404, 404), (302,) * 5),  # an id that is nobody's
    "end_other_sessions": ((302, 200, 200, 200, 200), (302,) * 5),
    "connections": ((302, 200, 200, 200, 200), (302, 405, 405, 405, 405)),
    "disconnect": ((302, 405, 405, 405, 405), (302,) * 5),
    "logout": ((405,) * 5, (302,) * 5),
    "password_reset": ((200,) * 5, (200,) * 5),
    "password_reset_sent": ((200,) * 5, (405,) * 5),
    "password_reset_confirm": ((410,) * 5, (410,) * 5),
    "invitation": ((410,) * 5, (410, 302, 302, 302, 302)),
    "end_everywhere": ((410,) * 5, (410,) * 5),
    "admin:find": ((302, 200, 200, 200, 403), (302, 405, 405, 405, 405)),
    "admin:save_view": ((302, 404, 404, 404, 403), (302, 404, 404, 404, 403)),
    "admin:saved_view": ((302, 200, 403, 404, 403), (302, 200, 403, 404, 403)),
    "admin:index": ((302, 200, 200, 200, 200), (302, 200, 200, 200, 200)),
    # Our own pages come first at the paths that Django's admin would use.
    "admin:login": ((200, 302, 302, 302, 302), (200,) * 5),
    "admin:logout": ((405,) * 5, (302,) * 5),
    "admin:password_change": ((302, 200, 200, 200, 200), (302, 200, 200, 200, 200)),
    "admin:password_change_done": ((302, 200, 200, 200, 200), (302, 405, 405, 405, 405)),
    "admin:autocomplete": ((302, 403, 403, 403, 403), (302, 405, 405, 405, 405)),
    "admin:jsi18n": ((302, 200, 200, 200, 200), (302, 405, 405, 405, 405)),
    "admin:view_on_site": ((302, 404, 404, 404, 404), (302, 404, 404, 404, 404)),
    "admin:None": ((302, 404, 404, 404, 404), (302, 404, 404, 404, 404)),
}
MODELS = (
    "tenancy.vendor",
    "accounts.user",
    "accounts.identityprovider",
    "accounts.personalaccesstoken",
    "accounts.tag",
    "licenses.product",
    "licenses.productversion",
    "licenses.featureflag",
    "licenses.licensepolicy",
    "licenses.maintenancepolicy",
    "licenses.license",
    "licenses.activation",
    "licenses.seatrequest",
    "licenses.trialpolicy",
    "licenses.trialactivation",
    "releases.release",
    "releases.download",
    "branding.customdomain",
    "audit.auditentry",
    "mail.outgoingemail",
    "imports.dataimport",
    "moving.move",
    "backoffice.bulkchange",
    "webhooks.webhook",
    "webhooks.delivery",
)
ACTIONS = ("changelist", "add", "change", "history", "delete")


def model_route(model: str, action: str) -> str:
    return f"admin:{model.replace('.', '_')}_{action}"


def test_every_back_office_route_is_in_the_table() -> None:
    of_models = {model_route(model, action) for model in MODELS for action in ACTIONS}
    of_models |= {f"admin:{model.partition('.')[0]}" for model in MODELS}
    lists = {
        "admin:app_list",
        "admin:None",
        "admin:licenses_product_file",
        *RELEASE_BUTTONS,
        *BRANDING_PAGES,
        *WORK_PAGES,
        *VENDOR_PAGES,
    }
    assert names_of(Site.BACKOFFICE) <= set(SITE) | of_models | lists
    rooms = (
        "tenancy",
        "audit",
        "backoffice",
        "mail",
        "accounts",
        "imports",
        "branding",
        "licenses",
        "moving",
        "releases",
        "webhooks",
    )
    apps = {f"admin:{room}" for room in rooms}
    assert of_models - apps <= names_of(Site.BACKOFFICE)


def staff_browser(world: World, visitor: str) -> Browser:
    if visitor == "anonymous":
        return Browser("app")
    return signed_in(getattr(world, visitor))


@pytest.mark.parametrize("visitor", STAFF)
def test_back_office_site_routes(world: World, visitor: str) -> None:
    column = STAFF.index(visitor)
    with inside(world.acme):
        view = SavedView.objects.create(
            vendor=world.acme,
            owner=world.acme_admin,
            listed="licenses.license",
            name="Active",
            query="status=active",
            shared=True,
        )
    with inside(world.acme):
        passkey_of(world.acme_admin)
        [passkey] = passkeys_of(world.acme_admin)
        token, _secret = tokens.write(world.acme_admin, name="Nightly", scopes=["user:read"])
    arguments = {
        "access_token": [token.pk],
        "passkey": [passkey.pk],
        "passkey_delete": [passkey.pk],
        "admin:saved_view": [view.pk],
        "password_reset_confirm": ["x"],
        "invitation": ["x"],
        "end_everywhere": ["x"],
        "end_session": [0],
        "single_sign_on_start": [view.pk],
        "single_sign_on_back": [view.pk],
        "disconnect": [view.pk],
        "single_sign_on_link": ["x"],
        "admin:view_on_site": [1, "x"],
    }
    for name, expected in SITE.items():
        path = (
            "/no-such-page/"
            if name == "admin:None"
            else reverse(name, urlconf="portal.urls.backoffice", args=arguments.get(name, []))
        )
        for method in (0, 1):
            browser = staff_browser(world, visitor)
            response = browser.post(path) if method else browser.get(path)
            assert response.status_code == expected[method][column], (name, visitor, method)


# What programs delete, and no page.
BY_PROGRAMS = {("licenses.product", "delete"), ("licenses.license", "delete")}


def expected_code(person: User | None, model: str, action: str, own: bool) -> int:
    """What a GET of an admin page has to answer, from the table of rights."""
    if person is None:
        return 302
    app, _dot, name = model.partition(".")
    needed = {"changelist": "view", "history": "view", "change": "view"}.get(action, action)
    right = f"{app}.{needed}_{name}"
    if (model, action) in BY_PROGRAMS or not includes(given_to(person.role), right):
        return 403
    if own or action in {"changelist", "add"}:
        return 200
    own_pages = {
        (model, "change")
        for model in ("imports.dataimport", "backoffice.bulkchange", "moving.move")
    }
    return 404 if (model, action) in own_pages else 302


@pytest.mark.parametrize("visitor", STAFF)
def test_back_office_model_routes(world: World, visitor: str) -> None:
    with inside(world.acme):
        policy = LicensePolicy.objects.create(vendor=world.acme, name="Yearly")
        maintenance = MaintenancePolicy.objects.create(vendor=world.acme, name="Yearly")
        trials = TrialPolicy.objects.create(vendor=world.acme, name="Yearly")
        of_orbit = {"vendor": world.acme, "product": world.orbit}
        version = ProductVersion.objects.create(name="pro", **of_orbit)
        flag = FeatureFlag.objects.create(name="export", **of_orbit)
        token, _secret = tokens.write(world.ada, name="Nightly", scopes=["user:read"])
        tag = Tag.objects.create(vendor=world.acme, name="Friends")
        trial = TrialActivation.objects.create(
            vendor=world.acme,
            product=world.orbit,
            fingerprint="lab",
            os="linux",
            expires_at=NOW,
        )
        draft = Release(
            vendor=world.acme, product=world.orbit, name="Orbit", version="9.0", platforms=["linux"]
        )
        publishing.save_draft(draft)
        domain = claim(world.acme, "licenses.acme.example")
        provider = a_provider(world)
        granted = ByteRange(0, 1)
        download = record(
            file_of(world.orbit_release),
            user=world.ada,
            license=world.ada_license,
            ip="",
            granted=granted,
        )
        send_license(world.ada_license)
        started = an_import(world)
        moved = Move.objects.create(vendor=world.acme, address="https://a.example", state="done")
        asked = a_request(world)
        entry = AuditEntry.objects.all()[0]
        email = OutgoingEmail.objects.get()
        hook = hook_of(world.acme, "https://shop.example/hooks")
        sent = send_test(hook)
    objects = {
        "webhooks.webhook": hook,
        "webhooks.delivery": sent,
        "audit.auditentry": entry,
        "mail.outgoingemail": email,
        "imports.dataimport": started,
        "moving.move": moved,
        "backoffice.bulkchange": a_change(world),
        "tenancy.vendor": world.acme,
        "accounts.user": world.ada,
        "accounts.identityprovider": provider,
        "accounts.personalaccesstoken": token,
        "accounts.tag": tag,
        "licenses.product": world.orbit,
        "licenses.productversion": version,
        "licenses.featureflag": flag,
        "licenses.licensepolicy": policy,
        "licenses.license": world.ada_license,
        "licenses.activation": world.ada_machine,
        "licenses.seatrequest": asked,
        "licenses.maintenancepolicy": maintenance,
        "licenses.trialpolicy": trials,
        "licenses.trialactivation": trial,
        "releases.release": draft,
        "releases.download": download,
        "branding.customdomain": domain,
    }
    person = None if visitor == "anonymous" else getattr(world, visitor)
    browser = staff_browser(world, visitor)
    for model, row in objects.items():
        for action in ACTIONS:
            arguments = [] if action in {"changelist", "add"} else [row.pk]
            route = model_route(model, action)
            path = reverse(route, urlconf="portal.urls.backoffice", args=arguments)
            response = browser.get(path)
            allowed_model = person is not None and model in RIGHTS[person.role]
            if person is not None and not allowed_model:
                # An operator has no scope and no right; nothing of a vendor may be looked up.
                assert response.status_code in {302, 403}, (route, visitor)
            else:
                own = visitor.startswith("acme") or model == "tenancy.vendor"
                assert response.status_code == expected_code(person, model, action, own), (
                    route,
                    visitor,
                )
            if visitor in {"anonymous", "globex_admin", "operator"}:
                assert world.ada_license.key not in response.content.decode()
                assert "ada-laptop" not in response.content.decode()


def a_provider(world: World) -> IdentityProvider:
    """An identity provider of Acme's, whom nobody has tried."""
    with inside(world.acme):
        return create_provider(
            IdentityProvider(vendor=world.acme, name="Example ID", issuer="https://127.0.0.1")
        )


def a_change(world: World) -> BulkChange:
    """A change to many licences of Acme's that waits for a worker."""
    with inside(world.acme):
        return BulkChange.objects.create(
            vendor=world.acme, kind="licenses", name="suspend", label="Suspend", rows=1
        )


def a_request(world: World) -> SeatRequest:
    """An open request of Ada of Acme's."""
    return SeatRequest.objects.create(
        vendor=world.acme,
        license=world.ada_license,
        owner=world.ada,
        user=world.ada,
        activation_id=world.ada_machine.pk,
        hostname="ada-laptop",
        reason="It broke",
    )


def an_import(world: World, data: bytes = b"email\nx@y.example\n") -> DataImport:
    return files.start(
        vendor=world.acme,
        kind="customers",
        file_name="c.csv",
        data=data,
        options={},
    )


WORK_PAGES = {
    "admin:accounts_user_story",
    "admin:accounts_user_note",
    "admin:accounts_user_erase",
    "admin:accounts_user_view_as",
    "admin:accounts_user_second_factor",
    "admin:accounts_user_token",
    "admin:accounts_user_passkeys",
    "admin:accounts_user_do",
    "admin:accounts_identityprovider_do",
    "admin:accounts_user_export",
    "admin:audit_auditentry_export",
    "admin:mail_outgoingemail_do",
    "admin:webhooks_webhook_do",
    "admin:webhooks_webhook_secret",
    "admin:webhooks_delivery_do",
    *(f"admin:mail_owntext_{action}" for action in ("changelist", "add", "change", "delete")),
    "admin:mail_owntext_history",
    "admin:mail_owntext_write",
    "admin:mail_owntext_standard",
    "admin:imports_dataimport_do",
    "admin:accounts_import_example",
    "admin:imports_dataimport_columns",
    "admin:imports_dataimport_template",
    *(f"admin:moving_move_{action}" for action in ("do", "go_on", "report", "everything")),
    "admin:accounts_portalsettings_changelist",
    "admin:accounts_portalsettings_test",
    "admin:skip_step",
    "admin:acts",
    "admin:how",
    "admin:preview",
    "admin:preview_begin",
    "admin:preview_first_steps",
    "admin:preview_begin_first_steps",
    "admin:licenses_license_do",
    "admin:licenses_license_export",
    "admin:licenses_trialactivation_export",
    "admin:licenses_license_many",
    "admin:backoffice_bulkchange_do",
    "admin:backoffice_bulkchange_result",
    "admin:licenses_activation_release",
    "admin:licenses_seatrequest_answer",
}


def test_the_pages_of_the_daily_work(world: World) -> None:
    """(GET, POST) in the order of STAFF; customer, licence, machine, e-mail and import are Acme's."""
    with inside(world.acme):
        User.objects.filter(pk=world.grace.pk).update(password="!")
        send_license(world.ada_license)
        email = OutgoingEmail.objects.get()
        started, asking = an_import(world), an_import(world, b"phone\n123\n")
        moved = Move.objects.create(vendor=world.acme, address="https://a.example", state="done")
        request = a_request(world)
        change = a_change(world)
        hook = hook_of(world.acme, "https://shop.example/hooks")
        sent = send_test(hook)
        Delivery.objects.update(state=Delivery.State.GIVEN_UP, due_at=None)
    provider = f"/accounts/identityprovider/{a_provider(world).pk}"
    ada = f"/accounts/user/{world.ada.pk}"
    license = f"/licenses/license/{world.ada_license.pk}"
    export = ((302, 200, 403, 200, 403), (302, 200, 403, 200, 403))
    posted = (302, 404, 404, 404, 403)
    table = {
        f"{ada}/story/": ((302, 200, 200, 404, 403), (302, 200, 200, 404, 403)),
        f"/accounts/user/{world.acme_support.pk}/story/": (
            (302, 200, 200, 404, 403),
            (302, 200, 200, 404, 403),
        ),
        f"{ada}/note/": ((302, 200, 200, 404, 403), (302, 302, 302, 404, 403)),
        f"{ada}/erase/": ((302, 200, 403, 404, 403), (302, 200, 403, 404, 403)),
        f"{ada}/second-factor/": ((302, 200, 200, 404, 403), (302, 200, 200, 404, 403)),
        f"{ada}/passkeys/": ((302, 200, 200, 404, 403), (302, 200, 200, 404, 403)),
        f"{ada}/view-as/": (posted, (302, 302, 302, 404, 403)),
        f"/accounts/user/{world.acme_admin.pk}/view-as/": (posted, (302, 404, 404, 404, 403)),
        f"/accounts/user/{world.grace.pk}/do/invite/": (posted, (302, 302, 302, 404, 403)),
        f"/accounts/user/{world.grace.pk}/do/sign-out/": (posted, (302, 302, 302, 404, 403)),
        f"{ada}/do/nonsense/": ((302, 404, 403, 404, 403), (302, 404, 403, 404, 403)),
        f"{provider}/do/try/": ((302, 404, 403, 404, 403), (302, 302, 403, 404, 403)),
        "/accounts/user/export.csv": export,
        "/audit/auditentry/export.csv": export,
        "/licenses/license/export.csv": export,
        f"{license}/do/send/": (posted, (302, 302, 302, 404, 403)),
        "/licenses/license/many/suspend/": ((302, 302, 403, 302, 403), (302, 302, 403, 302, 403)),
        "/licenses/license/many/nonsense/": ((302, 403, 403, 403, 403), (302, 403, 403, 403, 403)),
        f"/licenses/activation/{world.ada_machine.pk}/release/": (
            (302, 200, 200, 404, 403),
            (302, 200, 200, 404, 403),
        ),
        f"/licenses/seatrequest/{request.pk}/answer/": (
            (302, 200, 200, 404, 403),
            (302, 200, 200, 404, 403),
        ),
        f"/mail/outgoingemail/{email.pk}/do/send-again/": (
            (302, 404, 403, 404, 403),
            (302, 302, 403, 404, 403),
        ),
        f"/webhooks/webhook/{hook.pk}/secret/": (
            (302, 200, 403, 404, 403),
            (302, 200, 403, 404, 403),
        ),
        **{
            f"/webhooks/webhook/{hook.pk}/do/{verb}/": (
                (302, 404, 403, 404, 403),
                (302, done, 403, 404, 403),
            )
            for verb, done in (("test", 302), ("rotate", 302), ("send-given-up", 302))
        },
        f"/webhooks/delivery/{sent.pk}/do/send-again/": (
            (302, 404, 403, 404, 403),
            (302, 302, 403, 404, 403),
        ),
        "/mail/owntext/": ((302, 200, 403, 200, 403), (302, 200, 403, 200, 403)),
        "/mail/owntext/write/invitation/": ((302, 200, 403, 200, 403), (302, 200, 403, 200, 403)),
        "/mail/owntext/write/nonsense/": ((302, 404, 403, 404, 403), (302, 404, 403, 404, 403)),
        "/mail/owntext/write/invitation/standard/": (
            (302, 404, 403, 404, 403),
            (302, 302, 403, 302, 403),
        ),
        f"/backoffice/bulkchange/{change.pk}/do/stop/": (
            (302, 404, 403, 404, 403),
            (302, 302, 403, 404, 403),
        ),
        f"/backoffice/bulkchange/{change.pk}/result.csv": (
            (302, 200, 403, 404, 403),
            (302, 200, 403, 404, 403),
        ),
        f"/imports/dataimport/{started.pk}/do/import/": (
            (302, 404, 403, 404, 403),
            (302, 302, 403, 404, 403),
        ),
        f"/moving/move/{moved.pk}/do/stop/": ((302, 404, 403, 404, 403), (302, 302, 403, 404, 403)),
        f"/moving/move/{moved.pk}/go-on/": ((302, 200, 403, 404, 403), (302, 200, 403, 404, 403)),
        f"/moving/move/{moved.pk}/report.csv": (
            (302, 200, 403, 404, 403),
            (302, 200, 403, 404, 403),
        ),
        "/moving/move/everything.zip": ((302, 200, 403, 200, 403), (302, 200, 403, 200, 403)),
        "/imports/dataimport/example/customers.csv": (
            (302, 200, 403, 200, 403),
            (302, 200, 403, 200, 403),
        ),
        "/imports/dataimport/example/nonsense.csv": (
            (302, 404, 403, 404, 403),
            (302, 404, 403, 404, 403),
        ),
        "/imports/dataimport/template/licenses.xlsx": (
            (302, 200, 403, 200, 403),
            (302, 200, 403, 200, 403),
        ),
        "/imports/dataimport/template/customers.csv": (
            (302, 200, 403, 200, 403),
            (302, 200, 403, 200, 403),
        ),
        "/imports/dataimport/template/nonsense.csv": (
            (302, 404, 403, 404, 403),
            (302, 404, 403, 404, 403),
        ),
        f"/imports/dataimport/{asking.pk}/columns/": (
            (302, 200, 403, 404, 403),
            (302, 302, 403, 404, 403),
        ),
        "/how/": ((302, 403, 403, 403, 200), (302, 403, 403, 403, 200)),
        "/acts/": ((302, 403, 403, 403, 200), (302, 403, 403, 403, 200)),
        "/preview/": ((302, 302, 403, 302, 403), (302, 302, 403, 302, 403)),
        "/preview/licenses/": ((302, 200, 403, 200, 403), (302, 302, 403, 302, 403)),
        "/preview/nothing/": ((302, 404, 403, 404, 403), (302, 404, 403, 404, 403)),
        "/first-steps/preview/": ((302, 302, 403, 302, 403), (302, 302, 403, 302, 403)),
        "/first-steps/preview/licenses/": ((302, 200, 403, 200, 403), (302, 302, 403, 302, 403)),
        "/accounts/portalsettings/test-email/": (
            (302, 404, 403, 404, 403),
            (302, 302, 403, 302, 403),
        ),
        "/first-steps/domain/skip/": ((302, 404, 403, 404, 403), (302, 302, 403, 302, 403)),
        "/first-steps/nonsense/skip/": ((302, 404, 404, 404, 403), (302, 404, 404, 404, 403)),
        "/accounts/portalsettings/": ((302, 200, 403, 200, 403), (302, 302, 403, 302, 403)),
    }
    for path, expected in table.items():
        for column, visitor in enumerate(STAFF):
            browser = staff_browser(world, visitor)
            codes = (browser.get(path).status_code, browser.post(path).status_code)
            assert codes == (expected[0][column], expected[1][column]), (path, visitor)


RELEASE_BUTTONS = {
    "admin:releases_release_files",
    "admin:releases_release_remove_file",
    "admin:releases_release_do",
}


def test_the_buttons_of_a_release(world: World) -> None:
    """Files and verbs of Acme's release: (GET, POST) in the order of STAFF; a draft for the page
    of its files."""
    base = f"/releases/release/{world.orbit_release.pk}"
    with inside(world.acme):
        file = file_of(world.orbit_release)
    table = {
        f"{base}/files/": ((302, 302, 403, 404, 403), (302, 302, 403, 404, 403)),
        f"{base}/files/{file.pk}/remove/": ((302, 404, 403, 404, 403), (302, 302, 403, 404, 403)),
        f"{base}/do/archive/": ((302, 404, 403, 404, 403), (302, 302, 403, 404, 403)),
        f"{base}/do/nonsense/": ((302, 404, 403, 404, 403), (302, 404, 403, 404, 403)),
    }
    for path, expected in table.items():
        for column, visitor in enumerate(STAFF):
            browser = staff_browser(world, visitor)
            codes = (browser.get(path).status_code, browser.post(path).status_code)
            assert codes == (expected[0][column], expected[1][column]), (path, visitor)


VENDOR_PAGES = {"admin:vendor_suspend", "admin:vendor_resume", "admin:vendor_administrator"}


def test_the_pages_of_a_vendor(world: World) -> None:
    """(GET, POST) in the order of STAFF; suspending comes last, since it closes Acme."""
    own = f"/tenancy/vendor/{world.acme.pk}"
    table = {
        f"{own}/administrator/": ((302, 403, 403, 403, 200), (302, 403, 403, 403, 200)),
        f"{own}/resume/": ((302, 403, 403, 403, 404), (302, 403, 403, 403, 302)),
        f"{own}/suspend/": ((302, 403, 403, 403, 200), (302, 403, 403, 403, 302)),
    }
    for path, answers in table.items():
        for visitor, looked, done in zip(STAFF, *answers, strict=True):
            browser = staff_browser(world, visitor)
            assert browser.get(path).status_code == looked, (path, visitor)
            assert browser.post(path, {}).status_code == done, (path, visitor)


BRANDING_PAGES = {
    "admin:branding_branding_changelist",
    "admin:branding_branding_add",
    "admin:branding_branding_change",
    "admin:branding_branding_delete",
    "admin:branding_branding_history",
    "admin:branding_preview_css",
    "admin:branding_picture",
    "admin:branding_customdomain_do",
}


def test_the_pages_of_a_brand(world: World) -> None:
    """(GET, POST) in the order of STAFF; the picture and the domain are Acme's."""
    with inside(world.acme):
        branding = change_brand(vendor=world.acme, pictures={"logo_light": picture()})
        domain = claim(world.acme, "licenses.acme.example")
    own = f"/branding/branding/{branding.pk}"
    table = {
        "/branding/branding/": ((302, 200, 403, 200, 403), (302, 200, 403, 200, 403)),
        "/branding/branding/preview.css": ((302, 200, 403, 200, 403), (302, 200, 403, 200, 403)),
        f"/branding/branding/pictures/{branding.logo_light}": (
            (302, 200, 403, 404, 403),
            (302, 200, 403, 404, 403),
        ),
        "/branding/branding/add/": ((302, 403, 403, 403, 403), (302, 403, 403, 403, 403)),
        f"{own}/change/": ((302,) * 5, (302,) * 5),
        f"{own}/history/": ((302, 200, 403, 302, 403), (302, 200, 403, 302, 403)),
        f"{own}/delete/": ((302, 403, 403, 403, 403), (302, 403, 403, 403, 403)),
        f"/branding/customdomain/{domain.pk}/do/go-back/": (
            (302, 404, 403, 404, 403),
            (302, 302, 403, 404, 403),
        ),
    }
    for path, expected in table.items():
        for column, visitor in enumerate(STAFF):
            browser = staff_browser(world, visitor)
            codes = (browser.get(path).status_code, browser.post(path).status_code)
            assert codes == (expected[0][column], expected[1][column]), (path, visitor)


def test_the_product_file_is_the_vendors_own(world: World) -> None:
    path = f"/licenses/product/{world.orbit.pk}/product.json"
    codes = [staff_browser(world, visitor).get(path).status_code for visitor in STAFF]
    assert codes == [302, 200, 200, 404, 403]
