"""The columns of people in CSV files, from the back office and from the Web API."""

from collections.abc import Callable, Mapping
from typing import Any

from accounts.models import User

COLUMNS: Mapping[str, Callable[[User], Any]] = {
    "email": lambda user: user.email,
    "first_name": lambda user: user.first_name,
    "last_name": lambda user: user.last_name,
    "company": lambda user: user.company,
    "role": lambda user: user.role,
    "active": lambda user: user.is_active,
    "portal_access": lambda user: user.allow_customer_portal_access,
    "last_seen": lambda user: user.last_seen_at,
    "created": lambda user: user.created_at,
}
