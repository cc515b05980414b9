"""A list of the back office as CSV: the rows that its filters and its search leave."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.urls import URLPattern, path

from audit import trail
from backoffice.base import VendorAdmin
from backoffice.cells import escaped
from backoffice.lists import KeysetList
from tenancy import replica
from tenancy.door import current_vendor, inside, reading

CHUNK = 100
# By it a spreadsheet sees that the file is in UTF-8; an import takes it off.
BOM = "\ufeff"


class Unpaged(KeysetList):
    """The list without its pages."""

    def get_results(self, request: HttpRequest) -> None:
        self.result_list = []


class WithExport(VendorAdmin):
    """A model whose list can be downloaded as `.../export.csv` by whoever has `export_right`.

    `export_columns` has by header what stands in a row's cell. Rows are read and sent in chunks,
    so that a long list needs no more memory than a short one.
    """

    export_columns: Mapping[str, Callable[[Any], Any]]
    export_right: str
    export_name: str
    change_list_template = "admin/export_change_list.html"

    def export_rows(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """The rows of the list that an export has."""
        return rows

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.export_view)
        return [path("export.csv", view, name=self._export_route()), *super().get_urls()]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return Unpaged if self.needs_all(request) else super().get_changelist(request, **kwargs)

    def needs_all(self, request: HttpRequest) -> bool:
        match = request.resolver_match
        is_export = bool(match and match.url_name == self._export_route())
        return is_export or super().needs_all(request)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        allowed = request.user.has_perm(self.export_right)
        return super().changelist_view(request, {"may_export": allowed, **(extra_context or {})})

    def export_view(self, request: HttpRequest) -> StreamingHttpResponse:
        """The list as a download; the audit trail tells who took it."""
        if not request.user.has_perm(self.export_right):
            raise PermissionDenied
        vendor = current_vendor()
        rows = self.export_rows(self.all_listed(request))
        # What the database can't answer is found out before anything is said to be exported.
        rows.exists()
        trail.record("exported", vendor, details={"list": self.export_name})
        return as_csv(self.export_name, rows, self.export_columns)

    def all_listed(self, request: HttpRequest) -> QuerySet[Any]:
        """All rows that the request's filters and its search leave. Raises BadRequest."""
        try:
            return self.get_changelist_instance(request).get_queryset(request)
        except IncorrectLookupParameters as error:
            raise BadRequest from error

    def _export_route(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_export"


def as_csv(
    name: str, rows: QuerySet[Any], columns: Mapping[str, Callable[[Any], Any]]
) -> StreamingHttpResponse:
    """The rows of the scope as a download; whoever calls has recorded it."""
    response = StreamingHttpResponse(
        _parts(rows, columns, current_vendor()), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def _parts(
    rows: QuerySet[Any], columns: Mapping[str, Callable[[Any], Any]], vendor: Any
) -> Iterator[str]:
    """The file in parts, its first line at once. They are made while it is sent, when the request's
    scope has ended, and read in a transaction of their own, from the replica if there is one."""
    yield BOM + written([list(columns)])
    where = replica.place()
    with reading(where):
        unread = rows.iterator(chunk_size=CHUNK)
        while True:
            with inside(vendor), replica.asking(where):
                part = written(
                    [cell_of(row) for cell_of in columns.values()] for row in islice(unread, CHUNK)
                )
            if not part:
                return
            yield part


def written(rows: Iterable[list[Any]]) -> str:
    """The rows as CSV, with no cell that a spreadsheet would run as a formula."""
    buffer = io.StringIO()
    csv.writer(buffer, quoting=csv.QUOTE_ALL).writerows(
        [escaped(_told(value)) for value in row] for row in rows
    )
    return buffer.getvalue()


def _told(value: Any) -> str:
    """A value as an import reads it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return str(value)
