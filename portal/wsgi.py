"""The WSGI application that gunicorn serves; it does not start on settings that are not safe."""

import logging
import os

from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

from web.pages import compile_all

# Whatever another project has left in the environment.
os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings"


def refuse_unsafe_settings() -> None:
    """The system checks of security, which gunicorn makes no more than Django's server does: tells
    of warnings, raises ImproperlyConfigured for errors."""
    faults = checks.run_checks(tags=[checks.Tags.security])
    for fault in faults:
        logging.getLogger(__name__).log(fault.level, "%s %s", fault.msg, fault.hint or "")
    if any(fault.is_serious() for fault in faults):
        raise ImproperlyConfigured("The settings are not safe to serve by; the log says why.")


application = get_wsgi_application()
refuse_unsafe_settings()
compile_all()
