"""What releases and their files look like on the wire: for the Web API and for webhooks."""

from typing import Any

from releases.models import OwnPlatform, Release, ReleaseFile
from tenancy.hosts import api_url
from web.wire import Wire, stamps, valued


def file_url(file: ReleaseFile) -> str:
    """Where a program downloads the file, with a licence's key or by a token."""
    return api_url("file", file.release_id, file.name)


def release_file(row: ReleaseFile) -> Wire:
    return {
        **stamps(row),
        "name": row.name,
        "url": file_url(row),
        "size": row.size,
        "downloads": row.download_count,
        "extension": _extension(row.name),
        "checksum": row.sha256,
        # Elsewhere nobody asks for a licence.
        "secured": not row.url,
        "releaseId": row.release_id,
    }


def platform(row: OwnPlatform) -> Wire:
    return {**stamps(row), "name": row.word, "displayName": row.display_name}


def _extension(name: str) -> str:
    """With its dot, as in `.zip`; empty without one."""
    _stem, dot, ending = name.rpartition(".")
    return dot + ending


def release(row: Release) -> Wire:
    """A release, its files loaded; all of its platforms in one text, with commas between."""
    return {
        **_described(row),
        "published": row.published,
        "private": row.private,
        "archived": row.archived,
        "productId": row.product_id,
        "tenantId": row.vendor_id,
    }


def own_release(row: Any) -> Wire:
    """A release for somebody whose licence covers it; product and files loaded."""
    return {**_described(row), "product": {"displayName": str(row.product)}}


def _described(row: Release) -> Wire:
    files = [release_file(file) for file in row.files.all()]
    return valued(
        {
            **stamps(row),
            "name": row.name,
            "channel": row.channel,
            "version": row.version,
            "platform": ",".join(row.platforms),
            "notes": row.notes,
            "totalFiles": len(files),
            "files": files,
        }
    )
