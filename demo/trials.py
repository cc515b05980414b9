"""Trials of the demo, and tags: Acme's Spectra may be tried for 14 days, which two machines do."""

from collections.abc import Callable, Iterator
from functools import partial

from accounts.models import Tag
from accounts.verbs.tags import create_tag, tag_person
from demo.ids import demo_id
from demo.people import person_of
from licenses.models import License, Product, TrialActivation, TrialPolicy
from licenses.verbs.activations import Machine
from licenses.verbs.details import tag_license
from licenses.verbs.products import change_product
from licenses.verbs.trials import create_trial_policy, try_product
from tenancy.models import Vendor

Step = tuple[float, Callable[[], object]]

POLICY = demo_id("acme", "trial-policy", "Two weeks")
PRODUCT = demo_id("acme", "product", "Spectra")
TRIED = {"lab-bench-4": 11.0, "students-laptop": 3.0}  # how many days ago they began
TAGS = {"University": "Pays the academic price.", "Reseller": ""}


def trials(vendor: Vendor) -> Iterator[Step]:
    """What makes those of Acme's that are not there, and how many days ago."""
    if vendor.company_id != "acme":
        return
    if not TrialPolicy.objects.filter(pk=POLICY).exists():
        yield 20, partial(_policy, vendor)
    for hostname, age in TRIED.items():
        if not TrialActivation.objects.filter(hostname=hostname).exists():
            yield age, partial(_try, hostname)
    if not Tag.objects.exists():
        yield 6, partial(_tags, vendor)


def _policy(vendor: Vendor) -> None:
    policy = TrialPolicy(id=POLICY, vendor=vendor, name="Two weeks", trial_length=14 * 24 * 3600)
    product = Product.objects.get(pk=PRODUCT)
    product.trial_policy = create_trial_policy(policy)
    change_product(product, fields=["trial_policy"])


def _try(hostname: str) -> None:
    print_ = demo_id("fingerprint", "acme", hostname).hex * 2
    machine = Machine(
        fingerprint=print_,
        os="linux" if hostname[-1].isdigit() else "windows",
        hostname=hostname,
        app_version="4.2.1",
    )
    try_product(PRODUCT, machine)


def _tags(vendor: Vendor) -> None:
    for name, description in TAGS.items():
        create_tag(Tag(vendor=vendor, name=name, description=description))
    grace = person_of(vendor.company_id, "grace@example.com")
    tag_person(grace, names=["University"])
    first = License.objects.filter(user=grace).order_by("key")[0]
    tag_license(first, names=["University"])
