"""Where, and by whom, a licence may be activated: the terms `WHERE` (licenses/models/terms.py).

What is asked of the machine itself stands in activations.py.
"""

from ipaddress import ip_address, ip_network
from typing import Protocol

from accounts.backends import VendorBackend
from licenses.errors import (
    CountryNotAllowed,
    IpAddressNotAllowed,
    NotItsCustomer,
    UserNotAllowed,
)
from licenses.models import License
from tenancy.addresses import normalise_email
from tenancy.hosts import Site
from web import limits
from web.whereabouts import whereabouts_of


class Places(Protocol):
    """From where something may be activated; empty lists allow everything."""

    disable_geo_location: bool
    allowed_countries: list[str]
    disallowed_countries: list[str]
    allowed_ip_addresses: list[str]
    allowed_ip_ranges: list[str]
    disallowed_ip_addresses: list[str]


def check_place(places: Places, ip: str) -> None:
    """Raises IpAddressNotAllowed or CountryNotAllowed for a program that comes from elsewhere.

    A country that is not known, or not to be looked up, is none of the allowed ones and none of the
    others, and so is an address.
    """
    if not _allows_address(places, ip):
        raise IpAddressNotAllowed
    if not places.allowed_countries and not places.disallowed_countries:
        return
    country = country_of(places, ip)
    if places.allowed_countries and country not in places.allowed_countries:
        raise CountryNotAllowed
    if country and country in places.disallowed_countries:
        raise CountryNotAllowed


def country_of(places: Places, ip: str) -> str:
    """Where a program comes from, by the two letters of ISO 3166; empty where that is not known or
    not to be looked up."""
    return "" if places.disable_geo_location else whereabouts_of(ip).country


def _allows_address(places: Places, ip: str) -> bool:
    try:
        address = ip_address(ip)
    except ValueError:  # a server at a socket knows none
        return not (places.allowed_ip_addresses or places.allowed_ip_ranges)
    if str(address) in places.disallowed_ip_addresses:
        return False
    if not places.allowed_ip_addresses and not places.allowed_ip_ranges:
        return True
    return str(address) in places.allowed_ip_addresses or any(
        address in ip_network(each) for each in places.allowed_ip_ranges
    )


def check_user(*, user_locked: bool, user_hash: str, before: str = "") -> None:
    """Raises UserNotAllowed for a program that is locked to its machine's first user and comes
    from another one (`before` is the hash of the first), or doesn't say whose it is."""
    if user_locked and (not user_hash or (before and user_hash != before)):
        raise UserNotAllowed


def check_sign_in(license: License, *, email: str, password: str, ip: str) -> None:
    """Raises NotItsCustomer unless these are e-mail and password of a customer whose licence
    it is or who shares it, and TooManyAttempts before any hash is computed: who guesses here has
    no more tries than at the sign-in."""
    per_address = (
        limits.SIGN_IN_PER_ADDRESS,
        Site.CUSTOMER,
        str(license.vendor_id),
        normalise_email(email),
        "",
    )
    limits.take_from(limits.SIGN_IN_PER_IP, ip)
    limits.take(*per_address)
    user = VendorBackend().authenticate(None, email=email, password=password)
    if user is None or not user.may_use_portal:
        raise NotItsCustomer
    if user.pk != license.user_id and not license.license_users.filter(user=user).exists():
        raise NotItsCustomer
    limits.give_back_to(limits.SIGN_IN_PER_IP, ip)
    limits.give_back(*per_address)
