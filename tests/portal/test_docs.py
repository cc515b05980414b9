"""Docs, comments and docstrings name files and folders that are there."""

import ast
import io
import re
import tokenize
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LEFT_OUT = {"migrations", "node_modules", "var", "build", "htmlcov"}
# A file's name, or a folder with a slash behind it; addresses, patterns and options are neither.
NAMED = re.compile(
    r"(?<![\w/.<>:*{}-])"
    r"((?:[\w.-]+/)*[\w-]+\.(?:py|html|css|js|md|json|toml)|(?:[\w-]+/)+)"
    r"(?![\w/<*{])"
)
# What a portal, a program or whoever runs them has beside the source.
ELSEWHERE = {
    "product.json",
    "manifest.json",
    "activation.json",
    "NOTES.md",
    "var",
    "dist",
    "incoming",
}


@cache
def sources() -> tuple[Path, ...]:
    found = []
    for top in sorted(ROOT.iterdir()):
        if top.name.startswith(".") or top.name in LEFT_OUT or top.is_symlink():
            continue
        found += [path for path in (top.rglob("*") if top.is_dir() else [top]) if path.is_file()]
    return tuple(path.relative_to(ROOT) for path in found if "__pycache__" not in path.parts)


@cache
def names() -> set[str]:
    """Every path of the tree, and every end and part of one, as texts shorten them."""
    return {
        "/".join(path.parts[start:end])
        for path in sources()
        for start in range(len(path.parts))
        for end in range(start + 1, len(path.parts) + 1)
    }


def prose_of(path: Path) -> str:
    """A page's text, or a module's comments and docstrings."""
    text = path.read_text()
    if path.suffix == ".md":
        return text
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    told = [token.string for token in tokens if token.type == tokenize.COMMENT]
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, documented):
            told.append(ast.get_docstring(node) or "")
    return "\n".join(told)


def missing_in(text: str) -> set[str]:
    named = {found[1].strip("/") for found in NAMED.finditer(text)}
    return named - names() - ELSEWHERE


@pytest.mark.takes_turns
@pytest.mark.parametrize("suffix", [".md", ".py"])
def test_what_is_named_is_there(suffix: str) -> None:
    paths = [path for path in sources() if path.suffix == suffix]
    paths = [path for path in paths if not LEFT_OUT & set(path.parts)]
    assert len(paths) > 5
    missing = {str(path): missing_in(prose_of(ROOT / path)) for path in paths}
    assert {path: found for path, found in missing.items() if found} == {}


def test_what_is_not_there_is_found() -> None:
    text = "See `portal/backoffice.py`, views/ and web/errors.py; https://example.com/a/ is none."
    assert missing_in(text) == {"portal/backoffice.py", "views"}


def test_no_two_versions_of_a_text_stand_in_one_file() -> None:
    """What a merge leaves where both sides have changed the same lines."""
    left = re.compile(r"^(?:<{7}|>{7}) ", re.MULTILINE)
    kinds = {".html", ".css", ".js", ".md", ".toml", ".yaml"}
    texts = [path for path in sources() if path.suffix in kinds]
    assert len(texts) > 100
    assert [path for path in texts if left.search((ROOT / path).read_text())] == []
