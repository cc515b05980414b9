"""How forms are rendered everywhere: templates/portal/_field.html for a field and its errors."""

from django.forms.renderers import TemplatesSetting


class PortalFormRenderer(TemplatesSetting):
    form_template_name = "portal/_form.html"
    field_template_name = "portal/_field.html"
