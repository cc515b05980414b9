"""When certificates of custom domains end, as their own port shows it."""

import ssl
import threading
from datetime import timedelta
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.utils import timezone

from branding.domains import certificates
from branding.domains.certificates import CertificateFault, Shown
from branding.domains.verbs import claim
from branding.models import CustomDomain
from tenancy.door import inside
from tests.world import World
from web.fetching import Fault, NotFetched, certificate_of

ENDS = timezone.datetime(2027, 2, 3, 4, 5, 6, tzinfo=timezone.get_default_timezone())


def certificate(folder: Path, *names: str) -> Path:
    """A certificate, signed by nobody but itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(ENDS - timedelta(days=90))
        .not_valid_after(ENDS)
        .add_extension(x509.SubjectAlternativeName(map(x509.DNSName, names)), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    file = folder / "certificate.pem"
    file.write_bytes(made.public_bytes(pem) + key.private_bytes(pem, *plain))
    return file


def test_it_is_read_off_the_port_though_nobody_vouches_for_it(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(tmp_path, "localhost", "*.acme.example"))
    with ThreadingTCPServer(("127.0.0.1", 0), BaseRequestHandler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        port = server.server_address[1]
        found = certificate_of("localhost", port, allowed={"localhost"})
        # A name that a vendor has chosen leads to no machine behind the operator's walls.
        with pytest.raises(NotFetched) as refused:
            certificate_of("localhost", port)
        server.shutdown()
    assert refused.value.fault is Fault.NOT_PUBLIC
    assert certificates.read(found, "localhost") == Shown(ENDS)
    assert certificates.read(found, "portal.acme.example") == Shown(ENDS)
    other = Shown(fault=CertificateFault.OTHER_NAME)
    assert certificates.read(found, "a.portal.acme.example") == other
    assert certificates.read(b"no certificate", "localhost") == other


def test_a_host_inside_is_said_to_be_that() -> None:
    assert certificates.look("localhost") == Shown(fault=CertificateFault.NOT_PUBLIC)


@pytest.mark.by_database
def test_each_domain_that_is_served_is_looked_at_once_a_day(
    world: World, monkeypatch: pytest.MonkeyPatch, frozen_time: Any
) -> None:
    with inside(world.acme):
        served, pending = (claim(world.acme, f"{name}.acme.test") for name in ("a", "b"))
        CustomDomain.objects.filter(pk=served.pk).update(
            verified_at=timezone.now(), state=CustomDomain.State.VERIFIED
        )
    shows = [Shown(ENDS), Shown(fault=CertificateFault.NO_ANSWER)]
    monkeypatch.setattr(certificates, "look", lambda _name: shows.pop(0))
    assert certificates.look_all() == "Looked at 1 certificates."
    assert certificates.look_all() == "Looked at 0 certificates."
    frozen_time.shift(86400)
    assert certificates.look_all() == "Looked at 1 certificates."
    with inside(world.acme):
        served.refresh_from_db()
        pending.refresh_from_db()
    # When it ends is known from the day before.
    assert (served.certificate_ends_at, served.certificate_fault) == (ENDS, "no-answer")
    assert pending.certificate_looked_at is None
