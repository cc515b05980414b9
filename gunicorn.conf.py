"""What `gunicorn portal.wsgi` is started with, from this folder; the command line wins over it.

From another folder: `gunicorn --config <path of this file> portal.wsgi`. docs/operations.md tells
of the settings; the address is given as `--bind`.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

chdir = str(Path(__file__).resolve().parent)
sys.path.insert(0, chdir)

from portal import env  # noqa: E402  found by the line above

worker_class = "portal.serving.worker.BufferingWorker"
if env.choice("LOG_FORMAT", "text", ("text", "json")) == "json":
    logconfig_dict = {"formatters": {"generic": {"()": "web.json_logs.Lines"}}}
METRICS = env.integer("METRICS_PORT", 0, minimum=0, maximum=65535)
COUNTS = "PROMETHEUS_MULTIPROC_DIR"
workers = env.integer("WORKERS", 2, minimum=1, maximum=1000)
threads = env.integer("THREADS", 4, minimum=2, maximum=1000)
reuse_port = True
control_socket_disable = True

# What headers say of the visitor's address and scheme is read in one place, web/visitors.py.
# gunicorn would believe some of them if they come from this machine, and a path in a header too.
forwarded_allow_ips = ""
secure_scheme_headers = {}
forwarder_headers = ""


def on_starting(server: Any) -> None:
    """Reads and compiles before workers are made what they then have in common."""
    # What the settings derive from it, they derive from what there is, also when it was said on the
    # command line.
    os.environ.pop("THREADS_FILE", None)
    os.environ["THREADS"] = str(server.cfg.threads)
    if METRICS:
        # What processes count for all of them; its library looks for it as it is imported.
        os.environ[COUNTS] = tempfile.mkdtemp(prefix="portal-metrics-")
    server.app.wsgi()


def post_worker_init(worker: Any) -> None:
    """One of the processes tells what all have counted."""
    if METRICS:
        from portal.seeing.metrics import Server  # noqa: PLC0415  not before the settings are there

        Server().start()


def on_exit(server: Any) -> None:
    """What was counted ends with the server."""
    if METRICS:
        shutil.rmtree(os.environ[COUNTS], ignore_errors=True)
