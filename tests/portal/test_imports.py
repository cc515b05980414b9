"""Who may import whom: the ladder of docs/architecture.md, read off the source."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Each room imports only rooms before it in this list. Every import counts, those for types and
# those inside a function too.
LADDER = (
    "tenancy",
    "web",
    "jobs",
    "audit",
    "backoffice",
    "mail",
    "accounts",
    "imports",
    "branding",
    "licenses",
    "offline",
    "releases",
    "webhooks",
    "api",
    "demo",
    "portal",
)
PURE = (
    "tenancy/addresses.py",
    "tenancy/likeness.py",
    "tenancy/spelling.py",
    "tenancy/unseen.py",
    "accounts/passwords.py",
    "accounts/passkeys/ceremonies.py",
    "accounts/second_factor/codes.py",
    "branding/colours.py",
    "branding/svg/cleaning.py",
    "branding/domains/names.py",
    "offline/carried.py",
    "offline/codec.py",
    "licenses/status.py",
    "licenses/values.py",
    "licenses/versions.py",
    "releases/platforms.py",
    "releases/files/ranges.py",
    "releases/files/pieces.py",
    "webhooks/signing.py",
)
OF_A_DOOR = re.compile(r"(^|\.)(views|forms|admin|pages)(\.|$)")


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


def verbs() -> Iterator[Path]:
    for room in LADDER:
        for path in files(room):
            if path.stem == "verbs" or path.parent.name == "verbs":
                yield path


def test_every_room_has_its_place_on_the_ladder() -> None:
    folders = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert folders - {"tests", "bench", "drills"} == set(LADDER)


def test_the_architecture_page_shows_the_ladder() -> None:
    page = (ROOT / "docs/architecture.md").read_text()
    block = page.split("```")[1]
    rooms = [found[1] for found in re.finditer(r"^(\w+)/ ", block, re.MULTILINE)]
    assert tuple(rooms) == LADDER


@pytest.mark.parametrize("room", LADDER)
def test_a_room_imports_only_rooms_above_it(room: str) -> None:
    below = set(LADDER[LADDER.index(room) + 1 :])
    for path in files(room):
        used = {name.partition(".")[0] for name in imports_of(path)}
        assert not used & below, f"{path.relative_to(ROOT)} imports {used & below}"


def test_verbs_know_no_door() -> None:
    """Pages, admin, API, imports and commands call verbs, never the other way round."""
    paths = list(verbs())
    assert len(paths) > 10
    for path in paths:
        names = imports_of(path)
        doors = {name for name in names if OF_A_DOOR.search(name) and not name.startswith("django")}
        assert not doors, f"{path.relative_to(ROOT)} imports {doors}"
        assert not names & {"django.http.HttpRequest", "django.forms", "django.shortcuts"}, path


@pytest.mark.parametrize("name", PURE)
def test_pure_modules_import_no_django(name: str) -> None:
    pure = tuple(each.removesuffix(".py").replace("/", ".") for each in PURE)
    others = {module for module in imports_of(ROOT / name) if not module.startswith(pure)}
    roots = {module.partition(".")[0] for module in others}
    assert not roots & {"django", "django_scopes", *LADDER[:7], "portal"}


def test_pages_are_known_to_doors_alone() -> None:
    """What a page, an e-mail and the back office all say of a licence is in licenses/words.py."""
    doors = re.compile(r"(views|urls|apps|boxes|admin|feeds)\.py|pages")
    for room in LADDER:
        for path in files(room):
            if any(name.startswith("licenses.pages") for name in imports_of(path)):
                assert doors.fullmatch(path.name) or {"pages", "admin", "office"} & set(
                    path.parts
                ), path


def test_the_sdk_depends_on_cryptography_only() -> None:
    for path in files("sdk/python/src"):
        roots = {module.partition(".")[0] for module in imports_of(path)} - {""}
        known = set(sys.stdlib_module_names) | {"cryptography", "portal_licensing", "winreg"}
        assert roots <= known, path


def test_views_get_objects_through_the_door_only() -> None:
    for room in LADDER:
        for path in files(room):
            if path.name == "views.py":
                assert ".objects.get(" not in path.read_text(), path
