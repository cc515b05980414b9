"""Programs without a token: whose a call is, and what they tell of the machine they run on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal
from uuid import UUID

from django.core.exceptions import ValidationError
from pydantic import Field, field_validator

from accounts.metadata import validate_metadata
from api.bodies import Answer, Body
from api.errors import InvalidRequest, VendorInactive
from api.requests import ApiRequest
from licenses.verbs.activations import TOLD, Machine, Use
from tenancy.door import inside
from tenancy.models import Vendor
from tenancy.unseen import LINE
from web.errors import PortalError

LONGEST = 256
MOST_METERS = 50
MOST_USES = 2**31 - 1
OperatingSystem = Literal["windows", "linux", "macos", "android", "ios"]


@contextmanager
def whose(
    request: ApiRequest,
    find: Callable[[UUID], Vendor | None],
    text: str,
    missing: type[PortalError],
) -> Iterator[UUID]:
    """Inside the scope of the token's vendor or, of a call without one, of the vendor of what has
    this id, as `find` says (tenancy/table.py); gives the id. Raises `missing` where it is
    nobody's, and VendorInactive."""
    id = id_of(text)
    if id is None:
        raise missing
    if request.bearer:
        yield id
        return
    vendor = find(id)
    if vendor is None:
        raise missing
    if not vendor.is_active:
        raise VendorInactive
    request.vendor = vendor
    with inside(vendor):
        yield id


def id_of(text: str) -> UUID | None:
    """The id that a text is; None for what can't be anybody's."""
    try:
        return UUID(text)
    except ValueError:
        return None


class NamedValue(Body):
    key: str
    value: str = ""


class Meter(Body):
    """Uses of a meter attribute: how many more, or how many there are now."""

    name: str
    uses_increment: int = Field(0, ge=-MOST_USES, le=MOST_USES)
    uses: int = Field(0, ge=0, le=MOST_USES)


class MachineBody(Body):
    """What a program tells of its machine. What merely describes it is cut, and what can't be
    printed replaced: it is no reason to refuse a machine."""

    os: OperatingSystem | None = None
    fingerprint: str = ""
    hostname: str = ""
    os_version: str = ""
    vm_name: str = ""
    app_version: str = ""
    user_hash: str = ""
    container: bool = False
    metadata: list[NamedValue] = Field(default_factory=list)

    @field_validator("os", mode="before")
    @classmethod
    def _in_small_letters(cls, value: Any) -> Any:
        return value.lower() if isinstance(value, str) else value

    @field_validator("hostname", "os_version", "vm_name", "app_version", "user_hash")
    @classmethod
    def _printable(cls, value: str) -> str:
        return LINE.sub("\ufffd", value)[:LONGEST]

    @field_validator("fingerprint")
    @classmethod
    def _seen(cls, value: str) -> str:
        return "" if LINE.search(value) else value  # too short for any machine

    @property
    def told(self) -> dict[str, Any]:
        """The members about the machine that were supplied. Raises ValidationError."""
        told = {name: value for name, value in self.given.items() if name in TOLD}
        if "metadata" in told:
            told["metadata"] = [each.model_dump() for each in self.metadata]
            try:
                validate_metadata(told["metadata"])
            except ValidationError as error:
                raise InvalidRequest(f"metadata: {' '.join(error.messages)}") from error
        return told

    def machine(self, **more: Any) -> Machine:
        """The machine, whole. Raises InvalidRequest without its operating system."""
        told = self.told
        if "os" not in told:
            raise InvalidRequest("os: use windows, linux, macos, android or ios.")
        return Machine(**{"fingerprint": "", **told, **more})


class CountingBody(MachineBody):
    """The same of a program that counts uses of meter attributes."""

    meter_attributes: list[Meter] = Field(default_factory=list, max_length=MOST_METERS)

    @property
    def uses(self) -> list[Use]:
        return [
            Use(each.name, each.uses)
            if "uses" in each.given
            else Use(each.name, each.uses_increment, more=True)
            for each in self.meter_attributes
        ]

    @property
    def first_uses(self) -> dict[str, int]:
        """What a new machine begins with."""
        return {use.name: max(0, use.number) for use in self.uses}


class PlaceAnswer(Answer):
    """Where a machine was activated from, as far as that is kept."""

    ip_address: str | None = None
    country_code: str | None = None


class MachineAnswer(Answer):
    os: OperatingSystem
    os_version: str
    hostname: str
    vm_name: str
    container: bool
    app_version: str
    location: PlaceAnswer | None = None
