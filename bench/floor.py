"""The least that a page with a session and 25 rows costs here: four statements and its bytes.

A bare WSGI program without a framework, a template or a check: it asks whose the host is, for the
session and its person, for one count and for 25 rows, and sends a page that the portal made. It
reads as a role without row-level security and reuses a connection per thread.
"""

import os
import threading
from collections.abc import Callable, Iterable
from hashlib import sha256
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import psycopg

HOST = "SELECT vendor_id FROM tenancy_host WHERE name = %s"
PERSON = """
    SELECT email, first_name, last_name FROM accounts_session AS s, accounts_user AS u
    WHERE s.vendor_id = %s AND digest = %s AND ends_at > now() AND u.id = %s AND is_active
"""
MINE = "FROM licenses_license WHERE vendor_id = %s AND user_id = %s"
COUNT = f"SELECT count(*) {MINE}"
ROWS = f"""
    SELECT id, key, product_id, expires_at, allowed_activations, total_activations, revoked,
        suspended {MINE} ORDER BY created_at DESC, id LIMIT 25
"""
# The page as the portal made it.
BODY = Path(os.environ["BODY"]).read_bytes()
here = threading.local()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    if not hasattr(here, "connection"):
        here.connection = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)
    label = environ["HTTP_HOST"].partition(".")[0]
    cookies = SimpleCookie(environ["HTTP_COOKIE"])
    person = cookies["person"].value
    ask = here.connection.execute
    [vendor] = ask(HOST, [label]).fetchone()
    digest = sha256(cookies["session"].value.encode()).hexdigest()
    ask(PERSON, [vendor, digest, person]).fetchone()
    ask(COUNT, [vendor, person]).fetchone()
    ask(ROWS, [vendor, person]).fetchall()
    start_response(
        "200 OK",
        [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(BODY)))],
    )
    return [BODY]
