"""The RSA keys that sign a product's activation tokens, and their encryption at rest.

A product has one key in use; older ones stay known by their `kid`, so that programs that ship
with an old public key list still verify what was signed before. The private half is kept encrypted
(tenancy/encryption.py).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, cast

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from joserfc.jwk import RSAKey

from accounts.second_factor import verbs as second_factor
from accounts.single_sign_on import verbs as single_sign_on
from audit import trail
from licenses.models import Product, SigningKey
from tenancy.door import inside
from tenancy.encryption import encryption
from tenancy.hosts import api_origin, canonical_host, origin
from tenancy.table import every_vendor
from tenancy.transactions import in_steps

KEY_SIZE = 2048  # bits


@transaction.atomic
def rotate_product_key(product: Product) -> SigningKey:
    """Makes a new key the one in use; older public keys stay known by their `kid`."""
    Product.objects.select_for_update().get(pk=product.pk)
    product.signing_keys.filter(retired_at=None).update(retired_at=timezone.now())
    return add_key(product)


def key_in_use(product: Product) -> SigningKey:
    """The key that signs the product's tokens now."""
    return SigningKey.objects.get(product_id=product.pk, retired_at=None)


def private_key(key: SigningKey) -> RSAKey:
    """The key pair, decrypted; raises cryptography.fernet.InvalidToken if no key fits."""
    pem = encryption().decrypt(key.encrypted_private_pem.encode())
    # What Fernet lets through is what `store_key` wrote: to check the primes anew takes 100 times
    # as long as to sign.
    private = serialization.load_pem_private_key(pem, None, unsafe_skip_rsa_key_validation=True)
    return RSAKey.import_key(cast(rsa.RSAPrivateKey, private))


def product_file(product: Product) -> dict[str, Any]:
    """What a vendor's program ships with (`product.json`): all keys, the one in use first, and the
    addresses of the portal and of the Web API (docs/offline-protocol.md, The product file)."""
    return {
        "productId": str(product.pk),
        "name": product.name,
        "portal": f"{origin(canonical_host(product.vendor))}/",
        "api": f"{api_origin()}/v3/",
        "publicKeys": [
            {"kid": key.kid, "pem": key.public_pem}
            for key in product.signing_keys.order_by(F("retired_at").desc(nulls_first=True))
        ],
    }


@dataclass(frozen=True, slots=True)
class Others:
    """Secrets that a room below keeps: what they are called, what reads all of them, encrypted
    anew, and what stores those and says how many there are."""

    name: str
    read: Callable[[], list[Any]]
    store: Callable[[list[Any]], int]


OTHERS: list[Others] = []


def also_rotate(others: Others) -> None:
    """Registers secrets that are encrypted as private keys are."""
    OTHERS.append(others)


def rotate_key_encryption() -> dict[str, int]:
    """Encrypts every private key again, of all vendors, every secret of a second factor, every
    client secret of an identity provider, and those of rooms below, under the first encryption key.

    Returns how many there were of each, by what they are called; afterwards the older keys can be
    dropped. Nothing is changed if one of them fits no encryption key
    (cryptography.fernet.InvalidToken). Safe to repeat, and to be repeated if it was killed.
    """
    rotated = [(key, _rotated(key)) for key in _every_key()]
    factors, clients = second_factor.encrypted_anew(), single_sign_on.encrypted_anew()
    others = [(each, each.read()) for each in OTHERS]
    in_steps(rotated, lambda each: _store_rotated(*each))
    return {
        "private keys": len(rotated),
        "second factors": second_factor.store_encrypted_anew(factors),
        "client secrets": single_sign_on.store_encrypted_anew(clients),
        **{each.name: each.store(found) for each, found in others},
    }


def _rotated(key: SigningKey) -> str:
    return encryption().rotate(key.encrypted_private_pem.encode()).decode()


def _store_rotated(key: SigningKey, pem: str) -> None:
    with inside(key.vendor_id):
        SigningKey.objects.filter(pk=key.pk).update(encrypted_private_pem=pem)
        trail.record("key-encrypted-anew", key)


def _every_key() -> Iterator[SigningKey]:
    for vendor in every_vendor():
        with inside(vendor):
            # Of a key that moved in there is the public half alone.
            keys = list(SigningKey.objects.exclude(encrypted_private_pem="").order_by("pk"))
        yield from keys


def add_key(product: Product) -> SigningKey:
    private = rsa.generate_private_key(public_exponent=65537, key_size=KEY_SIZE)
    return store_key(product, private)


def store_key(product: Product, private: rsa.RSAPrivateKey) -> SigningKey:
    """Saves a key pair as the one in use; its `kid` is the RFC 7638 thumbprint."""
    private_pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public_pem = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    key = SigningKey.objects.create(
        vendor_id=product.vendor_id,
        product=product,
        kid=RSAKey.import_key(public_pem).thumbprint(),
        public_pem=public_pem.decode(),
        encrypted_private_pem=encryption().encrypt(private_pem).decode(),
    )
    trail.record("signing-key-made", product, details={"kid": key.kid})
    return key
