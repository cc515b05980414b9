"""Style sheets and scripts are sent without what is for who reads them, and do the same."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles.finders import FileSystemFinder
from django.core.files.base import ContentFile
from django.http import HttpResponse
from django.test import RequestFactory

from web import statics
from web.statics import LightStaticFiles, StaticFilesMiddleware, light_css, light_js

STATIC = Path("static")
STRING = re.compile(r"""("[^"\n]*"|'[^'\n]*')""")


@pytest.mark.parametrize(
    ("rule", "light"),
    [
        ("/* Frame */\n.a { color: red; }\n", ".a{color:red}"),
        (".a,\n.b > .c {\n  margin: 0 auto;\n}", ".a,.b > .c{margin:0 auto}"),
        (".a :is(.b, .c):hover { top: calc(1px + 2 * 3px) }", ".a :is(.b,.c):hover{top:calc(1px + 2 * 3px)}"),
        ("@media (max-width: 760px) { .a b { x: y } }", "@media (max-width:760px){.a b{x:y}}"),
        ('[dir="rtl"] .a { font: 600 1rem/1.4 "Segoe UI", Arial }', '[dir="rtl"] .a{font:600 1rem/1.4 "Segoe UI",Arial}'),
    ],
)  # fmt: skip
def test_rules_lose_spaces_that_say_nothing(rule: str, light: str) -> None:
    assert light_css(rule) == light
    assert light_css(light) == light


@pytest.mark.parametrize(
    ("script", "light"),
    [
        ("// What it is for.\n\nconst a = 1; // one\n", "const a = 1; // one\n"),
        ("if (a) {\n  // Why.\n  go('https://a');\n}\n", "if (a) {\ngo('https://a');\n}\n"),
        ("const a = b\n  ? 1\n  : 2;\n", "const a = b\n? 1\n: 2;\n"),
    ],
)
def test_scripts_lose_indentation_and_remarks(script: str, light: str) -> None:
    assert light_js(script) == light
    assert light_js(light) == light


def test_no_text_of_ours_would_change() -> None:
    sheets = "".join(path.read_text() for path in STATIC.rglob("css/**/*.css"))
    texts = STRING.findall(re.sub(r"(?s)/\*.*?\*/", "", sheets))
    assert len(texts) > 10
    assert [text for text in texts if re.search(r"[{};,:]|/\*", text)] == []
    for path in STATIC.glob("js/*.js"):
        assert all(line.count("`") % 2 == 0 for line in path.read_text().splitlines()), path


def test_what_is_collected_is_light_and_what_is_not_ours_stays(tmp_path: Path) -> None:
    storage = LightStaticFiles(location=tmp_path, base_url="/static/")
    text = b".a { color: red; }  /* Why */\n"
    wanted = {"css/frame.css": b".a{color:red}", "admin/css/base.css": text}
    for name in wanted:
        storage.save(name, ContentFile(text))
    named = {old: new for old, new, _is_done in storage.post_process(
        {name: (storage, name) for name in wanted}
    ) if new and not new.endswith(".gz")}  # fmt: skip
    for name, kept in wanted.items():
        assert (tmp_path / name).read_bytes() == kept
        assert named[name] != name
        assert (tmp_path / named[name]).read_bytes() == kept


def test_what_was_collected_is_collected_again_only_when_its_sources_changed(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources, settings.STATIC_ROOT = tmp_path / "sources", tmp_path / "collected"
    sources.mkdir()
    (sources / "a.txt").write_text("one")
    monkeypatch.setattr(statics, "get_finders", lambda: [finder])
    settings.STATICFILES_DIRS = [sources]
    finder, runs = FileSystemFinder(), []

    def collectstatic(command: str, **_options: Any) -> None:
        runs.append(command)
        settings.STATIC_ROOT.mkdir(exist_ok=True)

    monkeypatch.setattr(statics, "call_command", collectstatic)
    statics.collect()
    statics.collect()
    assert runs == ["collectstatic"]
    (sources / "a.txt").write_text("two")
    statics.collect()
    statics.collect()
    assert len(runs) == 2
    shutil.rmtree(settings.STATIC_ROOT)
    statics.collect()
    assert len(runs) == 3


def test_what_another_version_names_is_sent_as_it_is_here(tmp_path: Path, settings: Any) -> None:
    """Kept for a minute; what nobody has is for those that come after."""
    (tmp_path / "css").mkdir()
    for name in ("base.css", "base.0123456789ab.css"):
        (tmp_path / "css" / name).write_text(name)
    settings.STATIC_ROOT = tmp_path
    answer = StaticFilesMiddleware(lambda _request: HttpResponse("nobody's", status=404))

    def asked(path: str) -> tuple[int, str, str]:
        response: Any = answer(RequestFactory().get(path))
        content = response.getvalue().decode()
        if response.streaming:
            response.file_to_stream.close()
        return response.status_code, content, response.headers.get("Cache-Control", "")

    assert asked("/static/css/base.0123456789ab.css")[:2] == (200, "base.0123456789ab.css")
    here = (200, "base.css", "max-age=60, public")
    assert asked("/static/css/base.ba9876543210.css") == here
    assert asked("/static/css/base.css") == here
    for path in ("other.ba9876543210.css", "base.ba98.css"):
        assert asked(f"/static/css/{path}") == (404, "nobody's", "")
