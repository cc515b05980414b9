"""How what is sent is signed, in two styles; pure.

Cryptlex' style: `Webhook-Signature` is the base64 of the HMAC-SHA256 of the body by the webhook's
secret. Standard Webhooks (standardwebhooks.com): `webhook-signature` has `v1,` and the base64 of
the HMAC-SHA256 of `id.timestamp.body`, by what stands behind `whsec_` in base64; of several
secrets one after the other, with blanks between them. `webhook-id` and `webhook-timestamp` are
sent in both.
"""

import hmac
import re
import secrets
from base64 import b64decode, b64encode
from collections.abc import Sequence
from datetime import datetime

PREFIX = "whsec_"
BYTES = 32  # of a secret that is made here
LONGEST = 256  # characters of one that was typed
# Standard Webhooks has 24 to 64 bytes.
FEWEST_BYTES, MOST_BYTES = 24, 64
_SEEN = re.compile(r"[!-~]+(?: [!-~]+)*")


def new_secret(style: str) -> str:
    """A new secret, as the style writes it."""
    if style == "standard":
        return PREFIX + b64encode(secrets.token_bytes(BYTES)).decode()
    return secrets.token_hex(BYTES)


def is_secret(text: str, style: str) -> bool:
    """Whether the text can be the secret of a webhook of that style."""
    if len(text) > LONGEST or not _SEEN.fullmatch(text):
        return False
    if style != "standard":
        return True
    try:
        return text.startswith(PREFIX) and FEWEST_BYTES <= len(_key(text)) <= MOST_BYTES
    except ValueError:
        return False


def _key(secret: str) -> bytes:
    """Raises ValueError for what is no base64."""
    return b64decode(secret.removeprefix(PREFIX), validate=True)


def headers(
    style: str, *, id: str, at: datetime, body: bytes, secrets: Sequence[str]
) -> dict[str, str]:
    """The headers by which a receiver knows who has sent it. The first secret is the newest, and
    the only one that Cryptlex' style, with its one value, signs by."""
    timestamp = str(int(at.timestamp()))
    sent = {"webhook-id": id, "webhook-timestamp": timestamp}
    if style != "standard":
        return {**sent, "Webhook-Signature": _hmac(secrets[0].encode(), body)}
    signed = f"{id}.{timestamp}.".encode() + body
    return {
        **sent,
        "webhook-signature": " ".join(f"v1,{_hmac(_key(each), signed)}" for each in secrets),
    }


def _hmac(key: bytes, message: bytes) -> str:
    return b64encode(hmac.digest(key, message, "sha256")).decode()
