"""Files themselves, at `/v3/<release id>/<file name>`: GET by a licence's key, or by the token of
somebody whose licence covers it; PUT into a draft."""

from contextlib import nullcontext
from uuid import UUID

from django.http import Http404, HttpResponse, HttpResponseBase
from ninja import Router

from api.allowed import OPEN, needs
from api.answers import created
from api.lists import row_of
from api.programs import whose
from api.releases import KEY, OWN, FileAnswer, refused
from api.requests import ApiRequest
from releases import wire
from releases.access import get_file, get_holder, given_key
from releases.delivering import deliver
from releases.errors import NothingForThisKey, ReleaseNotFound
from releases.files.shelf import shelf_for
from releases.files.uploads import received
from releases.models import Release
from releases.verbs import publishing
from tenancy.table import vendor_of_release
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


@router.api_operation(
    ["HEAD"], "/{uuid:release_id}/{name}", auth=OPEN, include_in_schema=False, url_name="file"
)
@router.get(
    "/{uuid:release_id}/{name}",
    auth=OPEN,
    response={200: None, 206: None, 302: None, 304: None},
    url_name="file",
    openapi_extra=KEY,
)
def download(request: ApiRequest, release_id: UUID, name: str) -> HttpResponseBase:
    """The file, in whole or in part (Range), as docs/downloads.md says."""
    if not given_key(request):
        OWN(request)
    with whose(request, vendor_of_release, str(release_id), ReleaseNotFound):
        try:
            holder = get_holder(request)
            file = get_file(holder, release_id, name)
        except Http404 as error:
            raise NothingForThisKey from error
        verdict = holder.verdict(file.release)
        if not verdict.covered:
            return refused(verdict)
        return deliver(request, holder, verdict, file)


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
