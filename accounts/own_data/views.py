"""A customer's own data: to look at, and to take along."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.views.decorators.http import require_safe

from accounts.own_data import files
from accounts.own_data.tables import TABLES, Table, in_order, in_words
from accounts.requests import PersonRequest
from accounts.verbs.own_data import note_archive, note_table
from web.pages import render
from web.requests import not_while_viewing_as, page_of


@require_safe
def own_data(request: HttpRequest) -> HttpResponse:
    """Which tables there are, each to be looked at and taken along, and all of them as one."""
    return render(request, "accounts/own_data.html", {"tables": in_order()})


@require_safe
def own_table(request: PersonRequest, table: str) -> HttpResponse:
    """One table, in pages of 25 rows."""
    shown = _named(table)
    page = page_of(shown.rows(request.user), request)
    columns = [title for title, _cell in shown.columns.values()]
    rows = [
        [(title, in_words(cell(row))) for title, cell in shown.columns.values()] for row in page
    ]
    context = {"table": shown, "columns": columns, "rows": rows, "page": page}
    return render(request, "accounts/own_table.html", context)


@not_while_viewing_as
@require_safe
def own_file(request: PersonRequest, table: str, form: str) -> StreamingHttpResponse:
    """One table as CSV or JSON; recorded, and limited."""
    wanted = _named(table)
    parts_of, content_type = files.FORMS[form]
    note_table(request.user, wanted.name)
    parts = parts_of(wanted, request.user, request.vendor)
    return _download(parts, content_type, f"{wanted.name}.{form}")


@not_while_viewing_as
@require_safe
def own_archive(request: PersonRequest) -> StreamingHttpResponse:
    """All tables as one ZIP; recorded, and limited."""
    note_archive(request.user)
    parts = files.archive_of(request.user, request.vendor)
    return _download(parts, "application/zip", f"{request.vendor.company_id}-my-data.zip")


def _named(name: str) -> Table:
    if name not in TABLES:
        raise Http404
    return TABLES[name]


def _download(parts: Any, content_type: str, name: str) -> StreamingHttpResponse:
    response = StreamingHttpResponse(parts, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
