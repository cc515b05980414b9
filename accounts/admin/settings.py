"""What a vendor's administrators decide about their portal, in the back office: one form."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _

from accounts import days
from accounts.models import PortalSettings
from accounts.settled import Fact, facts_of
from accounts.verbs.settings import change_settings
from accounts.verbs.trial_email import send_test
from accounts.ways_in import domains
from audit.words import value_text
from backoffice.base import VendorAdmin
from backoffice.owned import BEGAN, OverwritesNothingUnseen
from tenancy import zones
from tenancy.door import current_vendor
from web.limits import TooManyAttempts

# Numbers that stay as they are where none is given.
UNSAID_STAYS = ("allowed_own_releases", "second_factor_grace")


class ZoneSelect(forms.Select):
    """Each zone is named once: 600 of them were a third of the page's weight."""

    template_name = "accounts/admin/_zones.html"


# The form's parts, each with its heading.
GROUPS: tuple[tuple[Any, tuple[str, ...]], ...] = (
    (
        _("Days and e-mails"),
        (
            "time_zone",
            "email_sender",
            "email_reply_to",
            "send_expiry_reminders",
            "send_new_licenses",
        ),
    ),
    (_("Support"), ("show_support_views", "allowed_own_releases")),
    (
        _("Signing in"),
        ("sign_in_by_link", "keys_by_email", "second_factor_for", "second_factor_grace"),
    ),
    (_("Registration"), ("registration", "registration_domains")),
)


class SettingsForm(OverwritesNothingUnseen, forms.ModelForm[PortalSettings]):
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        widget=ZoneSelect,
        required=False,
        help_text=_("By its clocks days end. “Valid until 31 December” is until midnight there."),
    )

    class Meta:
        model = PortalSettings
        fields = tuple(name for _title, names in GROUPS for name in names)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone, self.saved = self.instance.zone.key, self.instance.time_zone
        for name in UNSAID_STAYS:
            self.fields[name].required = False
        field: Any = self.fields["time_zone"]
        field.choices = [(name, name) for name in dict.fromkeys((*zones.places(), self.zone))]
        self.initial["time_zone"] = self.zone

    def clean_allowed_own_releases(self) -> int:
        return self._given_or_saved("allowed_own_releases")

    def clean_second_factor_grace(self) -> int:
        return self._given_or_saved("second_factor_grace")

    def clean_second_factor_for(self) -> str:
        return self._sent_or_saved("second_factor_for")

    def clean_registration(self) -> str:
        return self._sent_or_saved("registration")

    def clean_registration_domains(self) -> str:
        return "\n".join(domains.read(self._sent_or_saved("registration_domains")))

    def clean(self) -> dict[str, Any]:
        """Whoever lets people of some domains register has to name them, and no one's else."""
        cleaned: dict[str, Any] = super().clean() or {}
        named = cleaned.get("registration_domains", "")
        if wrong := domains.wrong_in(named):
            text = _("%(name)s is no domain that somebody can have.") % {"name": wrong[0]}
            self.add_error("registration_domains", text)
        elif cleaned.get("registration") == PortalSettings.Registration.DOMAINS and not named:
            self.add_error("registration_domains", _("Name at least one domain."))
        return cleaned

    def _sent_or_saved(self, name: str) -> str:
        """What was not sent does not say nobody."""
        is_sent = name in self.data
        return str(self.cleaned_data[name] if is_sent else getattr(self.instance, name))

    def _given_or_saved(self, name: str) -> int:
        """Whoever says nothing about it changes nothing."""
        given = self.cleaned_data[name]
        return int(getattr(self.instance, name) if given is None else given)

    def clean_time_zone(self) -> str:
        """The same zone changes nothing, also where it is the installation's and was not chosen."""
        chosen = str(self.cleaned_data["time_zone"])
        return self.saved if chosen in {"", self.zone} else chosen

    @property
    def groups(self) -> list[tuple[str, list[forms.BoundField]]]:
        """What is chosen together, below its heading."""
        return [(title, [self[name] for name in names]) for title, names in GROUPS]

    @property
    def as_facts(self) -> list[Fact]:
        """What is chosen, for who may not choose."""
        return [Fact(str(field.label), (self._told(name),)) for name, field in self.fields.items()]

    def _told(self, name: str) -> str:
        chosen, value = dict(getattr(self.fields[name], "choices", ())), self.initial[name]
        return str(chosen.get(value) or value_text(value))

    @property
    def moves_days(self) -> bool:
        """Whether another time zone was chosen."""
        return bool(self.cleaned_data["time_zone"] != self.saved)


@admin.register(PortalSettings)
class PortalSettingsAdmin(VendorAdmin):
    """The form of the own vendor, and no other address."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.edit_view)
        test = self.admin_site.admin_view(self.test_view)
        return [
            path("", view, name="accounts_portalsettings_changelist"),
            path("test-email/", test, name="accounts_portalsettings_test"),
        ]

    def edit_view(self, request: Any) -> HttpResponse:
        """Shows the settings, and saves them for who may change them."""
        may_change = request.user.has_perm("accounts.change_portalsettings")
        if not (may_change or (self.has_view_permission(request) and request.method != "POST")):
            raise PermissionDenied
        settings: Any = PortalSettings.objects.get(pk=current_vendor().pk)
        given = request.POST if request.method == "POST" else None
        form = SettingsForm(given, instance=settings)
        if form.is_valid() and form.moves_days and "confirm" not in request.POST:
            return self._ask(request, form)
        if form.is_valid():
            change_settings(vendor=settings, **form.cleaned_data)
            messages.success(request, _("The settings are saved."))
            return redirect("admin:accounts_portalsettings_changelist")
        context = {
            **self.admin_site.each_context(request),
            "title": _("Settings"),
            "opts": self.opts,
            "form": form,
            "may_change": may_change,
            "facts": facts_of(settings, reader=request.user),
        }
        return render(request, "accounts/admin/settings.html", context)

    def test_view(self, request: Any) -> HttpResponse:
        """Has a test e-mail sent to whoever presses the button."""
        if not request.user.has_perm("accounts.change_portalsettings"):
            raise PermissionDenied
        if request.method != "POST":
            raise Http404
        try:
            send_test(person=request.user)
            told = _("A test e-mail is on its way to %(address)s.")
            messages.success(request, told % {"address": request.user.email})
        except TooManyAttempts as error:
            messages.error(request, error.sentence)
        return redirect("admin:accounts_portalsettings_changelist")

    def _ask(self, request: HttpRequest, form: SettingsForm) -> HttpResponse:
        """Asks before days end by other clocks."""
        context = {
            **self.admin_site.each_context(request),
            "title": _("Change the time zone to %(zone)s?") % {"zone": form.data["time_zone"]},
            "opts": self.opts,
            "given": [
                (name, form.data[name]) for name in (*form.fields, BEGAN) if name in form.data
            ],
            "new": form.data["time_zone"],
            "old": form.zone,
            "days": days.counted(),
        }
        return render(request, "accounts/admin/time_zone.html", context)
