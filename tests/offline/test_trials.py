"""The page on which anybody hands in an offline request for a trial."""

import json
from base64 import urlsafe_b64decode

from django.core.files.uploadedfile import SimpleUploadedFile

from licenses.models import Product, TrialActivation, TrialPolicy
from tenancy.door import inside
from tests.offline.requests_maker import MachineKeys
from tests.world import Browser, World, signed_in

MACHINE = MachineKeys()


def tried(world: World) -> None:
    with inside(world.acme):
        policy = TrialPolicy.objects.create(vendor=world.acme, name="A month")
        Product.objects.filter(pk=world.orbit.pk).update(trial_policy=policy)


def test_a_file_goes_in_and_a_file_comes_out(world: World) -> None:
    tried(world)
    page = Browser("acme").get("/trial/").content.decode()
    assert "Try Orbit on a machine" in page
    assert "Spectra" not in page
    file = SimpleUploadedFile("request.dat", MACHINE.trial(world.orbit.pk).encode())
    for browser in (Browser("acme"), signed_in(world.ada)):
        file.seek(0)
        answer = browser.post("/trial/", {"request_file": file})
        assert answer.status_code == 200
        assert answer["Content-Disposition"] == 'attachment; filename="lab-Orbit-trial.dat"'
        payload = answer.content.decode().split(".")[1]
        claims = json.loads(urlsafe_b64decode(payload + "=="))
        assert (claims["type"], claims["cnf"]) == ("trial", {"jkt": MACHINE.thumbprint})
    with inside(world.acme):
        assert TrialActivation.objects.count() == 1


def test_what_is_no_request_for_a_trial_is_refused(world: World) -> None:
    tried(world)
    browser = Browser("acme")
    for text, says in (
        ("", "Choose the request file"),
        ("nonsense", "INVALID_OFFLINE_REQUEST"),
        (MACHINE.activation(world.orbit.pk, "key"), "INVALID_OFFLINE_REQUEST"),
        (MACHINE.trial(world.spectra.pk), "TRIAL_NOT_ALLOWED"),
        (MACHINE.trial(world.quill.pk), "INVALID_PRODUCT_ID"),
        (MACHINE.trial("nobody"), "INVALID_PRODUCT_ID"),
    ):
        page = browser.post("/trial/", {"request_text": text})
        assert page.status_code == 400
        assert says in page.content.decode()
    with inside(world.acme):
        assert not TrialActivation.objects.exists()


def test_where_nothing_can_be_tried_there_is_no_page(world: World) -> None:
    tried(world)
    assert Browser("globex").get("/trial/").status_code == 404
    assert Browser("globex").post("/trial/", {}).status_code == 404
