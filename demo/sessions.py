"""Where people of the demo are signed in: Ada on a phone and on a computer that are not here."""

from collections.abc import Callable, Iterator
from functools import partial

from accounts.models import Session
from accounts.verbs import sessions
from demo.ids import demo_id
from demo.people import person_of
from tenancy.hosts import Site
from tenancy.models import Vendor

Step = tuple[float, Callable[[], object]]

ADA = "ada@example.com"
# What the browsers say of themselves, and how many days ago somebody signed in with them.
BROWSERS = {
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0": 5.2,
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) Version/18.5 Mobile/15E148 Safari/604.1": 1.3,
}


def signed_in(vendor: Vendor) -> Iterator[Step]:
    """What begins each of Ada's sessions at Acme that is not there, and how many days ago. Nobody
    has the token."""
    if vendor.company_id != "acme":
        return
    for browser, age in BROWSERS.items():
        there = Session.objects.filter(user_id=demo_id("acme", "user", ADA), browser=browser)
        if not there.exists():
            yield age, partial(_begin, browser)


def _begin(browser: str) -> None:
    sessions.begin(person_of("acme", ADA), site=Site.CUSTOMER, browser=browser, is_kept=True)
