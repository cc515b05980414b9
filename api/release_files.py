"""Files of releases: `/v3/release-files`."""

from django.db.models import QuerySet
from django.http import HttpResponse
from ninja import Router

from api.allowed import needs
from api.answers import answer, created, nothing
from api.bodies import Body
from api.lists import Column, Kind, Listing, listed, row_of
from api.releases import FileAnswer, ReleaseAnswer, release_of
from api.requests import ApiRequest
from releases import wire
from releases.models import Release, ReleaseFile
from releases.verbs import publishing

router = Router(tags=["release files"])
READ = needs("release:read", "releases.view_releasefile")
ADD = needs("release:write", "releases.add_releasefile")
DELETE = needs("release:write", "releases.delete_releasefile")


class FileBody(Body):
    name: str = ""
    url: str = ""
    size: int = 0
    checksum: str = ""
    release_id: str = ""


FILES = Listing(
    columns={
        "id": Column("id", Kind.ID),
        "releaseId": Column("release_id", Kind.ID),
        "name": Column("name"),
        "size": Column("size", Kind.NUMBER),
        "downloads": Column("download_count", Kind.NUMBER),
        "checksum": Column("sha256", sorts=False),
        "createdAt": Column("created_at", Kind.MOMENT),
        "updatedAt": Column("updated_at", Kind.MOMENT),
    },
    found=lambda rows, words: rows.filter(name__icontains=words),
)


def files() -> QuerySet[ReleaseFile]:
    return ReleaseFile.objects.all()


def file_of(id: str) -> ReleaseFile:
    """Raises NotFound."""
    row: ReleaseFile = row_of(files(), id, "release file")
    return row


@router.get(
    "/release-files", auth=READ, response=list[FileAnswer], openapi_extra=FILES.documented()
)
def list_files(request: ApiRequest) -> HttpResponse:
    return listed(request, files(), FILES, wire.release_file)


@router.post("/release-files", auth=ADD, response={201: ReleaseAnswer})
def create(request: ApiRequest, body: FileBody) -> HttpResponse:
    """A file of a draft that lies elsewhere, with the SHA-256 that it has there. One that was
    uploaded here is a file already, and may be told of once more."""
    release: Release = row_of(Release.objects.all(), body.release_id, "release")
    if not _is_told_again(release, body):
        publishing.add_external_file(
            release, name=body.name, url=body.url, size=body.size, sha256=body.checksum.lower()
        )
    return created(wire.release(release_of(str(release.pk))))


def _is_told_again(release: Release, body: FileBody) -> bool:
    uploaded = files().filter(release=release, url="")
    return any(file.name == body.name and wire.file_url(file) == body.url for file in uploaded)


@router.get("/release-files/{id}", auth=READ, response=FileAnswer)
def get(request: ApiRequest, id: str) -> HttpResponse:
    return answer(wire.release_file(file_of(id)))


@router.delete("/release-files/{id}", auth=DELETE, response={204: None})
def delete(request: ApiRequest, id: str) -> HttpResponse:
    """Takes a file off a draft."""
    publishing.remove_file(file_of(id))
    return nothing()
