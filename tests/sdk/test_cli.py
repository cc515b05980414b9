"""The command line of the SDK."""

import io
import json
from pathlib import Path

import pytest

from offline.codec import parse_request
from portal_licensing.cli import main
from tests.offline.make_vectors import PRODUCT_ID, public_entry, rsa_keys
from tests.sdk.test_client import response


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    keys = [public_entry(rsa_keys()["product"])]
    content = {"productId": PRODUCT_ID, "name": "Orbit", "publicKeys": keys}
    Path("product.json").write_text(json.dumps(content))
    return tmp_path


def request(*options: str) -> object:
    assert main(["request", "--key", "A-LICENCE-KEY-0001", *options]) == 0
    return parse_request(Path("activation-request.dat").read_bytes())


def test_from_request_to_status(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = request("--hostname", "lab", "--metadata", "room=12", "--meter", "pages=3")
    Path("response.dat").write_text(response(made, eat=0))  # type: ignore[arg-type]
    assert main(["install", "response.dat"]) == 0
    assert "The licence is valid.\nLicence: A-LICENCE-KEY-0001\nValid until: no end" in (
        capsys.readouterr().out
    )
    assert main(["status"]) == 0
    capsys.readouterr()
    assert main(["status", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["status"], said["valid"], said["claims"]["pid"]) == ("valid", True, PRODUCT_ID)
    assert main(["deactivate"]) == 0
    assert Path("deactivation-request.dat").exists()
    assert main(["status"]) == 1


def test_options_before_and_after_and_from_the_environment(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("product.json").rename("p.json")
    assert main(["--product", "p.json", "fingerprint"]) == 0
    assert main(["fingerprint", "--product", "p.json"]) == 0
    monkeypatch.setenv("PORTAL_LICENSING_PRODUCT", "p.json")
    monkeypatch.setenv("PORTAL_LICENSING_STORAGE", "elsewhere")
    assert main(["fingerprint"]) == 0
    assert len(set(capsys.readouterr().out.split())) == 1
    request()
    assert Path("elsewhere").is_dir()


def test_standard_input_and_output(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["request", "--key", "A-LICENCE-KEY-0001", "--out", "-"]) == 0
    made = parse_request(capsys.readouterr().out)
    monkeypatch.setattr("sys.stdin", io.StringIO(response(made)))  # type: ignore[arg-type]
    assert main(["install", "-"]) == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["install", "missing.dat"], "missing.dat"),
        (["install", "product.json"], "INVALID_RESPONSE"),
        (["deactivate"], "NOT_ACTIVATED"),
        (["receipt", "product.json"], "INVALID_RESPONSE"),
        (["request", "--key", ""], "INVALID_INPUT"),
        (["request", "--key", "k", "--metadata", "x"], "INVALID_INPUT"),
        (["request", "--key", "k", "--meter", "a=b"], "INVALID_INPUT"),
        (["status", "--product", "none.json"], "INVALID_PRODUCT_FILE"),
        (["status", "--fingerprint", "short"], "INVALID_FINGERPRINT"),
    ],
)
def test_a_refusal_is_a_line_and_exit_code_1(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert main(arguments) == 1
    assert words in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["request"], ["nonsense"]])
def test_wrong_usage_is_exit_code_2(folder: Path, arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
