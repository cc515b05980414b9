"""The clients in other languages: they run the vectors, and go the whole way with the portal.

They need Node or a JDK; where there is none they are skipped, and dev.py says so.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from offline.codec import ActivationRequest, DeactivationRequest, parse_request
from tests.offline.make_vectors import NOW, PRODUCT_ID, VECTORS, public_entry, rsa_keys
from tests.sdk.test_client import receipt, response

EXAMPLES = Path(__file__).resolve().parents[2] / "sdk" / "examples"
KEY = "7FEFAB-36978D-5805A6-09B8A4-FA377F-AD2026"
DAY = 86400
LINES = 200

Command = Callable[..., list[str]]


@pytest.fixture(scope="module", params=["node", "java"])
def command(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Command:
    """How a program of the example is run, by its name and arguments."""
    if request.param == "node":
        if shutil.which("node") is None:
            pytest.skip("Node is not installed")
        return lambda name, *given: ["node", str(EXAMPLES / "node" / f"{name}.mjs"), *given]
    if shutil.which("javac") is None:
        pytest.skip("a JDK is not installed")
    classes = tmp_path_factory.mktemp("classes")
    sources = sorted(str(path) for path in (EXAMPLES / "java").glob("*.java"))
    subprocess.run(["javac", "-Xlint:all", "-Werror", "-d", classes, *sources], check=True)
    return lambda name, *given: ["java", "-cp", str(classes), name.capitalize(), *given]


@pytest.mark.takes_turns
def test_the_vectors(command: Command) -> None:
    content = json.loads(VECTORS.read_text())
    kinds = ("responses", "starts", "receipts", "productFiles", "licenseKeys")
    number = sum(len(content[kind]) for kind in kinds)
    done = subprocess.run(
        command("vectors", str(VECTORS)), capture_output=True, text=True, timeout=60
    )
    assert done.stderr == ""
    assert done.stdout == f"{number} passed, 0 failed\n"
    assert done.returncode == 0


@pytest.mark.takes_turns
def test_a_vector_that_is_wrong_fails(command: Command, tmp_path: Path) -> None:
    content = json.loads(VECTORS.read_text())
    content["responses"][0]["status"] = "suspended"
    path = tmp_path / "vectors.json"
    path.write_text(json.dumps(content))
    done = subprocess.run(command("vectors", str(path)), capture_output=True, text=True, timeout=60)
    assert "1 failed" in done.stdout
    assert "responses, activation: valid instead of suspended" in done.stderr
    assert done.returncode == 1


@pytest.mark.takes_turns
def test_from_request_to_receipt(command: Command, tmp_path: Path) -> None:
    keys = [public_entry(rsa_keys()["product"])]
    product = {"productId": PRODUCT_ID, "name": "Orbit", "publicKeys": keys}
    (tmp_path / "product.json").write_text(json.dumps(product))

    def run(*given: str) -> str:
        environment = {**os.environ, "FINGERPRINT": "0123456789abcdef" * 2}
        done = subprocess.run(
            command("licence", *given),
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def carry(name: str, text: str) -> str:
        (tmp_path / name).write_text(text)
        return name

    assert run("status") == "not-activated"
    request = parse_request(run("request", KEY.lower().replace("-", " ")))
    assert isinstance(request, ActivationRequest)
    assert (request.key, request.product_id) == (KEY, PRODUCT_ID)
    ends = {"eat": 0, "orv": NOW + 10**9}
    assert run("install", carry("response.dat", response(request, **ends))) == "valid"
    assert run("status") == "valid"
    text = run("deactivate")
    assert run("deactivate") == text
    assert run("status") == "not-activated"
    given_back = parse_request(text)
    assert isinstance(given_back, DeactivationRequest)
    assert given_back.thumbprint == request.thumbprint
    assert run("receipt", carry("receipt.dat", receipt(given_back))) == "done"
    again = parse_request(run("request", KEY))
    assert again.thumbprint != request.thumbprint


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*/*")), ids=lambda path: path.name)
def test_a_client_is_short(path: Path) -> None:
    assert len(path.read_text().splitlines()) < LINES
