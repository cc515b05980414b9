"""Licences in the back office: the list, one licence, a new one, and changes to many at once."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.db.models import QuerySet
from django.forms import model_to_dict
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.models import CUSTOMER_ROLES, User
from accounts.tagged import FIELD, RIGHT, WithTags, in_line, names_of
from accounts.verbs.customers import NotACustomer
from accounts.view_as.admin import let_button_work
from backoffice.base import COPY, WithButtons, WithDuplicate, Writes
from backoffice.bulk.asking import OTHER_ROWS
from backoffice.export import WithExport
from backoffice.filters import DaysFilter, PersonFilter, RelatedFilter
from backoffice.lists import Empty, is_across, is_list_of
from backoffice.readable import breakable
from licenses import words
from licenses.admin.all_found import WithChangesToAll
from licenses.admin.filters import ExpiryFilter, LicenseTagFilter, StatusFilter
from licenses.admin.forms import LicenseForm, NewLicenseForm
from licenses.admin.inlines import OwnedInline
from licenses.admin.lengths import LENGTHS
from licenses.admin.license_page import page_of, state_shown
from licenses.admin.many import CHANGES
from licenses.admin.products import WHERE_ACTIVATED
from licenses.errors import (
    AdditionalUserIsStaff,
    DayIsOver,
    LicensingError,
    MaintenanceDayIsOver,
    MaintenanceHasNoPolicy,
)
from licenses.exported import COLUMNS, with_details
from licenses.models import License, LicenseMetadata, LicenseUser, Product
from licenses.search import places_for_staff
from licenses.verbs import details, licenses, many
from licenses.verbs.defaults import Choice
from licenses.verbs.issuing import issue
from licenses.verbs.mailing import send_license

# Refusals that are told afterwards, and how much of a key: messages travel in a cookie.
MOST_TOLD, LONGEST_KEY_TOLD = 10, 60
TWO_LINES = 42  # characters of a key
WITHIN_SIGHT = 5  # lines of a preview below which its button is seen
TYPING = "change"  # of the query: a licence's page is the form to change it


class MetadataInline(OwnedInline):
    model = LicenseMetadata
    fields = ("key", "value", "visible")


class LicenseUserInline(OwnedInline):
    model = LicenseUser
    fields = ("user",)
    autocomplete_fields = ("user",)


def _send(license: License) -> None:
    send_license(license)


@admin.register(License)
class LicenseAdmin(WithChangesToAll, WithExport, WithButtons, WithDuplicate, WithTags):
    """A licence is created from a policy's terms; its state changes through the verbs."""

    add_text = _("New licence")
    empty = Empty("key", _("A licence lets the machines of a customer run a product."))
    writes = {
        License: Writes(change=licenses.change_license),
        LicenseMetadata: Writes(
            details.add_metadata, details.change_metadata, details.remove_metadata
        ),
        LicenseUser: Writes(details.share, details.share_with_another, details.unshare),
    }
    tag = staticmethod(details.tag_license)
    export_right = "licenses.export_license"
    export_name = "licenses"
    export_columns = COLUMNS
    export_rows = staticmethod(with_details)
    verbs = {"send": (_send, _("The licence %(row)s is on its way to its customer by e-mail."))}
    rights = {"send": "send"}
    list_display = ("key_shown", "product_shown", "user_shown", "status", "seats", "expires")
    list_filter = (
        StatusFilter,
        ("expires_at", ExpiryFilter),
        ("product", RelatedFilter),
        ("user", PersonFilter),
        ("policy", RelatedFilter),
        LicenseTagFilter,
        ("created_at", DaysFilter),
        "type",
    )
    lookups = (
        "expiring",
        "suspended",
        "revoked",
        "product_version",
    )  # the status names the latter, too
    list_select_related = ("product", "user")
    search_fields = ("key",)  # for the box to be there
    search_help_text = _(
        "Beginnings of words: key (also its groups and its end), product, customer, additional "
        "users, notes, order number, metadata, host name, fingerprint."
    )
    places = staticmethod(places_for_staff)
    autocomplete_fields = ("user",)
    formfield_overrides = LENGTHS | {models.URLField: {"assume_scheme": "https"}}
    form = LicenseForm
    inlines = (MetadataInline, LicenseUserInline)
    change_form_template = "licenses/admin/license.html"
    # What can be typed; all else stands above the form (license_page.py).
    fieldsets = (
        (None, {"fields": ("user",)}),
        (
            _("What the customer reads"),
            {"fields": ("name", "order_number", "renewal_url", "notes")},
        ),
        (_("For your staff alone"), {"fields": ("tag_names", "internal_notes")}),
        (
            _("Terms"),
            {
                "fields": (
                    "product_version",
                    "allowed_activations",
                    "allowed_deactivations",
                    "maintenance_policy",
                    "maintenance_ends",
                    "max_allowed_release_version",
                )
            },
        ),
        WHERE_ACTIVATED,
        (
            _("For the program"),
            {
                "classes": ("collapse",),
                "fields": (
                    "fingerprint_matching_strategy",
                    "server_sync_interval",
                    "server_sync_grace_period",
                    "allowed_clock_offset",
                    "lease_duration",
                    "allow_client_lease_duration",
                    "leasing_strategy",
                    "allowed_floating_clients",
                    "expiring_soon_event_offset",
                ),
            },
        ),
    )

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "user":
            kwargs["queryset"] = User.objects.filter(role__in=CUSTOMER_ROLES)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.many_view)
        return [path("many/<str:name>/", view, name="licenses_license_many"), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[License]:
        """Of one licence also its policies, which its page names."""
        rows = super().get_queryset(request)
        if is_list_of(self.opts, request):
            return rows
        return rows.select_related(
            "product", "product_version", "user", "policy", "maintenance_policy"
        )

    def save_model(
        self, request: HttpRequest, obj: Any, form: forms.ModelForm[Any], change: bool
    ) -> None:
        super().save_model(request, obj, form, change)
        if "maintenance_ends" in form.changed_data:
            licenses.set_maintenance_end(obj, day=form.cleaned_data["maintenance_ends"])

    @admin.display(description=_("maintenance ends"))
    def maintenance_ends(self, obj: License) -> str:
        """For who may only look: the form's field is a day."""
        return words.maintenance_text(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Programs delete licences (the Web API); people suspend and revoke them."""
        return False

    def title_of(self, row: License) -> str:
        return _("Licence %(key)s") % {"key": row}

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        """Rows to type into, for who may, where the form is; all read them on the page."""
        types = request.method == "POST" or TYPING in request.GET
        return self.inlines if types and self.has_change_permission(request, obj) else ()

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """The licence in words, or the form alone for who wants to change it, below its state;
        beside errors as it is, not as it was typed."""
        license = context.get("original")
        if license is None:
            return super().render_change_form(request, context, *args, **kwargs)
        asked = TYPING in request.GET and self.has_change_permission(request, license)
        if asked or context["errors"]:
            license = self.get_queryset(request).get(pk=license.pk)
            shown = state_shown(license) | {"typing": True}
            kwargs["form_url"] = request.get_full_path()
            return super().render_change_form(request, context | shown, *args, **kwargs)
        shown = page_of(request, license)
        shown["duplicate"] = self.duplicate_url(request, str(license.pk))
        response = super().render_change_form(request, context | shown, *args, **kwargs)
        return let_button_work(response) if shown["may_view_as"] else response

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        """As Django's; who stays, stays at the form."""
        response = super().response_change(request, obj)
        if "_continue" not in request.POST or not isinstance(response, HttpResponseRedirect):
            return response
        path, _mark, query = response.url.partition("?")
        asked = QueryDict(query, mutable=True)
        asked[TYPING] = "yes"
        return redirect(f"{path}?{asked.urlencode()}")

    # --- A new licence --------------------------------------------------------------------------

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> Any:
        """The short form for the vendor's most frequent errand."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        if not Product.objects.exists():
            messages.warning(request, _("A licence is of a product: add the product first."))
            return redirect("admin:licenses_product_add")
        posted = request.POST if request.method == "POST" else None
        given = {name: request.GET[name] for name in ("email",) if name in request.GET}
        initial = self.get_changeform_initial_data(request) if COPY in request.GET else given
        form = NewLicenseForm(posted, initial=initial, may_tag=request.user.has_perm(RIGHT))
        license = self._issue(form) if form.is_valid() else None
        if license is not None:
            self._say_issued(request, license, form)
            return redirect("admin:licenses_license_change", license.pk)
        context = {
            **self.admin_site.each_context(request),
            "title": _("New licence"),
            "opts": self.opts,
            "form": form,
            "copied": COPY in request.GET,
        }
        return render(request, "licenses/admin/new_license.html", context)

    def duplicate_of(self, row: License) -> dict[str, Any]:
        """All but the key, the end, which counts anew, and the name, which is its owner's."""
        kept = (
            "product", "product_version", "allowed_activations", "max_allowed_release_version",
            "order_number", "notes", "internal_notes",
        )  # fmt: skip
        shared = row.license_users.select_related("user")
        return model_to_dict(row, fields=kept) | {
            "email": row.user.email if row.user else "",
            "policy": row.policy_id or Choice.NONE.value,
            "maintenance_policy": row.maintenance_policy_id or Choice.NONE.value,
            "validity": row.subscription_interval,
            "additional_users": "\n".join(each.user.email for each in shared),
            "metadata": list(row.metadata.values("key", "value", "visible")),
            FIELD: in_line(names_of(row)),
        }

    def _issue(self, form: NewLicenseForm) -> License | None:
        """The new licence; None when it was refused, which the form then says."""
        asked = form.cleaned_data
        terms = (
            "product", "policy", "maintenance_policy", "email", "key", "allowed_activations",
            "max_allowed_release_version", "additional_users", "metadata", "order_number", "notes",
            "internal_notes", "send",
        )  # fmt: skip
        try:
            return issue(
                names=form.names,
                interval=form.interval,
                last_day=asked["expires_on"],
                maintenance_last_day=asked["maintenance_ends"],
                product_version=asked.get("product_version"),
                tags=asked.get(FIELD, ()),
                **{name: asked[name] for name in terms},
            )
        except NotACustomer as error:
            form.add_error("email", error.sentence)
        except DayIsOver as error:
            form.add_error("expires_on", error.sentence)
        except (MaintenanceDayIsOver, MaintenanceHasNoPolicy) as error:
            form.add_error("maintenance_ends", error.sentence)
        except AdditionalUserIsStaff as error:
            form.add_error("additional_users", error.sentence)
        except LicensingError as error:
            form.add_error(None, error.sentence)
        except ValidationError as error:
            _add_errors(form, error)
        return None

    def _say_issued(self, request: HttpRequest, license: License, form: NewLicenseForm) -> None:
        texts = {
            True: _("%(key)s is created and on its way to %(email)s."),
            False: _("%(key)s is created for %(email)s."),
        }
        named = {"key": license.key, "email": form.cleaned_data["email"]}
        messages.success(request, texts[form.cleaned_data["send"]] % named)
        shared = license.license_users.select_related("user")
        waiting = [each.user.email for each in shared if not each.user.has_usable_password()]
        if waiting:
            text = _(
                "No e-mail went to additional users, and these have no password yet: %(emails)s. "
                "Their pages send them an invitation."
            )
            told = [*waiting[:MOST_TOLD], *("…" for _more in waiting[MOST_TOLD : MOST_TOLD + 1])]
            messages.info(request, text % {"emails": ", ".join(told)})

    # --- Changing many --------------------------------------------------------------------------

    def get_actions(self, request: HttpRequest) -> Any:
        """Django's, and every change of `many.CHANGES` for whoever may change licences."""
        actions: dict[str, Any] = super().get_actions(request)
        if self.has_change_permission(request):
            actions |= {
                name: (_choose(name), name, change.label) for name, change in CHANGES.items()
            }
        return actions

    def choose(
        self, request: HttpRequest, queryset: QuerySet[License], name: str
    ) -> HttpResponseBase | None:
        """Shows what a change would do to the chosen licences; of all that a long list has, to the
        first of them."""
        if is_across(request) and queryset.order_by()[many.MOST : many.MOST + 1].exists():
            return self.look_at_all(request, name, CHANGES[name].first_form(), queryset)
        chosen = list(queryset.order_by("pk").distinct()[: many.MOST + 1])
        if len(chosen) > many.MOST:
            text = _("That are too many at a time: choose at most %(most)d licences.")
            messages.error(request, text % {"most": many.MOST})
            return None
        return self._look(request, name, chosen, CHANGES[name].first_form())

    def many_view(self, request: HttpRequest, name: str) -> HttpResponseBase:
        """Looks again with what was typed, or makes the change, to the licences that were seen.

        Who had to sign in again on the way arrives by GET, without them, and begins anew.
        """
        change = CHANGES.get(name)
        if change is None or not self.has_change_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return redirect("admin:licenses_license_changelist")
        if "all" in request.POST:
            return self.all_view(request, name)
        seen = many.unseal(request.POST.get("seen", ""))
        chosen = list(self.get_queryset(request).filter(pk__in=seen).order_by("pk"))
        if not chosen:
            messages.error(request, _("This preview is too old. Choose the licences again."))
            return redirect("admin:licenses_license_changelist")
        form = change.form(request.POST)
        if not form.is_valid() or "confirm" not in request.POST:
            return self._look(request, name, chosen, form)
        if len(chosen) < len(seen):
            messages.warning(request, OTHER_ROWS)
            return self._look(request, name, chosen, form)
        self._apply(request, chosen, change.act(form), seen)
        if len(chosen) == 1:
            return redirect("admin:licenses_license_change", chosen[0].pk)
        return redirect(list_url(request))

    def _look(
        self, request: HttpRequest, name: str, chosen: list[License], form: forms.Form
    ) -> HttpResponseBase:
        """The preview; before a number is typed only the question for it."""
        change = CHANGES[name]
        known = not change.form.base_fields or (form.is_bound and form.is_valid())
        lines = many.preview(chosen, change.act(form)) if known else []
        doing = [line for line in lines if not line.refusal]
        context = {
            **self.admin_site.each_context(request),
            "title": change.label,
            "opts": self.opts,
            "name": name,
            "change": change,
            "form": form,
            "number": len(chosen),
            "lines": lines,
            "doing": len(doing),
            "refused": len(lines) - len(doing),
            "seen": many.seal(chosen),
            "known": known,
            "list_query": request.GET.urlencode(),
            "is_long": len(doing) > WITHIN_SIGHT,
            "back": list_url(request),
        }
        if len(chosen) == 1 and not request.GET:  # as its own page leads here
            context |= {"original": chosen[0], "back": self.page_of(request, chosen[0])}
        return render(request, "licenses/admin/many.html", context)

    def _apply(
        self, request: HttpRequest, chosen: list[License], act: many.Act, seen: dict[str, str]
    ) -> None:
        outcome = many.apply(chosen, act, seen=seen)
        for key, reason in outcome.refused[:MOST_TOLD]:
            messages.error(request, f"{shorten(key)}: {reason}")
        more = len(outcome.refused[MOST_TOLD:])
        if more:
            text = ngettext("%(n)d more is refused.", "%(n)d more are refused.", more)
            messages.error(request, text % {"n": more})
        if outcome.done:
            text = ngettext(
                "%(n)d licence is changed.", "%(n)d licences are changed.", outcome.done
            )
            messages.success(request, text % {"n": outcome.done})

    # --- Columns --------------------------------------------------------------------------------

    @admin.display(description=_("key"), ordering="key")
    def key_shown(self, obj: License) -> str:
        """In two lines; as much of it as there is room for."""
        title = format_html(' title="{}"', obj.key) if len(obj.key) > TWO_LINES else ""
        return format_html("<code{}>{}</code>", title, obj.key)

    @admin.display(description=_("product"))
    def product_shown(self, obj: License) -> str:
        """And what tells it apart from others, as its customer's list has it."""
        apart = obj.name or obj.order_number
        told = format_html('<div class="quiet">{}</div>', apart) if apart else ""
        return format_html("{}{}", obj.product, told)

    @admin.display(description=_("customer"))
    def user_shown(self, obj: License) -> str:
        return breakable(obj.user.email) if obj.user else ""

    @admin.display(description=_("status"))
    def status(self, obj: License) -> str:
        told = words.status_text(obj.standing)
        return format_html('<span class="badge {}">{}</span>', told.code, told.name)

    @admin.display(description=_("expires"), ordering="expires_at")
    def expires(self, obj: License) -> str:
        return words.expiry_text(obj)

    @admin.display(description=_("seats"))
    def seats(self, obj: License) -> str:
        return words.seats_used(obj)


def list_url(request: HttpRequest) -> str:
    """The list, narrowed as the request's address says."""
    return reverse("admin:licenses_license_changelist", query=request.GET)


def _choose(name: str) -> Callable[..., HttpResponseBase | None]:
    """Django's form of an action."""
    return lambda model_admin, request, queryset: model_admin.choose(request, queryset, name)


def _add_errors(form: forms.Form, error: ValidationError) -> None:
    """What the model refused, beside the field of the form where there is one."""
    for name, errors in error.error_dict.items():
        form.add_error(name if name in form.fields else None, errors)


def shorten(key: str) -> str:
    """So much of a key that it can be told apart."""
    return key if len(key) <= LONGEST_KEY_TOLD else f"{key[:LONGEST_KEY_TOLD]}…"
