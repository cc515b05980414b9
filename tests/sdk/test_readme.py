"""What the SDK's README shows for machines with a network works as it is written, in its order."""

import json
import re
from pathlib import Path

import pytest

from tests.sdk.conftest import Shop

pytestmark = pytest.mark.processes

README = Path(__file__).resolve().parents[2] / "sdk" / "python" / "README.md"
ONLINE = README.read_text().partition("## On a machine with a network")[2].partition("\n## ")[0]
EXAMPLES = re.findall(r"(?s)```python\n(.*?)```", ONLINE)


def test_every_act_is_shown() -> None:
    shown = "".join(EXAMPLES)
    acts = ("activate", "check", "sync", "deactivate", "increment", "decrement", "uses")
    for act in (*acts, "metadata", "find_update", "latest", "download"):
        assert f"client.{act}(" in shown
    assert "Syncing(client" in shown


def test_the_examples_run(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    license = shop.license(
        metadata=[{"key": "edition", "value": "Pro", "visible": True}],
        meterAttributes=[{"name": "pages", "allowedUses": 5, "visible": True, "floating": True}],
    )
    monkeypatch.chdir(tmp_path)
    Path("product.json").write_text(json.dumps(shop.product_file))
    # What makes a fingerprint of a machine, this one may lack.
    folder = f'{tmp_path}/licence", fingerprint="{"r" * 64}'
    known: dict[str, object] = {}
    for example in EXAMPLES:
        typed = example.replace("THE-LICENCE-KEY", license["key"])
        typed = typed.replace("/var/lib/orbit/licence", folder)
        exec(compile(typed, str(README), "exec"), known)
    assert capsys.readouterr().out.splitlines() == [
        "True None",
        "Pro {'room': '13'}",
        "2",
        "4.2.1 updates/orbit-4.2.1-linux.tar.gz",
    ]
    assert shop.seats(license) == 0
