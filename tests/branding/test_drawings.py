"""SVG logos: what programs export becomes pixels, what means harm is refused with its reason."""

import gzip
import io
import logging
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from branding.drawings import LONGEST, rasterised
from branding.images import FAVICON, LOGO, read_picture
from branding.models import Branding
from branding.svg.cleaning import clean
from branding.svg.process import MEMORY
from tenancy.door import inside
from tests.branding.drawings import BOMBS, BOX, HARMLESS, PROGRAMS, RED, svg
from tests.branding.test_brand import PATH, form
from tests.world import Browser, World, signed_in

OPAQUE_RED = (255, 0, 0, 255)


def pixels(data: bytes, fit: tuple[int, int] = LOGO) -> Any:
    """The drawing as the portal would show it."""
    with Image.open(io.BytesIO(read_picture(io.BytesIO(data), fit).data)) as image:
        return image.convert("RGBA")


def refusal(data: bytes) -> str:
    with pytest.raises(ValidationError) as refused:
        read_picture(io.BytesIO(data), LOGO)
    return " ".join(refused.value.messages)


def assert_red(data: bytes) -> None:
    image = pixels(data)
    assert image.size == (640, 160)
    assert {image.getpixel(spot) for spot in ((2, 2), (320, 80), (637, 157))} == {OPAQUE_RED}


@pytest.mark.parametrize("program", PROGRAMS)
def test_what_programs_export(program: str) -> None:
    assert_red(PROGRAMS[program])


@pytest.mark.parametrize("kind", HARMLESS)
def test_what_only_looks_bad(kind: str) -> None:
    assert_red(HARMLESS[kind])


DECLARED = '<?xml version="1.0" encoding="{}"?>'


@pytest.mark.parametrize(
    "data",
    [
        gzip.compress(svg()),
        b"\xef\xbb\xbf" + svg(before=DECLARED.format("utf-8")),
        b"\n\r\n " + svg(before=DECLARED.format("utf-8")),
        svg(before=DECLARED.format("utf-16")).decode().encode("utf-16"),
        svg(before=DECLARED.format("utf-16")).decode().encode("utf-16-be"),
        svg(f"<title>Größe</title>{RED}", before=DECLARED.format("windows-1252"))
        .decode()
        .encode("cp1252"),
        b"<!-- by hand -->" + svg(f"<!-- <script/> -->{RED}"),
        b'<?xml-stylesheet href="https://x.example/a.css"?>' + svg(),
        b'<s:svg xmlns:s="http://www.w3.org/2000/svg" viewBox="0 0 4 1">'
        b'<s:rect width="4" height="1" fill="red"/></s:svg>',
        b'<svg viewBox="0 0 4 1"><rect width="4" height="1" fill="red"/></svg>',
    ],
    ids=["svgz", "bom", "blanks", "utf-16", "utf-16-be", "windows-1252", "comments",
         "instruction", "prefix", "no namespace"],
)  # fmt: skip
def test_how_it_may_be_written(data: bytes) -> None:
    assert_red(data)


@pytest.mark.parametrize(
    "body",
    [
        '<style>.a{fill:#f00}</style><rect class="a" width="40" height="10"/>',
        '<style><![CDATA[/*;}*/ rect{fill:#f00}]]></style><rect width="40" height="10"/>',
        '<symbol id="s" viewBox="0 0 4 1"><rect width="4" height="1" fill="red"/></symbol>'
        '<use xlink:href="#s" width="40" height="10"/>',
        '<clipPath id="c"><rect width="40" height="10"/></clipPath>'
        '<rect clip-path="url(\'#c\')" width="99" height="99" fill="red"/>',
        f'<a href="https://x.example/" onclick="alert(1)">{RED}</a>',
        f"<text> <tspan/>\n</text>{RED}",
        # Colours of a wider space, as Figma writes them, with one for everybody before it.
        '<rect width="40" height="10" fill="#F00" style="fill:#F00;fill:color(display-p3 1 0 0)"/>',
        '<rect width="40" height="10" fill="#F00 icc-color(acme, 0.1, 0.2)"/>',
        '<style>rect{fill:red}@media (prefers-color-scheme:dark){rect{fill:blue}}</style>'
        '<rect width="40" height="10"/>',
    ],
)  # fmt: skip
def test_what_is_read_of_it(body: str) -> None:
    assert_red(svg(body))


@pytest.mark.parametrize(
    ("attributes", "size"),
    [
        (BOX, (640, 160)),
        ('width="40" height="10"', (640, 160)),
        ('width="40mm" height="10mm"', (640, 160)),
        ('width="100%" height="100%" viewBox="0 0 40 10"', (640, 160)),
        ('viewBox="0,0 10,10"', (160, 160)),
        ('viewBox="0 0 40000 1"', (640, 1)),
        ('viewBox="0 0 1 40000"', (1, 160)),
        ('viewBox="5 5 2.e0 +.1e1"', (320, 160)),
    ],
)
def test_the_size_is_set_from_the_view_box(attributes: str, size: tuple[int, int]) -> None:
    body = '<rect x="-1e5" y="-1e5" width="2e5" height="2e5" fill="red"/>'
    assert pixels(svg(body, attributes)).size == size


def test_an_icon_is_drawn_for_its_own_size() -> None:
    assert pixels(svg(attributes='viewBox="0 0 10 10"'), FAVICON).size == (180, 180)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (svg("<text>Acme</text>"), "turn the text into paths (in Inkscape: Path, Object to path"),
        (svg("<text><tspan>Acme</tspan></text>"), "turn the text into paths"),
        (svg(f"<defs><text>A</text></defs>{RED}"), "turn the text into paths"),
        (svg('<flowRoot><flowPara xml:space="x">A</flowPara></flowRoot>'), "turn the text into"),
        (svg("<script>alert(1)</script>"), "The drawing has <script> in it"),
        (svg("<foreignObject><p>A</p></foreignObject>"), "The drawing has <foreignObject> in it"),
        (svg('<image href="/etc/passwd"/>'), "The drawing has <image> in it"),
        (svg('<image href="data:image/png;base64,AA=="/>'), "The drawing has <image> in it"),
        (svg('<filter id="f"><feImage href="/etc/passwd"/></filter>'), "has <feImage> in it"),
        (svg(f"<g><animate/>{RED}</g>"), "The drawing has <animate> in it"),
        (svg("<iframe/>"), "The drawing has <iframe> in it"),
        (svg('<use href="/etc/passwd#x"/>'), "outside of itself (/etc/passwd#x)"),
        (svg('<use xlink:href="https://x.example/a.svg#x"/>'), "outside of itself (https://x."),
        (svg('<use href="data:image/svg+xml,x#x"/>'), "outside of itself (data:image"),
        (svg('<rect fill="url(https://x.example/a#b)"/>'), "outside of itself"),
        (svg("<rect style=\"fill:URL( 'file:///etc/passwd#b' )\"/>"), "outside of itself"),
        (svg("<style>rect{fill:url(a.svg#b)}</style>"), "outside of itself"),
        (svg('<style>@import "https://x.example/a.css";</style>'), "outside of itself (@import)"),
        (svg("<style>@font-face{src:url(data:font/woff,x)}</style>"), "outside of itself"),
        (svg('<rect style="fill:var(--a)"/>'), "The drawing has var(--a) in it"),
        (svg('<rect fill="oklch(.6 .2 20)"/>'), "The drawing has oklch(.6 .2 20) in it"),
        (svg("<style>rect{fill:rgb(1 2 3 / 50%)}</style>"), "The drawing has rgb(1 2 3 / 50%)"),
        (svg('<rect style="transform:rotate(9deg)"/>'), "The drawing has transform in a style"),
        (svg(attributes=""), "does not say how large it is"),
        (svg(attributes='width="100%" height="100%"'), "does not say how large it is"),
        (svg(attributes='viewBox="0 0 0 10"'), "does not say how large it is"),
        (svg(attributes='viewBox="0 0 nan 10"'), "does not say how large it is"),
        (svg(attributes='viewBox="0 0 1e9 1e9"'), "does not say how large it is"),
        (svg(attributes='viewBox="0 0 -4 10" width="4" height="4"'), "does not say how large"),
        (svg(""), "Nothing can be seen in the drawing"),
        (svg('<rect width="40" height="10" fill="none"/>'), "Nothing can be seen"),
        (svg()[:-4], "is no SVG that can be read. It says: unclosed token: line 1"),
        (svg("<g>"), "is no SVG that can be read. It says: mismatched tag: line 1"),
        (gzip.compress(svg())[:40], "This is no picture that can be read"),
        (gzip.compress(b"not a drawing"), "This is no picture that can be read"),
        (b"<html><svg/></html>", "This is no picture that can be read"),
        (b"<!doctype html><p>A", "This is no picture that can be read"),
        (svg(before=DECLARED.format("klingon")), "This is no picture that can be read"),
    ],
)
def test_what_is_refused_says_why(data: bytes, text: str) -> None:
    assert text in refusal(data)


@pytest.mark.parametrize(
    "declared",
    [
        '<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">',
        '<!ENTITY a SYSTEM "file:///etc/passwd">',
        '<!ENTITY a PUBLIC "x" "https://x.example/">',
        '<!ENTITY % a "x"> %a;',
        '<!ENTITY % a SYSTEM "https://x.example/a.dtd"> %a;',
        '<!ENTITY a "<script/>">',
    ],
)
def test_entities_are_refused(declared: str) -> None:
    assert "has entities in it" in refusal(svg(before=f"<!DOCTYPE svg [{declared}]>"))


def test_names_of_namespaces_may_be_entities_and_are_many() -> None:
    entity = f'<!DOCTYPE svg [<!ENTITY a "http://{190 * "a"}">]>'
    assert_red(svg(f'<g id="&a;">{RED}</g>', before=entity))
    assert "too complicated" in refusal(svg(f'<g id="{500_000 * "&a;"}"/>', before=entity))


@pytest.mark.parametrize("kind", BOMBS)
def test_what_takes_too_much_ends_alone(kind: str, caplog: Any) -> None:
    """In a process of its own that the system ends: we get a sentence, and go on."""
    caplog.set_level(logging.CRITICAL, "branding.drawings")
    begun = time.monotonic()
    said = refusal(BOMBS[kind])
    assert "too large or too complicated" in said or "larger than 2 MB, unpacked" in said
    assert time.monotonic() - begun < LONGEST + 5
    assert_red(svg())


# What the process of a drawing takes, with the limit taken off of it.
UNLIMITED = """
import sys
from branding.svg import process
process.limit = lambda limits: None
sys.argv = ["process", "640", "160"]
code = process.main()
sys.stdout.flush()
taken = next(line for line in open("/proc/self/status") if line.startswith("VmPeak"))
sys.stderr.write(taken.split()[1])
sys.exit(code)
"""


@pytest.mark.parametrize("kind", [*PROGRAMS, "9,000 elements", "a long path"])
def test_what_a_good_one_takes_is_far_from_the_limit(kind: str) -> None:
    data = {**PROGRAMS, **HARMLESS}[kind]
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", UNLIMITED], cwd=root, input=data, capture_output=True, check=True
    )
    assert int(done.stderr) * 1024 < MEMORY * 3 / 4


# Whether the process of a drawing can still open something, once the drawing is clean.
OPENING = """
import resource
from branding.svg.process import STREAMS, limit
limit({resource.RLIMIT_NOFILE: STREAMS, resource.RLIMIT_FSIZE: 0})
import socket
for act in (lambda: open("/etc/passwd"), socket.socket):
    try:
        act()
    except OSError as error:
        print(error.strerror)
"""


def test_the_process_opens_nothing() -> None:
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", f"import socket\n{OPENING}"],
        cwd=root, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.splitlines() == ["Too many open files"] * 2


def test_the_process_gets_nothing_of_our_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, Any] = {}

    def run(command: list[str], **options: Any) -> Any:
        seen.update(options)
        raise subprocess.TimeoutExpired(command, options["timeout"])

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(ValidationError, match="too large or too complicated"):
        rasterised(svg(), LOGO)
    assert seen["env"] == {}


def test_what_reaches_the_rasteriser_leads_nowhere() -> None:
    harm = (
        '<g id="a" onload="alert(1)" xml:base="file:///etc/" data-x="1"><title>A</title>'
        f'<a href="https://x.example/">{RED}</a><x xmlns="https://x.example/"><y/></x></g>'
    )
    cleaned = clean(svg(harm, f'{BOX} width="99999" onload="x" x="3"'), LOGO)
    for gone in ("onload", "base", "href", "example", "title", "99999", " x="):
        assert gone not in cleaned
    assert cleaned.startswith('<svg xmlns="http://www.w3.org/2000/svg" width="640" height="160"')


def test_a_logo_is_shown_and_never_as_svg(world: World) -> None:
    admin = signed_in(world.acme_admin)
    bad = SimpleUploadedFile("logo.svg", svg("<text>Acme</text>"), "image/svg+xml")
    page = admin.post(PATH, form(logo_light=bad)).content.decode()
    assert "turn the text into paths" in page
    assert 'accept="image/png,image/jpeg,image/webp,image/svg+xml,.svgz"' in page
    good = SimpleUploadedFile("logo.svg", PROGRAMS["Illustrator"], "image/svg+xml")
    icon = SimpleUploadedFile("icon.svg", svg(attributes='viewBox="0 0 10 10"'), "image/svg+xml")
    assert admin.post(PATH, form(logo_light=good, favicon=icon)).status_code == 302
    with inside(world.acme):
        branding = Branding.objects.get()
    for name, size in ((branding.logo_light, "640x160"), (branding.favicon, "180x180")):
        response = Browser().get(f"/branding/{name}")
        assert response["Content-Type"] == "image/png"
        assert name.endswith(f"-{size}.png")
        assert response.content.startswith(b"\x89PNG")
