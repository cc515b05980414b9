"""Files themselves: `PUT /v3/<release id>/<file name>` puts one into a draft."""

from contextlib import nullcontext
from uuid import UUID

from django.http import HttpResponse
from ninja import Router

from api.allowed import needs
from api.answers import created
from api.lists import row_of
from api.releases import FileAnswer
from api.requests import ApiRequest
from releases import wire
from releases.files.shelf import shelf_for
from releases.files.uploads import received
from releases.models import Release
from releases.verbs import publishing
from web import places
from web.bodies import LARGEST, announced

router = Router(tags=["release files"])
ADD = needs("release:write", "releases.add_releasefile")
BYTES = {"schema": {"type": "string", "format": "binary"}}
UPLOAD = {
    "requestBody": {
        "required": True,
        "content": {
            "application/octet-stream": BYTES,
            "multipart/form-data": {
                "schema": {"type": "object", "properties": {"file": BYTES["schema"]}}
            },
        },
    }
}


@router.put(
    "/{uuid:release_id}/{name}",
    auth=ADD,
    response={201: FileAnswer},
    url_name="file",
    openapi_extra=UPLOAD,
)
def upload(request: ApiRequest, release_id: UUID, name: str) -> HttpResponse:
    """A file of a draft, as the body or as the field `file` of a form, of 20 GB at most."""
    draft = row_of(Release.objects.all(), str(release_id), "release")
    publishing.check_takes(draft, name)
    is_large = announced(request.META) > LARGEST
    with (
        places.slow.take(str(draft.vendor_id)) if is_large else nullcontext(),
        received(request) as file,
        shelf_for(draft.vendor_id) as shelf,
    ):
        [row] = publishing.add_files(draft, [(name, shelf.store(file))])
    return created(wire.release_file(row))
