"""Handing out a file that is covered, for pages and programs alike: the record, then the bytes."""

from django.db import connection
from django.http import HttpRequest, HttpResponseBase

from releases.access import Holder, get_covering
from releases.coverage import Verdict
from releases.files.sending import send
from releases.models import ReleaseFile
from releases.verbs import downloads
from web.requests import client_ip


def deliver(
    request: HttpRequest, holder: Holder, verdict: Verdict, file: ReleaseFile
) -> HttpResponseBase:
    """The answer to GET or HEAD of a file, by the licence of the verdict, which covers it; see
    files/sending.py for how. Raises AllPlacesTaken and ReleaseNotFound."""
    license = get_covering(verdict)
    sending = send(request, file, license)
    if sending.granted:
        try:
            downloads.record(
                file,
                user=holder.user,
                license=license,
                ip=client_ip(request),
                granted=sending.granted,
            )
        except BaseException:
            sending.response.close()
            raise
        if not connection.in_atomic_block:
            # A slow visitor holds a thread; he should not hold a connection to the database, too.
            connection.close()
    return sending.response
