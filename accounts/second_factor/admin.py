"""Taking second factor and passkeys off for somebody who lost the phone, in the back office."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.passkeys.verbs import NoPasskey, take_off_all
from accounts.second_factor.verbs import NoFactor, take_off
from backoffice.base import VendorAdmin
from tenancy.texts import validate_line

RIGHT, RIGHT_FOR_STAFF = "accounts.take_off_factor_user", "accounts.change_user"


class TakeOffForm(forms.Form):
    """Why it is taken off."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        validators=[validate_line],
        help_text=_("The person reads it in an e-mail, and it is kept in the audit trail."),
    )


def may_take_off(reader: Any, person: User) -> bool:
    """Whether the reader may take off the person's second factor and passkeys: of staff only who
    may change people, and nobody the own ones, which are in the own profile."""
    # SECURITY: tests/accounts/test_second_factor_off.py.
    if not reader.has_perm(RIGHT) or person.pk == reader.pk:
        return False
    return person.is_customer or reader.has_perm(RIGHT_FOR_STAFF)


@dataclass(frozen=True, slots=True)
class TakenOff:
    """What may be taken off: how, what the page says before, and the row's page afterwards."""

    act: Callable[..., None]
    title: str | Promise
    follows: str | Promise
    yes: str | Promise
    no: str | Promise
    done: str | Promise


SECOND_FACTOR = TakenOff(
    take_off,
    _("Take off the second factor of %(person)s?"),
    _(
        "The password alone is then enough to sign in as %(email)s; all devices are signed out, "
        "and an e-mail tells of it."
    ),
    _("Take it off"),
    _("Leave it on"),
    _("The second factor of %(person)s is off, and an e-mail says so."),
)
PASSKEYS = TakenOff(
    take_off_all,
    _("Delete all passkeys of %(person)s?"),
    _(
        "Nobody signs in as %(email)s with one of them any more; all devices are signed out, and "
        "an e-mail tells of it. Password and second factor stay as they are."
    ),
    _("Delete them"),
    _("Leave them"),
    _("The passkeys of %(person)s are deleted, and an e-mail says so."),
)


class WithSecondFactor(VendorAdmin):
    """Adds `.../<id>/second-factor/` and `.../<id>/passkeys/`, which ask for the reason."""

    def get_urls(self) -> list[URLPattern]:
        ways = {"second-factor": SECOND_FACTOR, "passkeys": PASSKEYS}
        own = [
            path(
                f"<uuid:user_id>/{name}/",
                self.admin_site.admin_view(self.take_off_view),
                {"way": way},
                name=f"accounts_user_{name.replace('-', '_')}",
            )
            for name, way in ways.items()
        ]
        return [*own, *super().get_urls()]

    def take_off_view(self, request: HttpRequest, user_id: UUID, way: TakenOff) -> HttpResponseBase:
        """Asks why, says what will follow, and takes it off."""
        if not request.user.has_perm(RIGHT):
            raise PermissionDenied
        found = self.get_object(request, str(user_id))
        if found is None:
            raise Http404
        person = cast(User, found)
        if not may_take_off(request.user, person):
            raise PermissionDenied
        form = TakeOffForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            return self._take_off(request, person, way, form.cleaned_data["reason"])
        context = {
            **self.admin_site.each_context(request),
            "title": way.title % {"person": person.full_name},
            "follows": way.follows % {"email": person.email},
            "way": way,
            "opts": self.opts,
            "original": person,
            "form": form,
        }
        return render(request, "accounts/admin/second_factor.html", context)

    def _take_off(
        self, request: HttpRequest, person: User, way: TakenOff, reason: str
    ) -> HttpResponseBase:
        try:
            way.act(person, reason=reason)
        except (NoFactor, NoPasskey) as error:
            messages.error(request, error.sentence)
        else:
            messages.success(request, way.done % {"person": person.email})
        return redirect("admin:accounts_user_story", person.pk)
