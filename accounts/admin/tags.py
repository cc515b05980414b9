"""A vendor's tags in the back office. Rows get theirs in their forms (accounts/tagged.py) and by
the Web API; both make what they are named and don't know."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from accounts.models import Tag
from accounts.verbs.tags import change_tag, create_tag, delete_tag
from backoffice.base import VendorAdmin, Writes
from backoffice.lists import Empty


@admin.register(Tag)
class TagAdmin(VendorAdmin):
    """Words by which a vendor sorts people and licences."""

    add_text = _("Add a tag")
    takes_any_number = True
    empty = Empty("tag", _("Tags sort customers and licences for you. Customers never see them."))
    writes = {Tag: Writes(create_tag, change_tag, delete_tag)}
    list_display = ("name", "description")
    search_fields = ("name",)
    fields = ("name", "description")
