"""Who may do what in the back office: the one table (docs/security-model.md shows it).

A right is Django's own name of a permission, `<app>.<action>_<model>`, which the admin asks for.
Whatever is not in the table is refused.
"""

RIGHTS: dict[str, dict[str, tuple[str, ...]]] = {
    "operator": {
        "tenancy.vendor": ("view", "add", "change"),
    },
    "admin": {
        "accounts.user": ("view", "add", "change", "invite", "view_as", "export"),
        "accounts.portalsettings": ("view", "change"),
        "mail.outgoingemail": ("view", "send"),
        "imports.dataimport": ("view", "add"),
        "audit.auditentry": ("view", "export"),
        "branding.branding": ("view", "change"),
        "branding.customdomain": ("view", "add", "change", "delete"),
        "licenses.product": ("view", "add", "change"),
        "licenses.licensepolicy": ("view", "add", "change", "delete"),
        "licenses.maintenancepolicy": ("view", "add", "change", "delete"),
        "licenses.license": ("view", "add", "change", "send", "export"),
        "licenses.licensemetadata": ("view", "add", "change", "delete"),
        "licenses.licenseuser": ("view", "add", "change", "delete"),
        "licenses.activation": ("view", "release"),
        "releases.release": ("view", "add", "change", "delete"),
        "releases.releasefile": ("view", "add", "delete"),
        "releases.download": ("view",),
    },
    "support": {
        "accounts.user": ("view", "invite", "view_as"),
        "mail.outgoingemail": ("view",),
        "audit.auditentry": ("view",),
        "licenses.product": ("view",),
        "licenses.licensepolicy": ("view",),
        "licenses.maintenancepolicy": ("view",),
        "licenses.license": ("view", "send"),
        "licenses.licensemetadata": ("view",),
        "licenses.licenseuser": ("view",),
        "licenses.activation": ("view", "release"),
        "releases.release": ("view",),
        "releases.releasefile": ("view",),
        "releases.download": ("view",),
    },
}


def _spelled_out(role: str) -> frozenset[str]:
    return frozenset(
        f"{app}.{action}_{model}"
        for thing, actions in RIGHTS[role].items()
        for app, model in [thing.split(".")]
        for action in actions
    )


RIGHTS_BY_ROLE = {role: _spelled_out(role) for role in RIGHTS}


def allows(role: str, right: str) -> bool:
    """Whether the role has the right; a right that ends in a dot asks for any in that app."""
    rights = RIGHTS_BY_ROLE.get(role, frozenset())
    if right.endswith("."):
        return any(each.startswith(right) for each in rights)
    return right in rights
