"""The form that asks staff at which company they sign in."""

from django import forms

from accounts.forms import company_id_field


class CompanyForm(forms.Form):
    """A company id."""

    company_id = company_id_field(required=True)
