"""The product file (`product.json`): what a vendor's program ships with."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from portal_licensing.errors import InvalidProductFile
from portal_licensing.texts import json_in, text_of

# What wraps lines at blanks takes the blanks away.
# Of an RSA key, in bits: smaller ones can be forged, and larger ones take long to check.
SMALLEST, LARGEST = 2048, 8192
PEM = re.compile(r"-----BEGIN ?(?:RSA ?)?PUBLIC ?KEY-----([^-]+)-----END")


@dataclass(frozen=True)
class Product:
    """A product's id, name, and public keys by `kid`; `portal` is the address of its portal, `api`
    that of the Web API, each empty where the product file doesn't say it."""

    id: str
    name: str
    public_keys: Mapping[str, RSAPublicKey]
    portal: str = ""
    api: str = ""

    @classmethod
    def load(cls, path: str | Path) -> Product:
        """Reads a product file, also as an e-mail or an editor left it; raises
        InvalidProductFile."""
        try:
            return cls.from_json(json.loads(json_in(text_of(Path(path).read_bytes()))))
        except (OSError, ValueError, RecursionError) as error:
            raise InvalidProductFile(str(error)) from error

    @classmethod
    def from_json(cls, data: Any) -> Product:
        """The product in `{productId, name, portal, api, publicKeys: [{kid, pem}]}`."""
        try:
            keys = {str(entry["kid"]): _public_key(entry["pem"]) for entry in data["publicKeys"]}
            portal, api = (str(data.get(name) or "") for name in ("portal", "api"))
            product = cls(str(data["productId"]), str(data["name"]), keys, portal, api)
        except (KeyError, TypeError, ValueError, AttributeError, UnsupportedAlgorithm) as error:
            raise InvalidProductFile(f"{type(error).__name__}: {error}") from error
        if not keys:
            raise InvalidProductFile("it holds no public key")
        return product


def _public_key(pem: str) -> RSAPublicKey:
    found = PEM.search(pem)
    if found is None:
        raise ValueError("a public key is not in PEM")
    key = load_der_public_key(base64.b64decode("".join(found[1].split()), validate=True))
    if not isinstance(key, RSAPublicKey):
        raise ValueError("a public key is not an RSA key")
    if not SMALLEST <= key.key_size <= LARGEST:
        bits = f"{key.key_size} bits, and not {SMALLEST} to {LARGEST}"
        raise ValueError(f"a public key has {bits}")
    return key
