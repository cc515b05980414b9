"""The texts of this room's e-mails (mail/texts.py)."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from mail.texts import Text, register

SAMPLE_LINK = "https://portal.example/sample"
SIGN_OUT = _("Sign out all devices")

PASSWORD_RESET = Text(
    "password-reset",
    _("Link for a new password"),
    "accounts/email/password_reset",
    button=_("Set a new password"),
    says={"link": SAMPLE_LINK, "minutes": "60"},
    event="user.reset-password-request",
)
INVITATION = Text(
    "invitation",
    _("Invitation of a customer"),
    "accounts/email/invitation",
    button=_("Choose a password"),
    says={"link": SAMPLE_LINK, "days": "14"},
    given={"for_staff": False},
    event="user.created",
)
INVITATION_OF_STAFF = Text(
    "invitation-of-staff",
    _("Invitation to the back office"),
    "accounts/email/invitation",
    button=_("Choose a password"),
    says={"link": SAMPLE_LINK, "days": "14", "company_id": "acme", "office": SAMPLE_LINK},
    given={"for_staff": True},
    kind="invitation",
)
NEW_ADDRESS = Text(
    "email-change",
    _("Confirmation of a new address"),
    "accounts/email/confirm_new_address",
    button=_("Confirm the new e-mail"),
    says={"link": SAMPLE_LINK, "minutes": "60", "recipient": "new@example.com"},
)
ADDRESS_TAKEN = Text(
    "address-taken",
    _("Notice that an address has an account already"),
    "accounts/email/address_already_has_account",
    required=(),
    kind="email-change",
)
ADDRESS_CHANGED = Text(
    "address-changed",
    _("Notice to the old address"),
    "accounts/email/address_changed",
    button=SIGN_OUT,
    says={"link": SAMPLE_LINK, "recipient": "old@example.com"},
    required=(),
)
TEST_EMAIL = Text(
    "test-email",
    _("Test e-mail"),
    "accounts/email/test_email",
    button=_("Back to the back office"),
    says={"link": SAMPLE_LINK},
)

SINGLE_SIGN_ON_LINK = Text(
    "single-sign-on-link",
    _("Link that connects an account with single sign-on"),
    "accounts/email/single_sign_on_link",
    button=_("Connect my account"),
    says={"link": SAMPLE_LINK, "minutes": "60", "provider": "Example ID"},
)
SINGLE_SIGN_ON_CONNECTED = Text(
    "single-sign-on-connected",
    _("Account connected with single sign-on"),
    "accounts/email/single_sign_on_connected",
    button=SIGN_OUT,
    says={"link": SAMPLE_LINK, "provider": "Example ID"},
    required=(),
)


def _about(template: str, name: str, label: Any, **says: str) -> Text:
    """An e-mail about how somebody signs in, whose link signs out all devices."""
    return Text(
        name,
        label,
        f"accounts/email/{template}",
        button=SIGN_OUT,
        says={"link": SAMPLE_LINK, **says},
        required=(),
        given={"what": name},
    )


PASSKEY = {"passkey": "Firefox on Linux"}
TOKEN = {"program": "Nightly export"}
DEVICE = {"browser": "Firefox on Windows", "when": "24 November 2026, 12:00 UTC"}
LOST = {"reason": "Lost phone"}
# By their kind.
ABOUT_WAYS_IN = {
    text.name: text
    for text in (
        _about("second_factor", "second-factor-added", _("Second factor switched on")),
        _about("second_factor", "second-factor-removed", _("Second factor switched off")),
        _about(
            "second_factor",
            "second-factor-taken-off",
            _("Second factor taken off by support"),
            **LOST,
        ),
        _about("second_factor", "recovery-codes-made", _("New recovery codes")),
        _about("second_factor", "recovery-code-used", _("Recovery code used"), left="9"),
        _about("passkey", "passkey-added", _("Passkey added"), **PASSKEY),
        _about("passkey", "passkey-removed", _("Passkey deleted"), **PASSKEY),
        _about("passkey", "passkeys-taken-off", _("Passkeys deleted by support"), **LOST),
        _about(
            "passkey", "passkey-refused", _("Passkey refused that may have been copied"), **PASSKEY
        ),
        _about("token", "token-made", _("Access token made"), **TOKEN),
        _about("token", "token-revoked", _("Access token revoked by the company"), **TOKEN),
        _about("sign_in", "password-changed", _("Password changed")),
        _about("sign_in", "new-device", _("Sign-in from a new device"), **DEVICE),
    )
}


def register_all() -> None:
    """The texts that vendors may write anew."""
    register(
        PASSWORD_RESET,
        INVITATION,
        INVITATION_OF_STAFF,
        NEW_ADDRESS,
        ADDRESS_TAKEN,
        ADDRESS_CHANGED,
        TEST_EMAIL,
        *ABOUT_WAYS_IN.values(),
        SINGLE_SIGN_ON_LINK,
        SINGLE_SIGN_ON_CONNECTED,
    )
