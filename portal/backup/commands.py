"""How commands say what went wrong, and end when they are told to."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from django.core.management.base import CommandError

from portal.backup.errors import Fault

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def told(interrupted: str) -> Iterator[None]:
    """What fails inside is a CommandError; so is SIGTERM, SIGHUP or Ctrl-C, which says this."""
    before = {number: signal.signal(number, _end) for number in ENDING}
    try:
        yield
    except Fault as error:
        raise CommandError(str(error)) from error
    except Exception as error:
        # Imported only where there is an object store, since it takes half a second.
        if not type(error).__module__.startswith("botocore."):
            raise
        raise CommandError(f"The object store says: {error}") from error
    except KeyboardInterrupt as error:
        raise CommandError(f"Interrupted. {interrupted}") from error
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end(number: int, frame: FrameType | None) -> NoReturn:
    """Once: a second signal keeps nobody from clearing up."""
    for each in ENDING:
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt
