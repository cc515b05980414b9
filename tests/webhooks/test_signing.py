"""Signatures as receivers check them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook as Theirs
from standardwebhooks.webhooks import WebhookVerificationError

from tenancy.door import inside
from tests.webhooks.hooks import SECRET, STANDARD, hook_of
from tests.world import NOW, World
from webhooks import signing
from webhooks.signing import headers, is_secret, new_secret
from webhooks.verbs.webhooks import rotate

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
BODY = b'{"event": "license.created"}'


def test_as_cryptlex_signs() -> None:
    """The value is OpenSSL's: `openssl dgst -sha256 -hmac <secret> -binary | base64`."""
    assert headers("cryptlex", id="1", at=AT, body=BODY, secrets=["secret", "older"]) == {
        "webhook-id": "1",
        "webhook-timestamp": "1795521600",
        "Webhook-Signature": "kOqrpIalb5jvBLyuJzHyatbNs89iJwbn8FjdvEtg0dY=",
    }


def test_as_standard_webhooks_sign() -> None:
    """As their own library signs."""
    at = datetime.fromtimestamp(1674087231, UTC)
    body = b'{"event_type":"ping","data":{"success":true}}'
    found = headers("standard", id="msg_loFOjxBNrRLzqYUf", at=at, body=body, secrets=[STANDARD])
    assert (
        Theirs(STANDARD).sign("msg_loFOjxBNrRLzqYUf", at, body.decode())
        == (found["webhook-signature"])
    )


@pytest.mark.parametrize("secret", [STANDARD, new_secret("standard")])
def test_their_library_takes_ours(secret: str) -> None:
    sent = headers("standard", id="1", at=AT, body=BODY, secrets=[secret])
    assert Theirs(secret).verify(BODY, sent) == {"event": "license.created"}
    with pytest.raises(WebhookVerificationError):
        Theirs(secret).verify(BODY + b" ", sent)
    with pytest.raises(WebhookVerificationError):
        Theirs(new_secret("standard")).verify(BODY, sent)


def test_while_a_secret_is_changed_both_sign(world: World, time_machine: Any) -> None:
    hook = hook_of(world.acme, "https://shop.example/", style="standard", secret=STANDARD)
    with inside(world.acme):
        rotated = rotate(hook)
    sent = headers("standard", id="1", at=NOW, body=BODY, secrets=rotated.secrets_at(NOW))
    assert len(sent["webhook-signature"].split(" ")) == 2
    for secret in (STANDARD, rotated.secret):
        Theirs(secret).verify(BODY, sent)
    later = NOW + timedelta(days=1)
    time_machine.move_to(later, tick=False)
    assert rotated.secrets_at(later) == [rotated.secret]


def test_as_cryptlex_signs_there_is_one_value(world: World) -> None:
    hook = hook_of(world.acme, "https://shop.example/")
    with inside(world.acme):
        rotated = rotate(hook)
    assert rotated.secrets_at(NOW) == [rotated.secret, SECRET]
    one = headers("cryptlex", id="1", at=NOW, body=BODY, secrets=rotated.secrets_at(NOW))
    assert one == headers("cryptlex", id="1", at=NOW, body=BODY, secrets=[rotated.secret])


@pytest.mark.parametrize(
    ("text", "cryptlex", "standard"),
    [
        (STANDARD, True, True),
        ("anything", True, False),
        ("two words", True, False),
        ("", False, False),
        (" x", False, False),
        ("x\ny", False, False),
        ("é", False, False),
        ("x" * 257, False, False),
        ("whsec_MTIz", True, False),
        ("whsec_$$$$", True, False),
        (STANDARD.removeprefix(signing.PREFIX), True, False),
    ],
)
def test_what_can_be_a_secret(text: str, cryptlex: bool, standard: bool) -> None:
    assert is_secret(text, "cryptlex") is cryptlex
    assert is_secret(text, "standard") is standard
