"""The rows of this app, a module per noun."""

from accounts.models.people import (
    SEARCHED,
    PortalSettings,
    User,
    UserWord,
    among_operators,
)
from accounts.models.refusals import Refusal
from accounts.models.roles import CUSTOMER_ROLES, VENDOR_ROLES, BuiltIn, Role
from accounts.models.sessions import Session
from accounts.models.tags import Tag, UserTag
from accounts.passkeys.models import Challenge, Passkey
from accounts.second_factor.models import RecoveryCode, SecondFactor
from accounts.single_sign_on.models import Identity, IdentityProvider
from accounts.tokens.models import PersonalAccessToken
from accounts.view_as.models import ViewAs
from accounts.ways_in.models import Registration

__all__ = [
    "CUSTOMER_ROLES",
    "SEARCHED",
    "VENDOR_ROLES",
    "BuiltIn",
    "Challenge",
    "Identity",
    "IdentityProvider",
    "Passkey",
    "PersonalAccessToken",
    "PortalSettings",
    "RecoveryCode",
    "Refusal",
    "Registration",
    "Role",
    "SecondFactor",
    "Session",
    "Tag",
    "User",
    "UserTag",
    "UserWord",
    "ViewAs",
    "among_operators",
]
