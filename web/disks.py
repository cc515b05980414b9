"""Which errors say that files can't be kept or read at the moment: the disk is full, read-only or
broken, the object store fails or takes too long."""

import errno

# No room, no writing, no right, a broken disk, a folder of the network that is gone, and too many
# open files.
PASSING = frozenset(
    {
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EROFS,
        errno.EACCES,
        errno.EIO,
        errno.ESTALE,
        errno.EMFILE,
        errno.ENFILE,
    }
)
# The object store's client, which most installations never load.
CLIENT = ("botocore", "boto3", "s3transfer")


def is_out(error: BaseException) -> bool:
    """Whether it says that about the place where files are, and nothing about what was asked."""
    if isinstance(error, OSError) and error.errno in PASSING:
        return True
    # Some of the client's are an OSError, too, without a number.
    return any(kind.__module__.partition(".")[0] in CLIENT for kind in type(error).__mro__)
