"""The WSGI application that gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application

from web.pages import compile_all

# Whatever another project has left in the environment.
os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings"

application = get_wsgi_application()
compile_all()
