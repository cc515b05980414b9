"""Why a verb on releases refused, and what it says."""

from django.utils.translation import gettext_lazy as _

from web.errors import AuthenticationFailed, PortalError


class ReleaseError(PortalError):
    """A rule of releases refused the act."""


class ReleaseNotFound(ReleaseError):
    """Somebody has deleted the draft meanwhile."""

    code = "RELEASE_NOT_FOUND"
    text = _("This release has been deleted meanwhile.")


class ReleaseIsPublished(ReleaseError):
    """What is published is frozen, but for its words and platforms."""

    code = "RELEASE_PUBLISHED"
    text = _(
        "This release is published, so its files, version and channel stay as they are: archive it "
        "and publish a new one."
    )


class ReleaseNotPublished(ReleaseError):
    """Only what is published can be archived."""

    code = "RELEASE_NOT_PUBLISHED"
    text = _("This release is a draft: publish it first.")


class ReleaseHasNoFiles(ReleaseError):
    """There is nothing to publish."""

    code = "RELEASE_HAS_NO_FILES"
    text = _("This release has no files yet: add one, then publish it.")


class AddressMissing(ReleaseError):
    """A file that is not stored here has to lie somewhere."""

    code = "ADDRESS_MISSING"
    text = _("A file that lies elsewhere needs its address.")


class PlatformKnown(ReleaseError):
    """A word that is added is one of the portal's, in some spelling, or was added before; `detail`
    is the word."""

    code = "PLATFORM_KNOWN"
    text = _("There is a platform of this name already: %(detail)s.")


class VersionExists(ReleaseError):
    """The channel has this version for one of these platforms; `detail` names the platforms."""

    code = "VERSION_EXISTS"
    text = _("There is a release of this version already for: %(detail)s.")


class VersionWasDownloaded(VersionExists):
    """The same, of a release that is archived and keeps its version."""

    text = _(
        "There was a release of this version already, for: %(detail)s. It is archived, and has "
        "been downloaded, so that its version can't mean something else: choose another version."
    )


class PlatformUnknown(ReleaseError):
    """The portal doesn't know a platform, and nobody has said that it is meant; `detail` names
    such words."""

    code = "PLATFORM_UNKNOWN"
    text = _(
        "The portal doesn't know the platform %(detail)s. It knows windows, macos, linux, android "
        "and ios, kinds of them such as win64 or macos-arm64, and other spellings. A platform of "
        "your own is offered only to visitors who choose it. Is that meant? Then say so."
    )


class FileNameTaken(ReleaseError):
    """A file of the release has this name for Windows or macOS; `detail` is that file's name."""

    code = "FILE_NAME_TAKEN"
    text = _(
        "The release has the file %(detail)s, which Windows and macOS would take for the same: use "
        "another name."
    )


class FileMissing(ReleaseError):
    """An upload brings no file."""

    code = "FILE_MISSING"
    status = 400
    text = _("There is no file in this: send it as the body, or as the field file of a form.")


class UploadIncomplete(ReleaseError):
    """The connection broke before everything had arrived."""

    code = "UPLOAD_INCOMPLETE"
    text = _("The upload broke off before the end. Nothing was kept: try again.")


class SignInNeeded(ReleaseError, AuthenticationFailed):
    """Nobody is signed in, and no key was given."""

    text = _("Sign in, or give a licence's key.")


class NothingForThisKey(ReleaseError):
    """No licence has the key, or what the program asks for is not for its holder."""

    code = "NOT_FOUND"
    status = 404
    text = _("No licence has this key, or there is nothing at this address for it.")
