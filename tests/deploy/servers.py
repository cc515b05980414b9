"""nginx and Caddy as deploy/ sets them up, in front of a served portal on loopback."""

import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.served import ROOT, free_port

START_TIMEOUT = 20.0  # seconds
SEARCH = f"{os.environ.get('PATH', '')}:/usr/sbin"

NGINX = """
daemon off;
worker_processes 2;
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log;
{user}
events {{}}
http {{
    access_log off;
    sendfile on;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {server}
}}
"""


def changed(text: str, **changes: tuple[str, str]) -> str:
    """The text with each (old, new); fails when an old one is not there."""
    for old, new in changes.values():
        assert old in text, old
        text = text.replace(old, new)
    return text


@contextmanager
def nginx(folder: Path, portal_port: int, media: Path) -> Iterator[int]:
    """deploy/nginx.conf without TLS; and at /reference/ the release files served by nginx itself.

    Gives the port.
    """
    port = free_port()
    text = (ROOT / "deploy/nginx.conf").read_text()
    reference = f"location /reference/ {{ alias {media}/releases/; max_ranges 1; }}"
    server = changed(
        text[: text.rindex("server {")],  # without the redirect from http
        default=("listen 80 default_server;", ""),
        refuse=("listen 443 ssl default_server;", f"listen 127.0.0.1:{port} default_server;"),
        handshake=("ssl_reject_handshake on;", ""),
        listen=("listen 443 ssl;", f"listen 127.0.0.1:{port};"),
        certificate=("ssl_certificate /etc/ssl/portal.example.com.pem;", ""),
        key=("ssl_certificate_key /etc/ssl/portal.example.com.key;", ""),
        reference=("    location / {", f"    {reference}\n    location / {{"),
    )
    with _running(_nginx(server, folder, portal_port, media), port, folder):
        yield port


@contextmanager
def nginx_with_tls(folder: Path, portal_port: int, media: Path) -> Iterator[tuple[int, int]]:
    """deploy/nginx.conf with a certificate that nobody has to trust; gives the ports of https and
    of http."""
    port, plain, folder = free_port(), free_port(), _made(folder)
    pem = self_signed(folder)
    text = (ROOT / "deploy/nginx.conf").read_text()
    server = changed(
        text.replace("listen 443 ssl", f"listen 127.0.0.1:{port} ssl").replace(
            "listen 80", f"listen 127.0.0.1:{plain}"
        ),
        certificate=("/etc/ssl/portal.example.com.pem", str(pem)),
        key=("/etc/ssl/portal.example.com.key", str(pem)),
    )
    with _running(_nginx(server, folder, portal_port, media), port, folder, tls=True):
        yield port, plain


def _nginx(server: str, folder: Path, portal_port: int, media: Path) -> list[str]:
    """The command that starts nginx with these servers, in front of this portal."""
    files_port = free_port()
    server = changed(
        server.replace(
            "portal.example.com *.portal.example.com", "portal.localhost *.portal.localhost"
        ),
        files=("listen 127.0.0.1:8001;", f"listen 127.0.0.1:{files_port};"),
        itself=("http://127.0.0.1:8001/", f"http://127.0.0.1:{files_port}/"),
        upstream=("127.0.0.1:8000", f"127.0.0.1:{portal_port}"),
    ).replace("/srv/portal/media/releases/", f"{media}/releases/")
    server = server.replace("/var/log/nginx/", f"{folder}/")
    user = "user root;" if os.geteuid() == 0 else ""
    configuration = _made(folder) / "nginx.conf"
    configuration.write_text(NGINX.format(folder=folder, user=user, server=server))
    return [_program("nginx"), "-c", str(configuration), "-e", f"{folder}/nginx-error.log"]


def self_signed(folder: Path) -> Path:
    """A file with a key and a certificate for the zone."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "portal.localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    pem = folder / "certificate.pem"
    pem.write_bytes(text + certificate.public_bytes(Encoding.PEM))
    return pem


@contextmanager
def caddy(
    folder: Path, portal_port: int, media: Path, *, tls_port: int = 0, plain_port: int = 0
) -> Iterator[int]:
    """deploy/Caddyfile; gives the port. Without TLS, or on `tls_port` with certificates of Caddy's
    own authority, whose root is then at `root_certificate(folder)`, and http on `plain_port`."""
    port, folder = tls_port or free_port(), _made(folder)
    tls = "tls {\n\t\ton_demand\n\t}"
    site = f"https://:{port} {{\n\tlog" if tls_port else f"http://:{port} {{\n\tlog"
    text = (ROOT / "deploy/Caddyfile").read_text()
    text = changed(
        text.replace("http:// {", f"http://:{plain_port or free_port()} {{").replace(
            "127.0.0.1:8000", f"127.0.0.1:{portal_port}"
        ),
        options=("{\n\ton_demand_tls", "{\n\tadmin off\n\tskip_install_trust\n\ton_demand_tls"),
        site=("https:// {", site),
        tls=(tls, tls.replace("tls", "tls internal", 1) if tls_port else ""),
        media=("/srv/portal/media/releases", f"{media}/releases"),
    )
    if tls_port:
        # Otherwise Caddy listens on port 80, too, to lead visitors to https.
        text = text.replace("\tadmin off", "\tadmin off\n\tauto_https disable_redirects", 1)
    else:
        text = text.replace("\tadmin off", "\tadmin off\n\tauto_https off", 1)
    configuration = folder / "Caddyfile"
    configuration.write_text(text)
    command = [_program("caddy"), "run", "--config", str(configuration), "--adapter", "caddyfile"]
    with _running(command, port, folder, tls=bool(tls_port)):
        yield port


def root_certificate(folder: Path) -> Path:
    """Where Caddy keeps the certificate of its own authority."""
    return folder / "caddy/pki/authorities/local/root.crt"


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _program(name: str) -> str:
    found = shutil.which(name, path=SEARCH)
    assert found, f"{name} is not on this machine"
    return found


@contextmanager
def _running(
    command: Sequence[str], port: int, folder: Path, *, tls: bool = False
) -> Iterator[None]:
    """The server while it runs; waits until the portal behind it is healthy."""
    log = folder / "log"
    home = {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    with log.open("w") as output:
        process = subprocess.Popen(
            command, env={**os.environ, **home}, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        deadline = time.monotonic() + START_TIMEOUT
        while not (_listens(port) if tls else _answers(port)):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(10)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _answers(port: int) -> bool:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/healthz", headers={"Host": "acme.portal.localhost"}
    )
    try:
        with urllib.request.urlopen(request, timeout=2):
            return True
    except (urllib.error.URLError, OSError):
        return False
