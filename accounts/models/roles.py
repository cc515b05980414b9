"""A vendor's roles: what their people may do in the back office, by claims."""

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.utils.translation import gettext_lazy as _

from accounts.rights import CLAIMS
from tenancy.rows import TenantRow, told_by
from tenancy.texts import Line

LONGEST_NAME = 50


class BuiltIn(models.TextChoices):
    """The roles that are there from the start: every vendor has a row of each (accounts/verbs/
    roles.py) but of the operator's, who has no vendor."""

    USER = "user", _("customer")
    ORGANIZATION_ADMIN = "organization-admin", _("customer, organisation's administrator")
    ADMIN = "admin", _("administrator")
    SUPPORT = "support", _("support")
    OPERATOR = "operator", _("operator")


# Customers' roles have no claims; every other role of a vendor is for staff.
CUSTOMER_ROLES = (BuiltIn.USER, BuiltIn.ORGANIZATION_ADMIN)
VENDOR_ROLES = (*CUSTOMER_ROLES, BuiltIn.ADMIN, BuiltIn.SUPPORT)

LABELS = dict(BuiltIn.choices)


def role_label(name: str) -> str:
    """What people read: a built-in role's own words; any other role says itself."""
    return str(LABELS.get(name, name))


ACTIONS = {
    "view": _("see"),
    "add": _("add"),
    "change": _("change"),
    "delete": _("delete"),
    "export": _("export"),
    "erase": _("erase"),
    "invite": _("invite"),
    "note": _("write notes"),
    "view_as": _("view as"),
    "take_off_factor": _("take off the second factor"),
    "send": _("send"),
    "release": _("release"),
    "stop": _("stop"),
}


def claim_in_words(claim: str) -> str:
    """What a right is called in words; empty for one about a model that is gone."""
    app, _dot, right = claim.partition(".")
    action, _line, model = right.rpartition("_")
    try:
        what = apps.get_model(app, model)._meta.verbose_name_plural
    except LookupError:
        return ""
    return f"{what}: {ACTIONS.get(action, action)}"


def validate_claims(claims: object) -> None:
    """Raises ValidationError for anything but a list of known claims, none twice."""
    if not isinstance(claims, list) or not all(isinstance(each, str) for each in claims):
        raise ValidationError(_("Claims are a list of texts."))
    unknown = sorted(set(claims) - CLAIMS)
    if unknown:
        raise ValidationError(
            _("There is no such claim: %(claims)s."), params={"claims": ", ".join(unknown)}
        )
    if len(set(claims)) < len(claims):
        raise ValidationError(_("A claim stands here twice."))


class Role(TenantRow):
    """What the people of a vendor who have it may do. They name it (`User.role`), and the database
    holds them to it; so its name is for good."""

    name = Line(_("name"), max_length=LONGEST_NAME)
    description = Line(_("description"), max_length=300, blank=True)
    claims = told_by(
        models.JSONField(
            _("claims"),
            default=list,
            blank=True,
            validators=[validate_claims],
            help_text=_('A list of rights, such as "licenses.view_license".'),
        ),
        claim_in_words,
    )
    built_in = models.BooleanField(_("built in"), default=False, editable=False)

    class Meta(TenantRow.Meta):
        verbose_name = _("role")
        verbose_name_plural = _("roles")
        ordering = ("name",)
        constraints = (
            # What people's roles point to.
            models.UniqueConstraint(
                name="role_name_unique_per_vendor",
                fields=("vendor", "name"),
                violation_error_message=_("There is a role of this name already."),
            ),
            models.CheckConstraint(
                name="no_vendor_has_operators",
                condition=~Q(name=BuiltIn.OPERATOR),
                violation_error_message=_("No role of a vendor can have this name."),
            ),
        )

    def __str__(self) -> str:
        return role_label(self.name)


def claims_of(person: str = "") -> Subquery:
    """The claims of a person's role, for `annotate` inside a scope: of the row itself, or of the
    person whom `person` leads to, which ends in `__`."""
    roles = Role.objects.filter(vendor=OuterRef(f"{person}vendor"), name=OuterRef(f"{person}role"))
    return Subquery(roles.values("claims"))
