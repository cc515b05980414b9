"""Who may import whom (docs/architecture.md), read off the source."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
APPS = ("accounts", "branding", "licenses", "offline", "releases")
MAY_IMPORT = {
    "accounts": set(),
    "branding": {"accounts"},
    "licenses": {"accounts"},
    "offline": {"accounts", "licenses"},
    "releases": {"accounts", "licenses"},
}
# Of the building an app may know tenancy, the helpers about HTTP, and how to name its section of
# the portal; never a model or a setting.
PORTAL_HELPERS = {"portal.tenancy", "portal.http", "portal.moments", "portal.navigation"}
# What has to do with Django admin may use its base.
BACKOFFICE = {"portal.backoffice", "portal.backoffice_export"}
PURE = [
    "branding/colours.py",
    "branding/domain_names.py",
    "offline/codec.py",
    "licenses/status.py",
    "licenses/versions.py",
    "releases/platforms.py",
    "releases/ranges.py",
]


def imports_of(path: Path) -> set[str]:
    """The modules that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def files(folder: str) -> list[Path]:
    return [path for path in (ROOT / folder).rglob("*.py") if "migrations" not in path.parts]


@pytest.mark.parametrize("app", APPS)
def test_apps_import_one_way(app: str) -> None:
    for path in files(app):
        rooms = {name.partition(".")[0] for name in imports_of(path)} & set(APPS)
        assert rooms - {app} <= MAY_IMPORT[app], path


def of_admin(path: Path) -> bool:
    return path.stem.endswith("admin") or path.parent.name == "admin"


@pytest.mark.parametrize("app", APPS)
def test_apps_know_little_of_the_building(app: str) -> None:
    for path in files(app):
        allowed = PORTAL_HELPERS | (BACKOFFICE if of_admin(path) else set())
        used = {name for name in imports_of(path) if name.startswith("portal.")}
        modules = {".".join(name.split(".")[:2]) for name in used}
        assert modules <= allowed, path


@pytest.mark.parametrize("name", PURE)
def test_pure_modules_import_no_django(name: str) -> None:
    roots = {module.partition(".")[0] for module in imports_of(ROOT / name)}
    assert not roots & {"django", "django_scopes", "accounts", "portal"}


def test_the_sdk_depends_on_cryptography_only() -> None:
    import sys

    for path in files("sdk/python/src"):
        roots = {module.partition(".")[0] for module in imports_of(path)} - {""}
        known = set(sys.stdlib_module_names) | {"cryptography", "portal_licensing", "winreg"}
        assert roots <= known, path


def test_views_get_objects_through_the_door_only() -> None:
    for app in APPS:
        for path in files(app):
            if path.name == "views.py":
                assert ".objects.get(" not in path.read_text(), path
