"""The form that takes a file."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from imports.tables import LARGEST
from imports.verbs.files import KINDS


class ImportForm(forms.Form):
    """A file to import; whether its rows are right is found later, by a job."""

    kind = forms.ChoiceField(label=_("What is in it"))
    file = forms.FileField(
        label=_("CSV file"),
        max_length=200,
        help_text=_("At most 10 MB and 20,000 rows. Nothing is imported before you confirm it."),
        error_messages={"empty": _("The file is empty. Its first row names the columns.")},
    )
    send_emails = forms.BooleanField(label=_("Send e-mails"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = KINDS.values()
        self.fields["kind"].choices = [(kind.name, kind.label) for kind in kinds]  # type: ignore[attr-defined]
        offers = [f"{kind.label}: {kind.offer}." for kind in kinds if kind.after_create]
        self.fields["send_emails"].help_text = " ".join(offers)

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > LARGEST:
            raise forms.ValidationError(
                _("The file is larger than 10 MB. Import it in several parts.")
            )
        return file

    def clean(self) -> None:
        """Refuses e-mails for a kind of file that sends none."""
        kind = KINDS.get(self.cleaned_data.get("kind", ""))
        if kind and self.cleaned_data.get("send_emails") and not kind.after_create:
            self.add_error("send_emails", _("No e-mails are sent for a file of this kind."))
