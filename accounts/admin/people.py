"""A vendor's people, in the back office."""

from collections.abc import Iterable, Iterator
from copy import copy
from typing import Any, cast
from uuid import UUID, uuid4

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts import bulk
from accounts.admin.erasing import RIGHT as ERASE
from accounts.admin.erasing import WithErasing
from accounts.admin.metadata import WithMetadata
from accounts.devices.verbs import end_for
from accounts.exported import COLUMNS
from accounts.finding import people_places
from accounts.models import CUSTOMER_ROLES, BuiltIn, Role, User, UserTag
from accounts.models.roles import role_label
from accounts.passkeys.verbs import passkeys_of
from accounts.requests import kind_of
from accounts.second_factor.admin import WithSecondFactor, may_take_off
from accounts.story import story_of
from accounts.tagged import FIELD as TAGS
from accounts.tagged import RIGHT as READ_TAGS
from accounts.tagged import TagFilter, WithTags, names_of
from accounts.tokens.admin import WithTokens
from accounts.verbs.invitations import invite, invite_waiting, send_password_link
from accounts.verbs.people import (
    change_person,
    create_person,
    delete_person,
    switch_off,
    switch_on,
    write_note,
)
from accounts.verbs.tags import tag_person
from accounts.view_as.admin import WithViewAs, let_button_work, may_view_as
from backoffice.bulk import verbs as bulk_verbs
from backoffice.bulk.asking import Question, ask
from backoffice.export import WithExport
from backoffice.filters import DaysFilter
from backoffice.lists import MOST_AT_ONCE, MOST_OFFERED, Empty, KeysetList, is_long
from backoffice.owned import OverwritesNothingUnseen
from backoffice.pages import in_words
from tenancy.door import current_vendor

# The two lists of people, by the names that the navigation has for them, and both together.
KINDS = {"customers": _("Customers"), "team": _("Team")}
BOTH = _("Customers and team")


class OfPerson(KeysetList):
    """A list of people leads to their stories."""

    def url_for_result(self, result: Any) -> str:
        return reverse("admin:accounts_user_story", args=[result.pk])

    @property
    def may_have_others(self) -> bool:
        """Customers and team are two lists, and neither is a part of the other."""
        return bool(self.query or self.get_filters_params().keys() - {"kind"})


NO_CUSTOMERS = Empty(
    "people",
    _("Customers sign in to your portal and find their licences, machines and downloads there."),
    _("No customers yet"),
)
NO_COLLEAGUES = Empty(
    "person",
    _("Colleagues work here in the back office: administrators do everything, support helps."),
    _("No colleagues yet"),
)


def is_new(request: HttpRequest) -> bool:
    """Whether somebody is being added."""
    match = request.resolver_match
    return bool(match and match.url_name == "accounts_user_add")


def with_roles(field: Any) -> Any:
    """The field `role`, which offers the scope's vendor's roles: the built-in ones first, and not
    more than a select offers."""
    first = Role.objects.order_by("-built_in", "name")[:MOST_OFFERED]
    names = set(first.values_list("name", flat=True))
    built_in = [name for name in BuiltIn.values if name in names]
    return offering(field, (*built_in, *sorted(names.difference(built_in))))


def offering(field: Any, names: Iterable[str]) -> Any:
    """The field `role`, which offers these roles."""
    copied = copy(field)
    copied.choices = [(name, capfirst(role_label(name))) for name in names]
    return copied


def validate_role(name: str) -> None:
    """Raises ValidationError unless the scope's vendor has such a role."""
    if not Role.objects.filter(name=name).exists():
        raise ValidationError(_("There is no such role."), code="no_role")


class RoleFilter(admin.ChoicesFieldListFilter):
    """People by one of the vendor's roles."""

    def __init__(self, field: Any, *args: Any, **options: Any) -> None:
        super().__init__(with_roles(field), *args, **options)


class PersonTagFilter(TagFilter):
    """People by a tag."""

    through, field = UserTag, "user"


class KindFilter(admin.SimpleListFilter):
    """Customers, or the vendor's own people: the two lists that the navigation offers."""

    title = _("customers or team")
    parameter_name = "kind"
    is_asked = False  # it is which list this is

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(KINDS.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        if self.value() == "customers":
            return queryset.filter(role__in=CUSTOMER_ROLES)
        if self.value() == "team":
            return queryset.exclude(role__in=CUSTOMER_ROLES)
        return queryset

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """Both together under the name that their list has."""
        both, *others = super().choices(changelist)
        yield {**both, "display": BOTH}
        yield from others


class NoteForm(OverwritesNothingUnseen, ModelForm[User]):
    """The note on a person, which several write on."""

    class Meta:
        model = User
        fields = ("internal_notes",)


def stands_in(person: User) -> dict[str, Any]:
    """Which of the two lists the person's pages belong to, for their frame."""
    kind = "customers" if person.is_customer else "team"
    url = reverse("admin:accounts_user_changelist", query={"kind": kind})
    return {"place": kind, "list_url": url, "list_title": KINDS[kind]}


SWITCH_OFF = Question(
    kind=bulk.SWITCHED_OFF,
    name=bulk.SWITCH_OFF,
    label=_("Switch these people off"),
    consequence=_(
        "They are signed out at once and can't sign in any more; licences and machines stay as "
        "they are. Each can be switched on again by Change on the person's page."
    ),
)


# What nobody has who is being added, and what customers alone have.
NOT_YET = {"has_registered", "last_login", "last_seen_at"}
OF_CUSTOMERS = {"allow_customer_portal_access", "reminders"}


@admin.register(User)
class UsersAdmin(
    WithViewAs, WithSecondFactor, WithTokens, WithExport, WithErasing, WithMetadata, WithTags
):
    """The vendor's customers and staff. A new one is invited to set a password."""

    tag = staticmethod(tag_person)
    verbs = {
        "invite": (invite, _("An invitation is on its way to %(row)s.")),
        "password-link": (
            send_password_link,
            _("A link for a new password is on its way to %(row)s."),
        ),
        "sign-out": (end_for, _("The account of %(row)s is signed out everywhere.")),
        "switch-off": (switch_off, _("The account of %(row)s is switched off.")),
        "switch-on": (switch_on, _("The account of %(row)s is switched on again.")),
    }
    rights = {"invite": "invite", "password-link": "invite", "sign-out": "take_off_factor"}
    called = (_("person"), _("people"))
    export_right = "accounts.export_user"
    export_name = "customers"
    export_columns = COLUMNS
    list_display = ("email", "full_name", "company", "role_shown", "is_active", "last_login")
    list_filter = (KindFilter, ("role", RoleFilter), "is_active", "allow_customer_portal_access",
                   "has_registered", PersonTagFilter, ("last_seen_at", DaysFilter),
                   ("created_at", DaysFilter))  # fmt: skip
    search_fields = ("email",)  # for the box to be there
    search_help_text = _("Beginnings of words: e-mail, name, company.")
    places = staticmethod(people_places)
    fields = (
        "email",
        "first_name",
        "last_name",
        "company",
        "role",
        "is_active",
        "allow_customer_portal_access",
        "reminders",
        "tag_names",
        "metadata",
        "internal_notes",
        "has_registered",
        "last_login",
        "last_seen_at",
    )
    readonly_fields = ("role_shown", "has_registered", "last_login", "last_seen_at")
    actions = ("send_invitation", "switch_off")
    takes_any_number = True

    @admin.display(description=_("role"))
    def role_shown(self, user: User) -> str:
        return str(capfirst(user.role_label))

    def get_urls(self) -> list[URLPattern]:
        views = {"story": self.story_view, "note": self.note_view}
        own = [
            path(
                f"<uuid:row_id>/{name}/",
                self.admin_site.admin_view(view),
                name=f"accounts_user_{name}",
            )
            for name, view in views.items()
        ]
        return [*own, *super().get_urls()]

    def get_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Who may only look reads the role's label. Whoever is new was never here, and a colleague
        is no customer."""
        names = super().get_fields(request, obj)
        if obj is None:
            left_out = NOT_YET | (OF_CUSTOMERS if kind_of(request) == "team" else set())
            return [name for name in names if name not in left_out]
        if self.has_change_permission(request, obj):
            return names
        return ["role_shown" if name == "role" else name for name in names]

    def list_title_for(self, request: HttpRequest) -> Any:
        """Customers, the team, or all of them."""
        return KINDS.get(kind_of(request), BOTH)

    def add_text_for(self, request: HttpRequest) -> Any:
        texts = {"customers": _("Add a customer"), "team": _("Add a colleague")}
        return texts.get(kind_of(request), _("Add somebody"))

    def empty_for(self, request: HttpRequest) -> Empty:
        return NO_COLLEAGUES if kind_of(request) == "team" else NO_CUSTOMERS

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Of both lists together the navigation marks none."""
        is_one = request.GET.get("kind") in KINDS
        shown = {} if is_one else {"place": ""}
        return super().changelist_view(request, shown | (extra_context or {}))

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Who is added to the team begins as support."""
        role = {"role": BuiltIn.SUPPORT} if kind_of(request) == "team" else {}
        return role | super().get_changeform_initial_data(request)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        person = context["original"]
        context |= stands_in(person) if person else {}
        return super().render_change_form(request, context, *args, **kwargs)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        usual = super().get_changelist(request, **kwargs)
        return OfPerson if usual is KeysetList else usual

    def export_rows(self, rows: QuerySet[User]) -> QuerySet[User]:
        """Customers alone: an import elsewhere would take staff for customers."""
        return rows.filter(role__in=CUSTOMER_ROLES)

    def verb_view(self, request: HttpRequest, row_id: UUID, verb: str) -> HttpResponseBase:
        """Signing out is for whom the second factor may be taken off (second_factor/admin.py)."""
        if verb == "sign-out":
            person = self.own_row(request, row_id, self.right(self.rights[verb]))
            if not may_take_off(request.user, person):
                raise PermissionDenied
        return super().verb_view(request, row_id, verb)

    def page_of(self, request: HttpRequest, row: User) -> str:
        return reverse("admin:accounts_user_story", args=[row.pk])

    def back_to(self, row: User) -> HttpResponseBase:
        return redirect("admin:accounts_user_story", row.pk)

    def story_view(self, request: HttpRequest, row_id: UUID) -> HttpResponseBase:
        """Everything about one person on one page."""
        user = self.own_row(request, row_id, "accounts.view_user")
        may_write = self.has_invite_permission(request)
        context = {
            **self.admin_site.each_context(request),
            "title": user.full_name,
            "opts": self.opts,
            "original": user,
            "tags": names_of(user) if request.user.has_perm(READ_TAGS) else [],
            "chapters": story_of(user, reader=cast(User, request.user)),
            **stands_in(user),
            "may_note": request.user.has_perm("accounts.note_user"),
            "may_change": self.has_change_permission(request, user),
            "is_own": user.pk == request.user.pk,
            "may_erase": request.user.has_perm(ERASE) and user.pk != request.user.pk,
            "may_view_as": may_view_as(request, user),
            "may_sign_out": user.last_seen_at and may_take_off(request.user, user),
            "may_take_off": user.second_factor_since and may_take_off(request.user, user),
            "may_delete_passkeys": may_take_off(request.user, user) and passkeys_of(user).exists(),
            "may_invite": may_write and not user.has_usable_password(),
            "may_send_link": may_write and user.is_active and user.has_usable_password(),
        }
        return let_button_work(render(request, "accounts/admin/story.html", context))

    def note_view(self, request: HttpRequest, row_id: UUID) -> HttpResponseBase:
        """What staff alone read about the person, to be written by support, too."""
        user = self.own_row(request, row_id, "accounts.note_user")
        form = NoteForm(request.POST if request.method == "POST" else None, instance=user)
        if form.is_valid():
            if form.has_changed():
                write_note(user, form.cleaned_data["internal_notes"])
            messages.success(request, _("The note is saved."))
            return self.back_to(user)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Note on %(person)s") % {"person": user.full_name},
            "opts": self.opts,
            "original": user,
            **stands_in(user),
            "form": form,
        }
        return render(request, "accounts/admin/note.html", context)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """A role is chosen, for a new customer one of theirs; where there are more than a select
        offers, its name is typed."""
        if db_field.name == "email" and is_new(request):
            kwargs["help_text"] = _("An invitation to set a password is sent there.")
        if db_field.name != "role":
            return super().formfield_for_dbfield(db_field, request, **kwargs)
        if is_new(request) and kind_of(request) == "customers":
            of_customers = offering(db_field, CUSTOMER_ROLES)
            return super().formfield_for_dbfield(of_customers, request, **kwargs)
        if not is_long(Role.objects.all()):
            return super().formfield_for_dbfield(with_roles(db_field), request, **kwargs)
        field: Any = super().formfield_for_dbfield(db_field, request, **kwargs)
        field.validators.append(validate_role)
        return field

    def create(self, request: HttpRequest, obj: User) -> None:
        create_person(person=obj)

    def save_model(
        self, request: HttpRequest, obj: User, form: ModelForm[User], change: bool
    ) -> None:
        if change:
            fields = [name for name in form.changed_data if name != TAGS]
            change_person(person=obj, fields=fields)
        else:
            self.create(request, obj)
        self.save_tags(obj, form)

    def response_add(self, request: HttpRequest, obj: User, *args: Any, **kwargs: Any) -> Any:
        """As Django's, and that somebody was written to."""
        response = super().response_add(request, obj, *args, **kwargs)
        messages.success(request, self.verbs["invite"][1] % {"row": obj.email})
        return response

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        delete_person(person=obj)

    @admin.action(description=_("Send the invitation again"), permissions=["invite"])
    def send_invitation(
        self, request: HttpRequest, queryset: QuerySet[User]
    ) -> HttpResponseBase | None:
        """Of those who have no password. Of more than MOST_AT_ONCE a job does so."""
        if queryset.order_by()[MOST_AT_ONCE : MOST_AT_ONCE + 1].exists():
            return self._have_invited(request, queryset)
        sent = invite_waiting(list(queryset))
        text = ngettext(
            "%(n)d invitation is on its way.", "%(n)d invitations are on their way.", sent
        )
        messages.success(request, text % {"n": sent})
        return None

    def _have_invited(
        self, request: HttpRequest, people: QuerySet[User]
    ) -> HttpResponseBase | None:
        change = bulk_verbs.confirm(
            id=uuid4(),
            vendor=current_vendor(),
            kind=bulk.NAME,
            name=bulk.INVITE,
            label=str(self.get_action("send_invitation")[2]),  # type: ignore[index]
            values={},
            rows=bulk.waiting(people),
        )
        if request.user.has_perm("backoffice.view_bulkchange"):
            return redirect("admin:backoffice_bulkchange_change", change.pk)
        text = _("A job sends %(n)s invitations, one after the other.")
        messages.success(request, text % {"n": in_words(change.rows)})
        return None

    @admin.action(description=_("Switch off"), permissions=["change"])
    def switch_off(self, request: HttpRequest, queryset: QuerySet[User]) -> HttpResponseBase:
        """Asks; then a job ends the access of each."""
        return ask(self, request, queryset, "switch_off", SWITCH_OFF)

    def has_invite_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.invite_user")
