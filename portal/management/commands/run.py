"""`manage.py run`: all of the portal by one command, for a small installation."""

import fcntl
import logging
import os
import subprocess
import sys
from argparse import ArgumentTypeError
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal import processes
from portal.processes import Program
from tenancy.hosts import origin

logger = logging.getLogger(__name__)

MANAGE = (sys.executable, str(settings.BASE_DIR / "manage.py"))
WORKER = Program("The worker", [*MANAGE, "db_worker", "--no-startup-delay"])


class Command(BaseCommand):
    help = (
        "Prepares what has to be there (manage.py prepare), then runs the web server and the "
        "queue's worker until it is told to end. What ends by itself is started again; what does "
        "so again and again ends the whole with an error."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        told = "address and port, without proxy before it 0.0.0.0:8000 (default: %(default)s)"
        parser.add_argument("--bind", type=address, default="127.0.0.1:8000", help=told)
        parser.add_argument("--demo", action="store_true", help="also fill in the demo data")

    def handle(self, *args: Any, **options: Any) -> None:
        host, port = options["bind"]
        try:
            with processes.ended_by_signals(), processes.listen(host, port) as listener:
                prepare(demo=options["demo"])
                processes.supervise(
                    [web(listener.fileno()), WORKER],
                    processes.as_web(os.environ),
                    is_up=lambda: processes.is_ready(host, port),
                    when_up=self._tell,
                    say=logger.warning,
                )
        except processes.GaveUp as error:
            raise CommandError(str(error)) from error
        except subprocess.CalledProcessError as error:
            # It has said itself what is wrong.
            sys.exit(error.returncode)
        except KeyboardInterrupt:
            logger.info("The portal has ended, as it was told.")

    def _tell(self) -> None:
        self.stdout.write(
            f"\nThe portal is running: {origin(settings.PORTAL_PARENT_HOST)}/\nCtrl-C stops it."
        )
        self.stdout.flush()


def address(text: str) -> tuple[str, int]:
    """Such as 127.0.0.1:8000 or [::1]:8000."""
    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or not port:
        raise ArgumentTypeError(f"{text!r} is no address with a port, such as 127.0.0.1:8000.")
    return host, port


def web(listener: int) -> Program:
    """The web server, on a socket that listens as long as this process lives: who comes while it is
    started again waits."""
    configuration = str(settings.BASE_DIR / "gunicorn.conf.py")
    gunicorn = [sys.executable, "-m", "gunicorn", "--config", configuration]
    serve = ["--bind", f"fd://{listener}", "--log-level", "warning", "portal.wsgi"]
    return Program("The web server", [*gunicorn, *serve], (listener,))


def prepare(*, demo: bool) -> None:
    """`manage.py prepare`, as the owner of the tables if there is one; one process at a time."""
    with alone():
        command = [*MANAGE, "prepare", *(["--demo"] if demo else [])]
        subprocess.run(command, env=processes.as_owner(os.environ), check=True)


@contextmanager
def alone() -> Iterator[None]:
    """Keeps another one of the same folder waiting; a killed one keeps nobody."""
    folder = os.open(settings.DATA_DIR, os.O_RDONLY)
    try:
        with suppress(OSError):  # Some network file systems lock no folders.
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)
