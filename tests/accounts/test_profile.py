"""The profile: names and the change of e-mail."""

import pytest
from django.core import mail

from accounts.models import IdentityProvider, User
from tenancy.door import inside
from tests.accounts.test_passwords import link_in
from tests.world import PASSWORD, Browser, World, signed_in

CHANGE = {"new_email": "Countess@Example.com", "current_password": PASSWORD}


def reload(world: World) -> User:
    with inside(world.acme):
        return User.objects.get(pk=world.ada.pk)


def test_names_and_company_are_saved(world: World) -> None:
    form = {"first_name": "Augusta", "last_name": "King", "company": "Engines"}
    browser = signed_in(world.ada)
    assert browser.post("/profile/", form).status_code == 302
    page = browser.get("/profile/").content.decode()
    assert "Your profile is saved." in page
    assert "Augusta King" in page
    ada = reload(world)
    assert (ada.first_name, ada.last_name, ada.company) == ("Augusta", "King", "Engines")


def test_single_sign_on_is_offered_where_a_provider_is_on(world: World) -> None:
    def offered() -> bool:
        page = signed_in(world.ada).get("/profile/").content.decode()
        return 'href="/profile/single-sign-on/"' in page

    assert not offered()
    with inside(world.acme):
        provider = IdentityProvider.objects.create(
            vendor=world.acme, name="Example", issuer="https://id.example", client_id="portal"
        )
    assert not offered()
    with inside(world.acme):
        IdentityProvider.objects.filter(pk=provider.pk).update(is_on=True)
    assert offered()


def test_nothing_else_can_be_posted(world: World) -> None:
    form = {
        "first_name": "Ada",
        "email": "x@example.com",
        "role": "admin",
        "vendor": str(world.globex.pk),
    }
    signed_in(world.ada).post("/profile/", form)
    ada = reload(world)
    assert (ada.email, ada.role, ada.vendor_id) == ("ada@example.com", "user", world.acme.pk)


def test_too_long_a_name_is_said_beside_the_field(world: World) -> None:
    response = signed_in(world.ada).post("/profile/", {"first_name": "x" * 101})
    assert response.status_code == 200
    assert "at most 100 characters" in response.content.decode()
    assert reload(world).first_name == "Ada"


def test_the_e_mail_changes_when_the_new_address_confirms_and_the_old_one_is_told(
    world: World,
) -> None:
    browser = signed_in(world.ada)
    assert browser.post("/profile/email/", CHANGE).status_code == 302
    [message] = mail.outbox
    assert message.to == ["countess@example.com"]
    assert reload(world).email == "ada@example.com"
    host, path = link_in(message)
    assert host == "acme.portal.localhost:8000"
    anyone = Browser("acme")
    assert anyone.get(path).status_code == 200
    assert reload(world).email == "ada@example.com"
    assert anyone.post(path).status_code == 302
    assert reload(world).email == "countess@example.com"
    notice = mail.outbox[1]
    assert notice.to == ["ada@example.com"]
    assert "countess@example.com" in notice.body
    assert anyone.post(path).status_code == 410
    Browser("acme").sign_in("countess@example.com")
    Browser("globex").sign_in("ada@example.com")


def test_an_address_that_is_taken_is_not_told_to_the_asker(world: World) -> None:
    browser = signed_in(world.ada)
    form = {"new_email": "grace@example.com", "current_password": PASSWORD}
    answer = browser.post("/profile/email/", form)
    assert answer.status_code == 302
    [message] = mail.outbox
    assert message.to == ["grace@example.com"]
    assert "http" not in message.body
    assert reload(world).email == "ada@example.com"


def test_an_address_of_the_other_vendor_is_free(world: World) -> None:
    browser = signed_in(world.ada)
    form = {"new_email": "bob@example.com", "current_password": PASSWORD}
    browser.post("/profile/email/", form)
    _host, path = link_in(mail.outbox[0])
    assert browser.post(path).status_code == 302
    assert reload(world).email == "bob@example.com"


@pytest.mark.unfound
def test_an_address_that_was_taken_meanwhile_changes_nothing(world: World) -> None:
    browser = signed_in(world.ada)
    browser.post("/profile/email/", CHANGE)
    _host, path = link_in(mail.outbox[0])
    with inside(world.acme):
        User.objects.filter(pk=world.grace.pk).update(email="countess@example.com")
    assert browser.post(path).status_code == 410
    assert reload(world).email == "ada@example.com"


def test_the_password_is_asked(world: World) -> None:
    browser = signed_in(world.ada)
    response = browser.post("/profile/email/", CHANGE | {"current_password": "wrong"})
    assert "This is not your current password." in response.content.decode()
    assert mail.outbox == []


def test_the_link_counts_at_its_own_vendor_only(world: World) -> None:
    signed_in(world.ada).post("/profile/email/", CHANGE)
    _host, path = link_in(mail.outbox[0])
    assert Browser("globex").get(path).status_code == 410
