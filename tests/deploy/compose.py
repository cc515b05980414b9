"""deploy/compose.yaml, as an engine reads it."""

import re
from typing import Any

import yaml

from tests.served import ROOT

FILE = ROOT / "deploy/compose.yaml"


def composed(**environment: str) -> dict[str, Any]:
    """The file with its variables filled in, or what it has for them; fails for one that has to be set and isn't."""

    def filled(match: re.Match[str]) -> str:
        name, told = match.group("name"), match.group("told")
        assert name in environment, f"{name}: {told}"
        return environment[name]

    text = re.sub(r"(?<!\$)\$\{(?P<name>\w+):\?(?P<told>[^}]+)\}", filled, FILE.read_text())
    text = re.sub(r"(?<!\$)\$\{\w+:-([^}]+)\}", r"\1", text)
    assert re.findall(r"(?<!\$)\$(?!\$)\W?\w", text) == []
    found: dict[str, Any] = yaml.safe_load(text.replace("$$", "$"))
    return found
