"""Every list of the back office: its order, its pages, how many rows it says there are, and what
its filters and its forms offer to choose from."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import ShowFacets
from django.contrib.admin.templatetags.admin_list import items_for_result, result_headers
from django.contrib.admin.templatetags.admin_urls import add_preserved_filters
from django.contrib.admin.utils import quote
from django.contrib.admin.views.main import ORDER_VAR, PAGE_VAR, SEARCH_VAR, ChangeList
from django.contrib.admin.widgets import (
    AdminTextareaWidget,
    AdminURLFieldWidget,
    AutocompleteSelect,
    RelatedFieldWidgetWrapper,
)
from django.db.models import ForeignKey, QuerySet
from django.forms import Media
from django.http import HttpRequest, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.functional import Promise, cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.choosing import search_in
from backoffice.pages import (
    LAST,
    MOST_COUNTED,
    BoundedPaginator,
    Column,
    KeyPage,
    Order,
    Walk,
    columns_of,
    counted,
)
from backoffice.saved.verbs import asked_in, views_of
from tenancy.door import current_vendor, is_inside
from tenancy.finding import MOST_LOOKED_AT, Places, among_few, find
from web.requests import PAGE_SIZE, query_before

# So many rows an action takes when it is for all that a list has, and not for chosen ones.
MOST_AT_ONCE = 500
# So many rows a select or a filter offers; the rest is searched.
MOST_OFFERED = 100
CELL = re.compile(r'<(?P<tag>td|th) class="(?P<names>[^"]*)">')
# The columns whose cells have a style in lists.css (tests/web/test_templates.py).
STYLED = {
    "field-at", "field-beginning", "field-created_at", "field-email", "field-file",
    "field-file_name", "field-fingerprint", "field-ip", "field-key", "field-license",
    "field-recipient_shown", "field-subject", "field-url", "field-user",
}  # fmt: skip
NARROWED = "kept"  # the form of the filters' choices
MANY_CHOICES = 20
ROWS = 4  # of a field for texts, which grows with them


@dataclass(frozen=True, slots=True)
class Link:
    """A link to another page: what it says, what that page is to this one, and where it leads."""

    text: str
    relation: str
    url: str


@dataclass(frozen=True, slots=True)
class Chip:
    """Something that a list is narrowed by, in words, and the list without it."""

    text: str
    url: str


class KeysetList(ChangeList):
    """A list in pages that nobody has to count (backoffice/pages.py), sorted by one column that
    has an index for it."""

    order: Order
    page: KeyPage
    # Whether the index by which the list is sorted has what it is narrowed by.
    counts_in_order = False

    @cached_property
    def columns(self) -> dict[str, Column]:
        return columns_of(self.model)

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Any]:
        self.order = self._asked_for() or self._by_days() or self._usual(request)
        return list(self.order.terms)

    def _asked_for(self) -> Order | None:
        """By the head of a column that was clicked on; of several the first."""
        way, minus, index = self.params.get(ORDER_VAR, "").partition(".")[0].rpartition("-")
        if way or not index.isdecimal() or int(index) >= len(self.list_display):
            return None
        column = self.columns.get(ordering_of(self.model_admin, self.list_display[int(index)]))
        return column.ordered(descending=minus == "-") if column else None

    def _by_days(self) -> Order | None:
        """The order of what a filter narrows the list by, if an index answers it."""
        for spec in self.filter_specs:
            name = getattr(spec, "sorted_by", "")
            if name and (column := self.columns.get(name.removeprefix("-"))):
                self.counts_in_order = True
                return column.ordered(descending=name.startswith("-"))
        return None

    def _usual(self, request: HttpRequest) -> Order:
        """The model's order; raises KeyError for one that no index answers."""
        usual: Any = self.model_admin.get_ordering(request) or self.lookup_opts.ordering
        first = str(usual[0])
        return self.columns[first.removeprefix("-")].ordered(descending=first.startswith("-"))

    def url_for_result(self, result: Any) -> str:
        """A row's page, as it is called below its list."""
        return f"{quote(result.pk)}/change/"

    def get_ordering_field_columns(self) -> dict[int, Any]:
        """Which head says how the list is sorted."""
        names = [ordering_of(self.model_admin, name) for name in self.list_display]
        if self.order.column.name not in names:
            return {}
        return {names.index(self.order.column.name): "desc" if self.order.descending else "asc"}

    def get_query_string(self, new_params: Any = None, remove: Any = None) -> str:
        """As Django's; a link to sort by one column takes its place and not one beside it."""
        changed = dict(new_params or {})
        if ORDER_VAR in changed:
            changed[ORDER_VAR] = changed[ORDER_VAR].partition(".")[0]
        return super().get_query_string(changed, remove)

    def get_results(self, request: HttpRequest) -> None:
        owner = str(current_vendor().pk) if is_inside() else ""
        walk = Walk.through(self.queryset, self.order, owner=owner, size=self.list_per_page)
        self.page = walk.page(request.GET.get(PAGE_VAR, ""))
        self.result_list = self.page.rows
        self.result_count = len(self.page.rows) if self.page.is_all else self._counted()
        # Rows' links don't repeat it: `ListAdmin.get_preserved_filters` knows it from the browser.
        self.preserved_filters = ""
        # What Django's templates and its view ask for beside.
        self.show_full_result_count, self.full_result_count = False, None
        self.show_admin_actions = bool(self.page.rows)
        self.can_show_all = self.multi_page = False

    def _counted(self) -> int:
        """What is narrowed is counted by whatever index answers that, and not in order, unless that
        is the order."""
        in_order = self.counts_in_order or not self.is_narrowed
        return counted(self.queryset if in_order else self.queryset.order_by())

    @property
    def names(self) -> str | Promise:
        """What its rows are called."""
        return self.model_admin.row_names  # type: ignore[attr-defined,no-any-return]

    @property
    def hits(self) -> str:
        """How many rows there are, in words; beyond MOST_COUNTED nobody counts."""
        if self.result_count > MOST_COUNTED:
            most = number_format(MOST_COUNTED, force_grouping=True)
            names = self.names
            return _("more than %(most)s %(names)s") % {"most": most, "names": names}
        one = self.result_count == 1
        names = self.model_admin.row_name if one else self.names  # type: ignore[attr-defined]
        count = number_format(self.result_count, force_grouping=True)
        return _("%(count)s %(names)s") % {"count": count, "names": names}

    @property
    def cleared(self) -> str:
        """The list without its filters, but for what says which list it is; empty where there is
        nothing to take off."""
        which = {
            name
            for spec in self.filter_specs
            if not getattr(spec, "is_asked", True)
            for name in spec.expected_parameters()
        }
        asked = [name for name in self.get_filters_params() if name not in which]
        return self.get_query_string(remove=asked) if asked else ""

    @property
    def is_narrowed(self) -> bool:
        return bool(self.query or self.get_filters_params())

    @property
    def may_be_narrowed(self) -> bool:
        """Whether there is something to search or to filter, and by what."""
        has_some = bool(self.page.rows) or self.may_have_others
        return has_some and bool(self.search_fields or self.has_filters)

    @property
    def asked(self) -> list[tuple[str, str]]:
        """What the list is narrowed and sorted by."""
        return parse_qsl(self.get_query_string().removeprefix("?"))

    @property
    def filters(self) -> list[SafeString]:
        """What the list can be narrowed by. What it is narrowed by already stands in one form, in
        which the choices of most filters are, and not in a link for each. Where choices are many, a
        form of their own is shorter than to name that one with each."""
        found = []
        for spec in self.filter_specs:
            names = spec.expected_parameters()
            kept = parse_qsl(self.get_query_string(remove=names).removeprefix("?"))
            choices = [choice_of(each, names) for each in spec.choices(self)]
            in_common = kept == self.asked and len(choices) < MANY_CHOICES
            shown = {
                "title": spec.title,
                "spec": spec,
                "kept": kept,
                "form": NARROWED if in_common else "",
                "choices": choices,
            }
            found.append(render_to_string(spec.template, shown))
        return found

    @cached_property
    def chips(self) -> list[Chip]:
        """What the list is narrowed by, each with the list without it."""
        found = []
        if self.query:
            text = _("Search: %(text)s") % {"text": self.query}
            found.append(Chip(text, self.get_query_string(remove=[SEARCH_VAR])))
        others = set(self.get_filters_params())
        for spec in self.filter_specs:
            asked = [name for name in spec.expected_parameters() if name in self.filter_params]
            others.difference_update(asked)
            if asked and getattr(spec, "is_asked", True):
                text = f"{capfirst(spec.title)}: {self._said(spec)}"
                found.append(Chip(text, self.get_query_string(remove=asked)))
        for name in sorted(others):
            field: Any = self.opts.get_field(name.partition("__")[0])
            text = f"{capfirst(field.verbose_name)}: {self.filter_params[name][-1]}"
            found.append(Chip(text, self.get_query_string(remove=[name])))
        return found

    def _said(self, spec: Any) -> str:
        """What a filter narrows the list by, in words."""
        said = getattr(spec, "said", None)
        if said is not None:
            return str(said)
        chosen = [each["display"] for each in spec.choices(self) if each["selected"]]
        return str(chosen[-1]) if chosen else _("what is not there any more")

    @property
    def may_have_others(self) -> bool:
        """Whether a list without rows would have some without its search and its filters."""
        return self.is_narrowed

    @property
    def takes_all(self) -> bool:
        """Whether there are rows on other pages that an action could take, too."""
        takes_any: bool = self.model_admin.takes_any_number  # type: ignore[attr-defined]
        some = len(self.page.rows) < self.result_count
        return some and (takes_any or self.result_count <= MOST_AT_ONCE)

    @property
    def most_at_once(self) -> int:
        return MOST_AT_ONCE

    @property
    def is_too_long(self) -> bool:
        """Whether the list has more rows than an action takes at a time."""
        takes_any: bool = self.model_admin.takes_any_number  # type: ignore[attr-defined]
        return not takes_any and self.result_count > MOST_AT_ONCE

    @property
    def is_counted(self) -> bool:
        """Whether it is known how many rows there are."""
        return self.result_count <= MOST_COUNTED

    @cached_property
    def heads(self) -> list[dict[str, Any]]:
        """The heads of the columns, as Django's template has them. That of the boxes for actions is
        filled by the script that makes one box work for all of them."""
        heads = list(result_headers(self))
        for head, name in zip(heads, self.list_display, strict=True):
            if name == "action_checkbox":
                told = _("Select all of this page for an action")
                head["text"] = ""
                head["class_attrib"] = format_html(
                    ' class="action-checkbox-column" data-label="{}"', told
                )
        return heads

    @property
    def lines(self) -> list[list[SafeString]]:
        """The cells of each row, which say what they are where there is no room for heads."""
        labels = [str(capfirst(head["text"])) for head in self.heads]
        columns = list(zip(labels, map(self._is_choice, self.list_display), strict=True))
        return [
            [light(cell, *column) for cell, column in zip(cells, columns, strict=True)]
            for cells in (items_for_result(self, row, None) for row in self.result_list)
        ]

    def _is_choice(self, column: Any) -> bool:
        """Whether a column has one of few words, such as a state."""
        fields = {field.name: field for field in self.lookup_opts.concrete_fields}
        return bool(getattr(fields.get(column), "choices", None))

    @property
    def pager(self) -> list[Link]:
        return links_from(
            self.page, lambda place: self.get_query_string({PAGE_VAR: place} if place else None)
        )


def choice_of(choice: Any, names: Sequence[str | None]) -> dict[str, Any]:
    """A choice of a filter's, with the parameter of these names that it sets, if it sets one."""
    given = parse_qsl(str(choice["query_string"]).removeprefix("?"))
    name, value = next((each for each in given if each[0] in names), ("", ""))
    return {**choice, "name": name, "value": value}


def light(cell: str, label: str, begins: bool = False) -> SafeString:
    """A cell of Django's, `<td class="…">…</td>`, with what it is and with no other name of a
    column than those that have a style: the rest of a page's bytes would be these. One that begins
    a sentence of its own has a capital."""
    found = CELL.match(cell)
    if not found:
        return mark_safe(cell)  # noqa: S308  Django's own
    names = " ".join(name for name in found["names"].split() if name in STYLED)
    named = format_html(' class="{}"', names) if names else ""
    told = format_html(' data-label="{}"', label) if label and found["tag"] == "td" else ""
    start = f"<{found['tag']}{told}{named}>"
    rest = capfirst(cell[found.end() :]) if begins else cell[found.end() :]
    return mark_safe(start + rest)  # noqa: S308  Django's own, and escaped above


def links_from(page: KeyPage, address: Callable[[str], str]) -> list[Link]:
    """The links to other pages, those alone that lead somewhere; `address` makes one of a place,
    which is empty for the first page."""
    back = [
        Link(_("First"), "first", address("")),
        Link(_("Previous"), "prev", address(page.previous)),
    ]
    on = [Link(_("Next"), "next", address(page.next)), Link(_("Last"), "last", address(LAST))]
    return (back if page.previous else []) + (on if page.next else [])


def ordering_of(model_admin: Any, name: Any) -> str:
    """The field that a column is sorted by: its own, or what `admin.display` says."""
    shown = name if callable(name) else getattr(model_admin, name, None)
    return str(getattr(shown, "admin_order_field", None) or name)


def is_long(rows: QuerySet[Any]) -> bool:
    """Whether these are too many to offer all of them."""
    return rows.order_by()[MOST_OFFERED : MOST_OFFERED + 1].exists()


def is_list_of(opts: Any, request: HttpRequest) -> bool:
    """Whether the request is for the page with the list."""
    match = request.resolver_match
    return bool(match and match.url_name == f"{opts.app_label}_{opts.model_name}_changelist")


def is_across(request: HttpRequest) -> bool:
    """Whether an action is for all rows of a list, not for those that were chosen one by one."""
    return request.POST.get("select_across") not in {None, "", "0"}


def _take_all(request: HttpRequest) -> None:
    """Has the button that chooses all rows do so without scripts, whether or not the boxes of some
    rows are ticked: Django wants one, and its own button."""
    posted = request.POST.copy()
    posted.setdefault("index", "0")
    posted.setdefault(ACTION_CHECKBOX_NAME, "")
    request.POST = posted  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class Empty:
    """What a list says that has no rows: what they are for, and its one button, which leads to
    `route` with `query` for who has the right; by itself to a new row. Without a title it names the
    rows."""

    icon: str  # its name in static/icons.svg
    text: str | Promise
    title: str | Promise = ""
    button: str | Promise = ""
    route: str = ""
    right: str = ""
    query: str = ""


class WithChoices(admin.options.BaseModelAdmin[Any]):
    """Forms whose fields have nothing of Django's beside them, and offer no more than MOST_OFFERED
    rows in a select: of more, and of `autocomplete_fields`, the wanted one is searched."""

    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        field: Any = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if field.empty_label is not None:
            field.empty_label = _("Choose one") if field.required else _("None of these")
        if isinstance(field.widget, AutocompleteSelect) or is_long(field.queryset):
            search_in(field, db_field)
        return field

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Each choice begins with a capital letter, as a line by itself does."""
        empty = _("None of these") if db_field.blank else _("Choose one")
        with_empty = db_field.blank or not db_field.has_default()
        offered = db_field.get_choices(include_blank=with_empty, blank_choice=[("", empty)])
        kwargs["choices"] = [(value, capfirst(str(label))) for value, label in offered]
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field: Any = super().formfield_for_dbfield(db_field, request, **kwargs)
        widget = getattr(field, "widget", None)
        if isinstance(widget, RelatedFieldWidgetWrapper):
            field.widget = widget.widget
        elif isinstance(widget, AdminURLFieldWidget):
            widget.template_name = "django/forms/widgets/url.html"
        elif isinstance(widget, AdminTextareaWidget):
            widget.attrs["rows"] = ROWS
        if field:
            field.widget.attrs.pop("class", None)  # Django's own, which nothing here dresses
        return field


class ListAdmin(WithChoices, admin.ModelAdmin[Any]):
    """An admin whose list never counts its table."""

    # What the list is called, what the button says that leads to a new row, and what the list says
    # without rows.
    # What one row and several are called, where people say it otherwise than the model does.
    called: tuple[str | Promise, str | Promise] | None = None
    list_title: str | Promise = ""
    add_text: str | Promise = ""
    empty: Empty = Empty("list", gettext_lazy("Nothing stands here yet."))

    list_per_page = PAGE_SIZE
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    # Whether actions take all rows of a list, however many; otherwise at most MOST_AT_ONCE.
    takes_any_number = False
    paginator = BoundedPaginator

    @property
    def row_name(self) -> str | Promise:
        return self.called[0] if self.called else self.opts.verbose_name or ""

    @property
    def row_names(self) -> str | Promise:
        return self.called[1] if self.called else self.opts.verbose_name_plural or ""

    @property
    def media(self) -> Media:
        """No script of Django's: the templates name ours."""
        return Media()

    def get_empty_value_display(self) -> SafeString:
        """Nothing to see in a list, a quiet word on a page."""
        return format_html('<span class="none">{}</span>', _("none"))

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """The list under the plain name of what is in it, with what it says without rows."""
        if is_across(request):
            _take_all(request)
        add_text = self.add_text_for(request)
        shown = {
            "title": self.list_title_for(request),
            "add_text": add_text,
            "empty": self._empty(request, add_text),
            "saved": self._saved(request),
        }
        return super().changelist_view(request, shown | (extra_context or {}))

    def get_preserved_filters(self, request: HttpRequest) -> str:
        """Django's, with how the list was of which a link was followed: the browser says it, so
        that not each row's link has to."""
        kept = super().get_preserved_filters(request)
        if kept or is_list_of(self.opts, request):
            return kept
        list_url = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
        query = query_before(request, list_url)
        return urlencode({"_changelist_filters": query}) if query else ""

    def page_of(self, request: HttpRequest, row: Any) -> str:
        """Where a row is looked at; from there the way back is to the list as it was."""
        url = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[row.pk])
        kept: Any = {"preserved_filters": self.get_preserved_filters(request), "opts": self.opts}
        return str(add_preserved_filters(kept, url))

    def response_post_save_add(self, request: HttpRequest, obj: Any) -> HttpResponseRedirect:
        """To what was saved, and not to the list."""
        if not self.has_view_or_change_permission(request):
            return redirect("admin:index")
        return redirect(self.page_of(request, obj))

    response_post_save_change = response_post_save_add

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        """The page under the row's name, where Django says what can be done to it; one for a new
        row under what the button says that led here."""
        usual = {text % self.opts.verbose_name for text in (_("Change %s"), _("View %s"))}
        if context["original"] is not None and str(context["title"]) in usual:
            context["title"] = capfirst(str(context["original"]))
        if context["original"] is None:
            context["title"] = self.add_text_for(request)
        context.setdefault("list_title", self.list_title_for(request))
        return super().render_change_form(request, context, *args, **kwargs)

    def _saved(self, request: HttpRequest) -> dict[str, Any]:
        """The saved views of the list, which of them this is, and whether it can be saved."""
        if not is_inside():
            return {}
        query = asked_in(request.GET.urlencode())
        views = views_of(request.user, self.opts.label_lower)
        here = [view for view in views if view.query == query]
        own = [view for view in here if view.owner_id == request.user.pk]
        may_change = own or (here and request.user.has_perm("accounts.change_user"))
        return {
            "views": views,
            "query": query,
            "listed": self.opts.label_lower,
            "changeable": (own or here)[0] if may_change else None,
            "is_new": bool(query) and not here,
        }

    def get_action_choices(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Django's, with words where it has dashes."""
        return super().get_action_choices(request, [("", _("Choose what to do"))])

    def list_title_for(self, request: HttpRequest) -> str | Promise:
        return self.list_title or capfirst(str(self.row_names))

    def add_text_for(self, request: HttpRequest) -> str | Promise:
        return self.add_text or _("Add %(name)s") % {"name": self.row_name}

    def empty_for(self, request: HttpRequest) -> Empty:
        return self.empty

    def _empty(self, request: HttpRequest, add_text: str | Promise) -> dict[str, Any]:
        empty, names = self.empty_for(request), self.row_names
        route = empty.route or f"{self.opts.app_label}_{self.opts.model_name}_add"
        may = (
            request.user.has_perm(empty.right) if empty.right else self.has_add_permission(request)
        )
        return {
            "icon": empty.icon,
            "title": empty.title or _("No %(names)s yet") % {"names": names},
            "text": empty.text,
            "button": empty.button or add_text,
            "url": reverse(f"admin:{route}", query=QueryDict(empty.query)) if may else "",
        }

    @admin.display(description="")  # a script puts a box for all of them there
    def action_checkbox(self, obj: Any) -> SafeString:
        """Django's box, without a template for each row."""
        told = _("Choose {}").format(obj)
        return format_html(
            '<input type="checkbox" name="{}" value="{}" aria-label="{}">',
            ACTION_CHECKBOX_NAME,
            obj.pk,
            told,
        )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return KeysetList

    # Where a word of the text in the search box may stand. Without it the rows are few, and
    # `search_fields` are compared one by one.
    places: Places | None = None

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Those of the rows that have every word; that not all rows were looked at is said."""
        rows, part = self.found(queryset, search_term, whole=self.needs_all(request))
        if part and request.method == "GET" and is_list_of(self.opts, request):
            text = _(
                "Very many have that: of these %(names)s only the first %(most)s were looked at."
            )
            most = number_format(MOST_LOOKED_AT, force_grouping=True)
            messages.info(request, text % {"names": self.row_names, "most": most})
        return rows, False

    def found(
        self, rows: QuerySet[Any], text: str, *, whole: bool = False
    ) -> tuple[QuerySet[Any], bool]:
        """Those of the rows that have every word, and whether only some of them were looked at."""
        if self.places is None:
            return among_few(rows, text, self.search_fields), False
        found = find(rows, text, self.places, whole=whole)
        return found.rows, found.part

    def needs_all(self, request: HttpRequest) -> bool:
        """Whether a search has to find all rows, however long it takes."""
        return self.takes_any_number and request.method == "POST" and is_across(request)

    def get_sortable_by(self, request: HttpRequest) -> list[Any]:
        """The columns that an index answers in order."""
        columns = columns_of(self.model)
        shown = self.get_list_display(request)
        return [name for name in shown if ordering_of(self, name) in columns]

    def response_action(self, request: HttpRequest, queryset: Any, *args: Any) -> Any:
        """As Django's; all rows of a list are taken only if they are not too many."""
        is_bounded = is_across(request) and not self.takes_any_number
        if is_bounded and queryset.order_by()[MOST_AT_ONCE : MOST_AT_ONCE + 1].exists():
            text = _("That are too many at a time: choose at most %(most)d %(names)s.")
            named = {"most": MOST_AT_ONCE, "names": self.row_names}
            messages.error(request, text % named)
            return None
        return super().response_action(request, queryset, *args)
