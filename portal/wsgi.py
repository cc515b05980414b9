"""The WSGI application that gunicorn serves."""

import logging
import os

from django.core.wsgi import get_wsgi_application

from web.pages import compile_all

# Whatever another project has left in the environment.
os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings"

application = get_wsgi_application()
compile_all()


def tell_of_open_files() -> None:
    """gunicorn makes no system checks; this one is for what is there at the start."""
    from portal.checks import check_private_files  # noqa: PLC0415  models are there by now

    for fault in check_private_files(None):
        logging.getLogger(__name__).warning("%s %s", fault.msg, fault.hint)


tell_of_open_files()
