"""The two ceremonies of WebAuthn (W3C, Level 3): making a passkey and using one. Pure; the
`webauthn` library reads and checks, and what it leaves open is decided here.

User verification is always asked for and demanded: whoever uses a passkey has it and has shown, to
the device, to be its owner. So it stands for both factors.
"""

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import (
    base64url_to_bytes,
    bytes_to_base64url,
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticationCredential,
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    RegistrationCredential,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

LASTS = 5 * 60  # seconds that a browser has to answer
LONGEST_ANSWER = 32_768  # characters
# What browsers sign with; nothing that rests on SHA-1.
ALGORITHMS = [
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
]
# What the library and those below it raise for what somebody has made up.
UNREADABLE = (
    WebAuthnException,
    InvalidSignature,
    UnsupportedAlgorithm,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    RecursionError,
)
LONGEST_ID = 1023  # bytes of a credential (7.1, step 25)
ID_BYTES = 16  # of an id of ours


class Unfit(Exception):
    """The answer proves nothing; says why."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a browser is: the host to which passkeys are bound here, and the page's origin."""

    rp_id: str
    origin: str


@dataclass(frozen=True, slots=True)
class Made:
    """A new passkey."""

    credential_id: str
    public_key: str
    sign_count: int
    transports: list[str]
    is_backed_up: bool


@dataclass(frozen=True, slots=True)
class Used:
    """What an authenticator says of a passkey that it has used."""

    sign_count: int
    is_backed_up: bool


# --- Making -------------------------------------------------------------------------------------


def asked_to_make(
    *,
    rp_id: str,
    rp_name: str,
    challenge: bytes,
    handle: bytes,
    email: str,
    name: str,
    known: list[tuple[str, list[str]]],
) -> str:
    """What the browser is asked for a new passkey, as JSON; `known` are the person's own, with
    their transports, of which no device is to have two."""
    options = generate_registration_options(
        rp_id=rp_id,
        rp_name=rp_name,
        user_id=handle,
        user_name=email,
        user_display_name=name,
        challenge=challenge,
        timeout=LASTS * 1000,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=_descriptors(known),
        supported_pub_key_algs=ALGORITHMS,
    )
    return _in_json(options, known)


@dataclass(frozen=True, slots=True)
class NewPasskey:
    """A browser's answer, read and not believed yet."""

    credential: RegistrationCredential
    challenge: bytes

    def check(self, place: Place) -> Made:
        """The passkey, which was made here and now; raises Unfit. That the challenge is one of ours
        and was not used, the caller has seen to."""
        try:
            _same_origin(self.credential.response.client_data_json)
            made = verify_registration_response(
                credential=self.credential,
                expected_challenge=self.challenge,
                expected_rp_id=place.rp_id,
                expected_origin=place.origin,
                require_user_verification=True,
                supported_pub_key_algs=ALGORITHMS,
            )
        except UNREADABLE as error:
            raise Unfit(str(error)) from error
        id = made.credential_id
        if id != self.credential.raw_id or len(id) > LONGEST_ID:
            raise Unfit("Its id is another one, or too long.")
        return Made(
            credential_id=bytes_to_base64url(id),
            public_key=bytes_to_base64url(made.credential_public_key),
            sign_count=made.sign_count,
            transports=[each.value for each in self.credential.response.transports or ()],
            is_backed_up=made.credential_backed_up,
        )


def read_new(text: str) -> NewPasskey:
    """What a browser has answered who was asked for a new passkey; raises Unfit."""
    try:
        credential = parse_registration_credential_json(text)
        return NewPasskey(credential, _challenge(credential.response.client_data_json))
    except UNREADABLE as error:
        raise Unfit(str(error)) from error


# --- Using --------------------------------------------------------------------------------------


def asked_to_use(*, rp_id: str, challenge: bytes, known: list[tuple[str, list[str]]]) -> str:
    """What the browser is asked to sign with a passkey, as JSON; with `known`, one of those, and
    otherwise any that it has for this host."""
    options = generate_authentication_options(
        rp_id=rp_id,
        challenge=challenge,
        timeout=LASTS * 1000,
        allow_credentials=_descriptors(known),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return _in_json(options, known)


@dataclass(frozen=True, slots=True)
class Use:
    """A browser's answer, read and not believed yet."""

    credential: AuthenticationCredential
    challenge: bytes

    @property
    def credential_id(self) -> str:
        """Of its bytes: its text may be anything until it is checked."""
        return bytes_to_base64url(self.credential.raw_id)

    @property
    def whose(self) -> tuple[UUID | None, UUID] | None:
        """The vendor (None for an operator's) and the person whom it names; None where it names
        nobody. Only a signature by that person's key makes it true."""
        return read_handle(self.credential.response.user_handle or b"")

    def check(self, place: Place, public_key: str) -> Used:
        """What the authenticator says, which has this key and has signed here and now; raises
        Unfit. That the challenge is one of ours and was not used, and that the counter has gone
        on, is seen to by the caller."""
        try:
            _same_origin(self.credential.response.client_data_json)
            used = verify_authentication_response(
                credential=self.credential,
                expected_challenge=self.challenge,
                expected_rp_id=place.rp_id,
                expected_origin=place.origin,
                credential_public_key=base64url_to_bytes(public_key),
                # The library would compare before it has looked at the signature, so that anybody
                # could make a passkey look cloned.
                credential_current_sign_count=0,
                require_user_verification=True,
            )
        except UNREADABLE as error:
            raise Unfit(str(error)) from error
        return Used(used.new_sign_count, used.credential_backed_up)


def read_use(text: str) -> Use:
    """What a browser has answered who was asked to use a passkey; raises Unfit."""
    try:
        credential = parse_authentication_credential_json(text)
        return Use(credential, _challenge(credential.response.client_data_json))
    except UNREADABLE as error:
        raise Unfit(str(error)) from error


# --- Whose it is --------------------------------------------------------------------------------


def handle_of(vendor_id: UUID | None, user_id: UUID) -> bytes:
    """By what an authenticator knows whose a passkey is: random ids, nothing of the person."""
    return (vendor_id.bytes if vendor_id else b"") + user_id.bytes


def read_handle(handle: bytes) -> tuple[UUID | None, UUID] | None:
    """The vendor and the person; None for what is no handle of ours."""
    if len(handle) == ID_BYTES:
        return None, UUID(bytes=handle)
    if len(handle) == 2 * ID_BYTES:
        return UUID(bytes=handle[:ID_BYTES]), UUID(bytes=handle[ID_BYTES:])
    return None


def _same_origin(client_data: bytes) -> None:
    """Raises Unfit for an answer out of a frame in somebody else's page."""
    if parse_client_data_json(client_data).cross_origin:
        raise Unfit("It was made in a frame of another origin.")


def _challenge(client_data: bytes) -> bytes:
    return parse_client_data_json(client_data).challenge


def _descriptors(known: list[tuple[str, list[str]]]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(id)) for id, _ways in known]


def _in_json(options: Any, known: list[tuple[str, list[str]]]) -> str:
    """The library would let through the transports that it knows alone."""
    said = json.loads(options_to_json(options))
    ways = dict(known)
    for name in ("allowCredentials", "excludeCredentials"):
        for each in said.get(name, ()):
            each["transports"] = ways[each["id"]]
    return json.dumps(said)
