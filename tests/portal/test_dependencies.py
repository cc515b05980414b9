"""What is shipped of others: listed with reasons, looked up, and told in CycloneDX."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import development as dev
from deploy.audit_lock import COULD_NOT_ASK, verdict

ROOT = Path(__file__).resolve().parents[2]
NAME = re.compile(r"^([A-Za-z0-9_.-]+(?:\[[\w,-]+\])?)")


def named_by_pyproject() -> dict[str, list[str]]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    groups = {"What runs": project["dependencies"]}
    groups["Only with OpenTelemetry"] = project["optional-dependencies"]["telemetry"]
    groups["For development and tests alone"] = project["optional-dependencies"]["dev"]
    return {
        group: [match[1] for each in needed if (match := NAME.match(each))]
        for group, needed in groups.items()
    }


def locked(lock: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9-]+)==([^ ;\\]+)", (ROOT / lock).read_text(), re.M))


@pytest.mark.parametrize(
    "group", ["What runs", "Only with OpenTelemetry", "For development and tests alone"]
)
def test_each_package_is_listed_with_its_reason(group: str) -> None:
    text = (ROOT / "docs/dependencies.md").read_text()
    section = text[text.index(f"## {group}") :].partition("\n## ")[0]
    rows = re.findall(r"^\| `([^`]+)` \| (\S[^|]+) \| (\S[^|]+) \|$", section, re.M)
    assert [name for name, _why, _instead in rows] == named_by_pyproject()[group]


def test_development_has_what_runs_at_the_same_versions() -> None:
    runs, develops = locked("requirements.lock"), locked("requirements-dev.lock")
    assert {name: develops.get(name) for name in runs} == runs
    shipped = locked("requirements-telemetry.lock")
    assert {name: develops.get(name) for name in shipped} == shipped
    assert {name: shipped.get(name) for name in runs} == runs
    assert {name for name in shipped if "opentelemetry" in name} & set(runs) == set()


@pytest.mark.parametrize(
    ("output", "complaints", "code", "told"),
    [
        (
            {"dependencies": [{"name": "a", "version": "1", "vulns": []}]},
            "",
            0,
            "No known weakness in 1 packages.",
        ),
        (
            {
                "dependencies": [
                    {"name": "a", "version": "1", "vulns": [{"id": "X-1", "fix_versions": ["2"]}]},
                    {"name": "b", "skip_reason": "not found"},
                ]
            },
            "",
            1,
            "a 1: X-1, mended in 2",
        ),
        (
            {"dependencies": [{"name": "b", "skip_reason": "not found"}]},
            "",
            COULD_NOT_ASK,
            "NOT ASKED: the service knows nothing of 1 of 1 packages.",
        ),
        (None, "a\nConnectionError: no\n", COULD_NOT_ASK, "NOT ASKED: pip-audit could not reach its service (ConnectionError: no)."),
    ],
)  # fmt: skip
def test_a_known_weakness_is_a_failure_and_an_unreachable_service_is_none(
    output: object, complaints: str, code: int, told: str
) -> None:
    assert verdict(json.dumps(output) if output else "", complaints) == (code, told)


def test_what_could_not_be_asked_is_told_and_fails_nobody(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CI", "true")
    assert COULD_NOT_ASK == dev.COULD_NOT_ASK
    code = f"print('NOT ASKED'); raise SystemExit({COULD_NOT_ASK})"
    assert dev.run_checks([dev.Check("known", [sys.executable, "-c", code], {})]) == 0
    assert "NOT ASKED" in (told := capsys.readouterr().out)
    assert "known: NOT RUN, nobody could be asked\n" in told


@pytest.mark.processes
def test_the_list_of_cyclonedx_names_what_the_lock_names() -> None:
    """Its tool has checked it by the schema."""
    told = subprocess.run(
        [sys.executable, "dev.py", "sbom"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    listed = json.loads(told.stdout)
    assert (listed["bomFormat"], listed["specVersion"]) == ("CycloneDX", "1.6")
    assert listed["metadata"]["component"]["name"] == "portal"
    assert {each["name"]: each["version"] for each in listed["components"]} == locked(
        "requirements-telemetry.lock"
    )
    for each in listed["components"]:
        assert each["purl"] == f"pkg:pypi/{each['name']}@{each['version']}"
        assert each["externalReferences"][0]["hashes"]
