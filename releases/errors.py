"""Why a verb on releases refused: nothing was changed. `code` is what scripts know."""


class ReleaseError(Exception):
    """A rule of releases refused the act."""

    code = ""


class ReleaseNotFound(ReleaseError):
    """Somebody has deleted the draft meanwhile."""

    code = "RELEASE_NOT_FOUND"


class ReleaseIsPublished(ReleaseError):
    """What is published is frozen."""

    code = "RELEASE_PUBLISHED"


class ReleaseNotPublished(ReleaseError):
    """Only what is published can be archived."""

    code = "RELEASE_NOT_PUBLISHED"


class ReleaseHasNoFiles(ReleaseError):
    """There is nothing to publish."""

    code = "RELEASE_HAS_NO_FILES"


class VersionExists(ReleaseError):
    """The channel has this version for one of these platforms; `args[0]` names the platforms."""

    code = "VERSION_EXISTS"


class UploadIncomplete(ReleaseError):
    """The connection broke before everything had arrived."""

    code = "UPLOAD_INCOMPLETE"


class AllPlacesTaken(ReleaseError):
    """As many downloads are going on as this process sends at a time."""

    code = "DOWNLOADS_BUSY"
    wait = 30  # seconds until another try makes sense
