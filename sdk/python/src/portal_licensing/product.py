"""The product file (`product.json`): what a vendor's program ships with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from portal_licensing.errors import InvalidProductFile


@dataclass(frozen=True)
class Product:
    """A product's id, name, and public keys by `kid`."""

    id: str
    name: str
    public_keys: Mapping[str, RSAPublicKey]

    @classmethod
    def load(cls, path: str | Path) -> Product:
        """Reads a product file; raises InvalidProductFile."""
        try:
            return cls.from_json(json.loads(Path(path).read_text(encoding="utf-8")))
        except (OSError, ValueError) as error:
            raise InvalidProductFile(str(error)) from error

    @classmethod
    def from_json(cls, data: Any) -> Product:
        """The product in `{productId, name, publicKeys: [{kid, pem}]}`."""
        try:
            keys = {entry["kid"]: _public_key(entry["pem"]) for entry in data["publicKeys"]}
            product = cls(str(data["productId"]), str(data["name"]), keys)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InvalidProductFile(f"{type(error).__name__}: {error}") from error
        if not keys:
            raise InvalidProductFile("it holds no public key")
        return product


def _public_key(pem: str) -> RSAPublicKey:
    key = load_pem_public_key(pem.encode())
    if not isinstance(key, RSAPublicKey):
        raise ValueError("a public key is not an RSA key")
    return key
