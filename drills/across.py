"""What one version has begun and the other goes on with: sessions, forms, links in e-mails, calls with
an Idempotency-Key, offline files, static files.

It is asked past the load, of whichever version it is about; whatever does not hold raises
AssertionError.
"""

import email
import json
import re
import subprocess
import sys
import time
import urllib.error
from dataclasses import dataclass, field
from email import policy
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

from bench.seats import Place, Portal, Program
from bench.sessions import Session, hidden
from drills.load import PRODUCT, VENDOR
from drills.places import manage
from drills.stage import HOST, SETTLED_WITHIN, Stage, Version, plain

BEA = "bea@example.com"
WORDS = ("a long enough first phrase", "a long enough second phrase")
STATIC = re.compile(r'(?:href|src)="(/static/[^"]+)"')


@dataclass(frozen=True, slots=True)
class Side:
    """A version and its web processes."""

    version: Version
    portal: Portal

    def manage(self, command: str, *more: str) -> str:
        return manage(command, self.version.env, *more, code=self.version.code)


@dataclass(slots=True)
class Across:
    """Bea has a licence of few seats, and works offline; the older version knew her first."""

    here: Stage
    old: Side
    new: Side
    folder: Path
    key: str = ""
    bea: Session = field(init=False)
    calls: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)
    used: set[str] = field(default_factory=set)  # links

    # --- Begun by the older one -----------------------------------------------------------------

    def begin(self) -> None:
        self.bea = Session(self.old.portal.port, HOST)
        self.key = self.old.manage("issue_license", VENDOR, PRODUCT, BEA, "--seats", "4").split(
            "\t"
        )[0]
        self._choose_password(self.bea, self.old, self._link(BEA, "invitation"), WORDS[0])
        assert PRODUCT in self._seen(self.bea, self.old, "/licenses/")
        (self.folder / "product.json").write_text(self.old.manage("product_file", VENDOR, PRODUCT))
        self._sdk(self.old, "request", "--key", self.key, "--hostname", "lab")
        self.calls.append(self._call(self.old))

    # --- Both are there -------------------------------------------------------------------------

    def cross(self) -> None:
        self._sessions()
        self._forms()
        self._keys()
        self._offline()
        self._links()
        self._static()

    def _sessions(self) -> None:
        for side in (self.new, self.old):
            assert PRODUCT in self._seen(self.bea, side, "/licenses/")
        phone = Session(self.new.portal.port, HOST)
        phone.submit("/login/", email=BEA, password=WORDS[0])
        for side in (self.old, self.new):
            assert PRODUCT in self._seen(phone, side, "/licenses/")

    def _forms(self) -> None:
        """A page of one version, sent to the other."""
        for there, then, name in ((self.old, self.new, "Beatrix"), (self.new, self.old, "Bea")):
            self.bea.port = there.portal.port
            fields = self.bea.fields("/profile/")
            self.bea.port = then.portal.port
            self.bea.open("/profile/", fields | {"first_name": name, "last_name": "Blue"})
            for side in (there, then):
                assert f'value="{name}"' in self._seen(self.bea, side, "/profile/")

    def _keys(self) -> None:
        """A call that one version has answered is answered the same by the other, once."""
        self.calls.append(self._call(self.new))
        for side in (self.old, self.new):
            for key, body, answer in self.calls:
                assert self._call(side, key, body) == (key, body, answer)
        [(machines,)] = self.here.place.ask(
            "SELECT count(*) FROM licenses_activation WHERE fingerprint IN "
            f"({', '.join(repr(body['fingerprint']) for _key, body, _answer in self.calls)})"
        )
        assert machines == len(self.calls), machines

    def _offline(self) -> None:
        """A request of the older program's, handed in at the new version, and again at the older;
        the program gets newer, and hands its seat back at the older version."""
        request = (self.folder / "activation-request.dat").read_text()
        answers = [self._hand_in(side, request) for side in (self.new, self.old)]
        assert answers[0] == answers[1], "The same file was answered twice."
        (self.folder / "response.dat").write_text(answers[0])
        self._sdk(self.old, "install", "response.dat")
        for side in (self.old, self.new):
            assert json.loads(self._sdk(side, "status", "--json"))["valid"] is True
        self._sdk(self.new, "deactivate")
        request = (self.folder / "deactivation-request.dat").read_text()
        (self.folder / "receipt.dat").write_text(self._hand_in(self.old, request))
        self._sdk(self.new, "receipt", "receipt.dat")

    def _hand_in(self, side: Side, request: str) -> str:
        self.bea.port = side.portal.port
        review = self.bea.submit("/offline/", request_text=request)
        fields = hidden(review)
        done = self.bea.open("/offline/confirm/", fields | {"request_text": request})
        found = re.search(r'href="(/offline/[0-9a-f-]+/response/)"', done)
        assert found, done
        return self.bea.open(found[1])

    def _links(self) -> None:
        """Each version's e-mail leads to the other's page; a new password ends all sessions."""
        for there, then, words in (
            (self.old, self.new, WORDS[1]),
            (self.new, self.old, WORDS[0]),
        ):
            asks = Session(there.portal.port, HOST)
            asks.submit("/password-reset/", email=BEA)
            self._choose_password(asks, then, self._link(BEA, "password-reset"), words)
            other = self.bea
            self.bea = Session(there.portal.port, HOST)
            self.bea.submit("/login/", email=BEA, password=words)
            for side in (self.old, self.new):
                assert PRODUCT in self._seen(self.bea, side, "/licenses/")
                assert PRODUCT not in self._seen(other, side, "/licenses/")

    def _static(self) -> None:
        """What the older version's page names, asked of the new one. The other way round only
        versions from 1.0.0 on have it: how many files are missing there is told."""
        assert not self._missing(self.old, self.new)
        if missing := self._missing(self.new, self.old):
            print(f"The older version has not: {', '.join(missing)}", file=sys.stderr, flush=True)

    def _missing(self, there: Side, then: Side) -> list[str]:
        page, missing = self._seen(self.bea, there, "/licenses/"), list[str]()
        for path in sorted({path.partition("#")[0] for path in STATIC.findall(page)}):
            try:
                self._seen(self.bea, then, path)
            except urllib.error.HTTPError:
                missing.append(path)
        return missing

    # --- Taken back -----------------------------------------------------------------------------

    def taken_back(self) -> None:
        """The older one alone, after the new one has written."""
        assert PRODUCT in self._seen(self.bea, self.old, "/licenses/")
        for key, body, answer in self.calls:
            assert self._call(self.old, key, body) == (key, body, answer)
        for command in ("verify_audit", "verify_hosts"):
            self.old.manage(command)

    # --- How ------------------------------------------------------------------------------------

    def _seen(self, who: Session, side: Side, path: str) -> str:
        who.port = side.portal.port
        return who.open(path)

    def _choose_password(self, who: Session, side: Side, link: str, words: str) -> None:
        who.port = side.portal.port
        who.submit(link, new_password=words, new_password_again=words)

    def _link(self, to: str, kind: str) -> str:
        """The path of the newest link of this kind that was e-mailed there since it was asked for."""
        deadline = time.monotonic() + SETTLED_WITHIN
        while True:
            for text in reversed(self.here.mail.texts):
                message = email.message_from_bytes(text, policy=policy.default)
                found = re.search(rf"/{kind}/[^/\s]+/", str(message.get_body(("plain",))))
                if to in str(message["To"]) and found and found[0] not in self.used:
                    self.used.add(found[0])
                    return found[0]
            assert time.monotonic() < deadline, f"No {kind} came to {to}."
            time.sleep(0.1)

    def _call(
        self, side: Side, key: str = "", body: dict[str, str] | None = None
    ) -> tuple[str, dict[str, str], Any]:
        """Activates a machine of the endless licence; the same key again has to be a replay."""
        id, license_key = self.here.ids["endless"]
        place = Place(self.here.place.product_id, license_key, plain(id), self.here.place.ask)
        program = Program(side.portal, place, Random(1))
        sent = key or str(uuid4()), body or program.machine()
        status, answer, replayed = program.call("POST", "/v3/activations", sent[1], {201}, sent[0])
        program.hang_up()
        assert replayed is bool(key), "A call was made twice, or was not made."
        return (*sent, (status, answer))

    def _sdk(self, side: Side, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "portal_licensing", *arguments],
            cwd=self.folder,
            env={"PYTHONPATH": str(side.version.code / "sdk/python/src"), "PATH": ""},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout
