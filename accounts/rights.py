"""What the built-in roles and operators are given: the one table (docs/security-model.md shows it).

A right is Django's own name of a permission, `<app>.<action>_<model>`, which the admin asks for.
Operators have the rights that stand here. A vendor's people have the claims of their role's row
(accounts/models/roles.py); accounts/verbs/roles.py gives the built-in ones what stands here. A
claim is a right that a vendor's role may have; what no vendor's role has here is none. Vendors
that are there get what is added at the next `manage.py migrate`.
"""

OPERATOR = "operator"

RIGHTS: dict[str, dict[str, tuple[str, ...]]] = {
    OPERATOR: {
        "tenancy.vendor": ("view", "add", "change"),
    },
    "admin": {
        "accounts.user": (
            "view",
            "add",
            "change",
            "note",
            "invite",
            "view_as",
            "take_off_factor",
            "export",
            "erase",
        ),
        "accounts.portalsettings": ("view", "change"),
        "accounts.role": ("view", "add", "change", "delete"),
        "accounts.tag": ("view", "add", "change", "delete"),
        "accounts.personalaccesstoken": ("view",),
        "accounts.identityprovider": ("view", "add", "change", "delete"),
        "mail.outgoingemail": ("view", "send"),
        "mail.owntext": ("view", "change"),
        "imports.dataimport": ("view", "add"),
        "moving.move": ("view", "add", "export"),
        "audit.auditentry": ("view", "export"),
        "backoffice.bulkchange": ("view", "stop"),
        "branding.branding": ("view", "change"),
        "branding.customdomain": ("view", "add", "change", "delete"),
        "licenses.product": ("view", "add", "change", "delete"),
        "licenses.productversion": ("view", "add", "change", "delete"),
        "licenses.featureflag": ("view", "add", "change", "delete"),
        "licenses.licensepolicy": ("view", "add", "change", "delete"),
        "licenses.maintenancepolicy": ("view", "add", "change", "delete"),
        "licenses.license": ("view", "add", "change", "delete", "send", "export"),
        "licenses.licensemetadata": ("view", "add", "change", "delete"),
        "licenses.licenseuser": ("view", "add", "change", "delete"),
        "licenses.activation": ("view", "release"),
        "licenses.seatrequest": ("view",),
        "licenses.trialpolicy": ("view", "add", "change", "delete"),
        "licenses.trialactivation": ("view", "change", "delete", "export"),
        "releases.release": ("view", "add", "change", "delete"),
        "releases.releasefile": ("view", "add", "delete"),
        "releases.download": ("view",),
        "webhooks.webhook": ("view", "add", "change", "delete"),
        "webhooks.delivery": ("view", "send"),
    },
    "support": {
        "accounts.user": ("view", "note", "invite", "view_as", "take_off_factor"),
        "accounts.tag": ("view",),
        "mail.outgoingemail": ("view",),
        "audit.auditentry": ("view",),
        "licenses.product": ("view",),
        "licenses.productversion": ("view",),
        "licenses.featureflag": ("view",),
        "licenses.licensepolicy": ("view",),
        "licenses.maintenancepolicy": ("view",),
        "licenses.license": ("view", "send"),
        "licenses.licensemetadata": ("view",),
        "licenses.licenseuser": ("view",),
        "licenses.activation": ("view", "release"),
        "licenses.seatrequest": ("view",),
        "licenses.trialpolicy": ("view",),
        "licenses.trialactivation": ("view",),
        "releases.release": ("view",),
        "releases.releasefile": ("view",),
        "releases.download": ("view",),
        "webhooks.webhook": ("view",),
        "webhooks.delivery": ("view",),
    },
}


def given_to(role: str) -> frozenset[str]:
    """The rights that the table gives the role, spelled out; none where it does not name it."""
    return frozenset(
        f"{app}.{action}_{model}"
        for thing, actions in RIGHTS.get(role, {}).items()
        for app, model in [thing.split(".")]
        for action in actions
    )


OPERATORS_RIGHTS = given_to(OPERATOR)
# SECURITY: tests/accounts/test_roles.py. An operator's rights reach every vendor, so they can't be
# claimed.
CLAIMS = frozenset[str]().union(*map(given_to, RIGHTS.keys() - {OPERATOR})) - OPERATORS_RIGHTS


def includes(rights: frozenset[str], right: str) -> bool:
    """Whether the right is among them; one that ends in a dot asks for any in that app."""
    if right.endswith("."):
        return any(each.startswith(right) for each in rights)
    return right in rights
