"""docs/fields.md says of each field what it takes and who reads and changes it, and of each rule about
several where it stands."""

import os
import re
from typing import Any

import pytest
from django import forms
from django.apps import apps
from django.db import models

from tests.portal.fields import PAGE, ROOMS, every_form, page
from tests.world import World

# Of fields that a form of its own says anew, Django asks the model first.
pytestmark = pytest.mark.filterwarnings("ignore:The default scheme will be changed")
RULE = re.compile(r"^\| `([\w.]+)` \| (.+) \|$", re.MULTILINE)


@pytest.mark.urls("portal.urls.backoffice")
def test_the_page_has_each_field(filled: World) -> None:
    written = page(filled)
    if os.environ.get("FIELDS_PAGE") == "write":
        PAGE.write_text(written)
    assert PAGE.read_text() == written


def rules() -> set[str]:
    """What the code says about several fields at once: a form's or a model's own `clean`, and the
    conditions of the database."""
    found = {f"{each.__name__}.clean" for each in every_form() if _has_own_clean(each)}
    for model in apps.get_models():
        if model.__module__.partition(".")[0] not in {*ROOMS, "tenancy"}:
            continue
        found |= {f"{model.__name__}.clean"} if _has_own_clean(model) else set()
        found |= {
            each.name
            for each in model._meta.constraints
            if isinstance(each, models.CheckConstraint)
        }
    return found


def _has_own_clean(kind: type[Any]) -> bool:
    return "clean" in vars(kind) and issubclass(kind, forms.BaseForm | models.Model)


def test_the_page_has_each_rule_about_several() -> None:
    together = PAGE.read_text().partition("## What belongs together")[2].partition("\n## ")[0]
    told = dict(RULE.findall(together))
    assert set(told) == rules()
    assert all(len(words) > 20 for words in told.values())
