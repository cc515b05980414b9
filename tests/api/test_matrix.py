"""Every operation of the Web API, for every role, scope and the other vendor.

What an operation needs it says itself (api/allowed.py); here it is tried. `ROWS` has a row of
acme's for each path of a list, `OPEN` the operations that need no token.
"""

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.utils import timezone
from ninja.operation import Operation

from accounts.models import Role, Tag
from accounts.rights import CLAIMS
from accounts.tokens import verbs as tokens
from accounts.tokens.scopes import SCOPES
from api.allowed import needs
from audit.models import AuditEntry
from licenses.models import (
    FeatureFlag,
    LicenseMetadata,
    LicenseMeterAttribute,
    LicensePolicy,
    MaintenancePolicy,
    ProductVersion,
    TrialActivation,
    TrialPolicy,
)
from mail.models import OutgoingEmail
from mail.texts import TEXTS
from mail.wire import id_of
from releases.models import OwnPlatform, ReleaseFile
from tenancy.door import inside
from tests.api.program import Program, operations, program_of
from tests.webhooks.hooks import hook_of
from tests.world import World, file_of
from webhooks.verbs.webhooks import send_test


def webhook_row(world: World) -> object:
    return hook_of(world.acme, "https://shop.example/hooks").pk


def delivery_row(world: World) -> object:
    hook = hook_of(world.acme, "https://shop.example/hooks")
    with inside(world.acme):
        return send_test(hook).pk


def file_of_orbit(world: World) -> ReleaseFile:
    with inside(world.acme):
        return file_of(world.orbit_release)


def role_row(world: World) -> object:
    with inside(world.acme):
        return Role.objects.create(vendor=world.acme, name="Orbit helpers").pk


def tag_row(world: World) -> object:
    with inside(world.acme):
        return Tag.objects.create(vendor=world.acme, name="Orbit friends").pk


def platform_row(world: World) -> object:
    with inside(world.acme):
        return OwnPlatform.objects.create(
            vendor=world.acme, word="orbit-box", display_name="Orbit Box"
        ).pk


def event_row(world: World) -> object:
    with inside(world.acme):
        return AuditEntry.objects.filter(license_id=world.ada_license.pk).latest("sequence").pk


def log_row(world: World) -> object:
    with inside(world.acme):
        return AuditEntry.objects.filter(action="activated")[0].pk


def policy_row(world: World) -> object:
    with inside(world.acme):
        return LicensePolicy.objects.create(vendor=world.acme, name="Orbit terms").pk


def maintenance_row(world: World) -> object:
    with inside(world.acme):
        return MaintenancePolicy.objects.create(vendor=world.acme, name="Orbit updates").pk


def value_row(world: World) -> object:
    with inside(world.acme):
        return LicenseMetadata.objects.create(
            vendor=world.acme, license=world.ada_license, key="Orbit room"
        ).pk


def meter_row(world: World) -> object:
    with inside(world.acme):
        return LicenseMeterAttribute.objects.create(
            vendor=world.acme, license=world.ada_license, name="Orbit renders"
        ).pk


def token_row(world: World) -> object:
    with inside(world.acme):
        return tokens.write(world.acme_admin, name="Orbit export", scopes=["user:read"])[0].pk


def trial_row(world: World) -> object:
    with inside(world.acme):
        return TrialActivation.objects.create(
            vendor=world.acme,
            product=world.orbit,
            fingerprint="Orbit",
            os="linux",
            expires_at=timezone.now(),
        ).pk


def trial_policy_row(world: World) -> object:
    with inside(world.acme):
        return TrialPolicy.objects.create(vendor=world.acme, name="Orbit trial").pk


def flag_row(world: World) -> object:
    with inside(world.acme):
        return FeatureFlag.objects.create(
            vendor=world.acme, product=world.orbit, name="Orbit export"
        ).pk


def version_row(world: World) -> object:
    with inside(world.acme):
        return ProductVersion.objects.create(
            vendor=world.acme, product=world.orbit, name="Orbit Professional"
        ).pk


def email_row(world: World) -> object:
    with inside(world.acme):
        return OutgoingEmail.objects.create(
            vendor=world.acme,
            kind="license",
            recipient="ada@example.com",
            subject="Your licence for Orbit",
            state=OutgoingEmail.State.FAILED,
        ).pk


ROWS: dict[str, Callable[[World], object]] = {
    "accounts": lambda world: world.acme.pk,
    "activation-logs": log_row,
    "activations": lambda world: world.ada_machine.pk,
    "automated-email-event-logs": email_row,
    "automated-emails": lambda world: id_of(TEXTS["license"], world.acme),
    "email-templates": lambda world: id_of(TEXTS["license"], world.acme),
    "event-logs": event_row,
    "feature-flags": flag_row,
    "license-policies": policy_row,
    "license-templates": policy_row,
    "licenses": lambda world: world.ada_license.pk,
    "licenses/metadata": value_row,
    "licenses/meter-attributes": meter_row,
    "maintenance-policies": maintenance_row,
    "me/activations": lambda world: world.ada_machine.pk,
    "me/licenses": lambda world: world.ada_license.pk,
    "personal-access-tokens": token_row,
    "product-versions": version_row,
    "products": lambda world: world.orbit.pk,
    "roles": role_row,
    "tags": tag_row,
    "webhooks": webhook_row,
    "webhook-event-logs": delivery_row,
    "trial-activations": trial_row,
    "trial-policies": trial_policy_row,
    "users": lambda world: world.ada.pk,
    "release-files": lambda world: file_of_orbit(world).pk,
    "release-platforms": platform_row,
    "releases": lambda world: world.orbit_release.pk,
    "{uuidstr:release_id}": lambda world: world.orbit_release.pk,
}


# SECURITY: each of these is looked at by itself, with what proves that its caller may call it.
OPEN: set[tuple[str, str]] = {
    ("POST", "/v3/accounts/login"),  # e-mail and password
    ("POST", "/v3/accounts/refresh"),  # a refresh token
    ("POST", "/v3/accounts/reset-password-request"),  # nothing: an e-mail to whoever it belongs to
    ("POST", "/v3/accounts/login-google"),  # nothing: it is not offered
    ("POST", "/v3/users/{id}/reset-password"),  # the token of an e-mailed link
    # A licence's key, or for a file a token: test_updates.py.
    ("GET", "/v3/releases/update"),
    ("GET", "/v3/releases/latest"),
    ("GET", "/v3/{uuidstr:release_id}/{name}"),
    ("HEAD", "/v3/{uuidstr:release_id}/{name}"),
    # A licence's key, or an activation's id: test_activations.py.
    ("POST", "/v3/activations"),
    ("PATCH", "/v3/activations/{id}"),
    ("DELETE", "/v3/activations/{id}"),
    ("POST", "/v3/activations/{id}/deactivate"),
    ("POST", "/v3/activations/meter-attributes/{id}"),
    # A product's id, for who begins a trial: test_trials.py.
    ("POST", "/v3/trial-activations"),
    ("POST", "/v3/trial-activations/offline-activate"),
}

ALL = [(method, path, each) for method, path, each in operations()]
NAMED = [f"{method} {path}" for method, path, _each in ALL]
every_operation = pytest.mark.parametrize(("method", "path", "operation"), ALL, ids=NAMED)


def needed(operation: Operation) -> needs | None:
    """What the operation asks for; None if it is open to all."""
    if operation.auth_param is None:
        return None
    [need] = operation.auth_callbacks
    assert isinstance(need, needs), operation.path
    return need


def path_in(world: World, path: str) -> str:
    """The path, with an id of acme's."""
    noun = re.sub(r"(?<=.)/\{.*", "", path.removeprefix("/v3/"))
    return with_id(path, ROWS[noun](world)) if "{" in path else path


def with_id(path: str, id: object) -> str:
    return re.sub(r"\{(id|uuidstr:release_id)\}", str(id), path).replace("{name}", "orbit.bin")


def call(program: Program, method: str, path: str) -> Any:
    return program.send(method, path, {})


@every_operation
def test_an_operation_says_what_it_needs(method: str, path: str, operation: Operation) -> None:
    need = needed(operation)
    if need is None:
        assert (method, path) in OPEN
        return
    assert need.scope in SCOPES
    assert not need.right or need.right in CLAIMS
    assert need.scope.endswith(":read") == (method == "GET"), "Reading alone is a scope to read."


@every_operation
def test_who_may_not_is_refused(world: World, method: str, path: str, operation: Operation) -> None:
    need = needed(operation)
    if need is None:
        return
    whole = path_in(world, path)
    called = partial(call, method=method, path=whole)
    assert called(Program()).status_code == 401
    assert called(Program("pat_nonsense")).status_code == 401
    others = [each for each in SCOPES if each.partition(":")[0] != need.scope.partition(":")[0]]
    assert called(program_of(world.acme_admin, others)).json()["code"] == "OUT_OF_SCOPE"
    if need.scope.endswith(":write"):
        only_reading = [each for each in SCOPES if each.endswith(":read")]
        assert called(program_of(world.acme_admin, only_reading)).status_code == 403
    alone = called(program_of(world.acme_admin, [need.scope]))
    assert b"OUT_OF_SCOPE" not in alone.getvalue(), "Its scope alone is enough."
    if need.right:
        assert called(program_of(world.ada)).json()["code"] == "NO_RIGHT"
        if not world.acme_support.has_perm(need.right):
            assert called(program_of(world.acme_support)).json()["code"] == "NO_RIGHT"


@every_operation
def test_another_vendors_row_is_not_there(
    world: World, method: str, path: str, operation: Operation
) -> None:
    if needed(operation) is None or "{" not in path:
        return
    response = call(program_of(world.globex_admin), method, path_in(world, path))
    assert response.status_code in {400, 404}, response.content
    assert b"Orbit" not in response.content
    unknown = with_id(path, "00000000-0000-4000-8000-000000000000")
    answers = {
        call(program_of(world.acme_admin), method, unknown).content,
        response.content,
    }
    assert len(answers) == 1, "Another vendor's row answers otherwise than one that is not there."


@every_operation
def test_nothing_of_another_vendor_is_listed(
    world: World, method: str, path: str, operation: Operation
) -> None:
    if needed(operation) is None or method != "GET" or "{" in path:
        return
    response = call(program_of(world.globex_admin), method, path)
    content = response.getvalue()
    assert response.status_code == 200, content
    for told in (b"Orbit", b"acme", world.ada_license.key.encode(), str(world.ada.pk).encode()):
        assert told not in content
