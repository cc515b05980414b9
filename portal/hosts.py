"""Which URLconf answers on which host, for django-hosts.

Patterns are whole hosts: each ends in a look-ahead that lets nothing but a port follow, because
django-hosts itself would accept a further dot and label. portal/middleware/tenancy.py checks every
choice against tenancy.hosts.locate and serves nothing when the two disagree.
"""

import re

from django.conf import settings
from django_hosts import host, patterns

PARENT = re.escape(settings.PORTAL_PARENT_HOST)
END = r"(?!\.|[^:])"

host_patterns = patterns(
    "portal.urls",
    host(rf"{PARENT}{END}", "landing", name="landing"),
    host(rf"app\.{PARENT}{END}", "backoffice", name="backoffice"),
    host(rf"api\.{PARENT}{END}", "api", name="api"),
    host(rf"[a-z0-9-]+\.{PARENT}{END}", "customer", name="customer"),
    # A custom domain: any other name with a dot in it, which tenancy.hosts then has to know.
    host(
        rf"(?!(?:[^:]*\.)?{PARENT}{END})[a-z0-9-]+(?:\.[a-z0-9-]+)+{END}", "customer", name="domain"
    ),
    host(r"(?!)", "unknown", name="unknown"),
)
