"""Pages: every template compiles and escapes, and has its texts translated."""

import ast
import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from django import forms
from django.http import QueryDict
from django.urls import NoReverseMatch, set_urlconf
from django.utils import translation
from django.utils.safestring import mark_safe
from jinja2 import TemplateSyntaxError, UndefinedError, nodes

import development as dev
from accounts.forms import ChangePasswordForm, ProfileForm, StaffSignInForm
from accounts.models import User
from licenses.pages.forms import LicenseSearchForm
from offline.forms import RequestForm
from tests.world import Browser, World
from web.management.commands.makemessages import calls_in
from web.pages import compile_all, engine, url

PAGES = Path(__file__).resolve().parents[2] / "pages"
NAMES = sorted(str(path.relative_to(PAGES)) for path in PAGES.rglob("*.*"))
# What is the same in every language.
NAMES_OF_THINGS = {"Atom", "Authorization", "Bearer", "CSV", "JSON", "SHA", "UTC"}


def rendered(source: str, **context: Any) -> str:
    return engine().from_string(source).render(context)


# --- The engine ---------------------------------------------------------------------------------


def test_every_page_compiles() -> None:
    compile_all()
    assert len(NAMES) > 20
    assert engine().list_templates() == NAMES
    assert {Path(name).suffix for name in NAMES} == {".html"}


def test_a_page_that_is_wrong_does_not_compile() -> None:
    with pytest.raises(TemplateSyntaxError):
        rendered("{% if x %}")


def test_everything_is_escaped_that_is_not_said_to_be_safe() -> None:
    evil = """<b title="'">&</b>"""
    shown = "&lt;b title=&#34;&#39;&#34;&gt;&amp;&lt;/b&gt;"
    assert rendered("{{ x }}", x=evil) == shown
    assert rendered("{{ x }}", x=mark_safe(evil)) == evil
    assert rendered("{% trans %}Copy {{ text }}{% endtrans %}", text=evil) == f"Copy {shown}"
    assert rendered("{{ _('%(x)s is activated', x=x) }}", x=evil) == f"{shown} is activated"
    plural = "{% trans n=x %}{{ n }} day{% pluralize %}{{ n }} days{% endtrans %}"
    assert [rendered(plural, x=number) for number in (1, 2)] == ["1 day", "2 days"]


@pytest.mark.parametrize(
    "source", ["{{ x }}", "{% if x %}{% endif %}", "{{ y.x }}", "{{ [y.x] | join }}"]
)
def test_what_is_not_there_is_an_error(source: str) -> None:
    with pytest.raises(UndefinedError):
        rendered(source, y=object())


def test_a_text_is_in_the_language_of_the_moment() -> None:
    texts = []
    for language in ("en-gb", "de", "en-gb"):
        with translation.override(language):
            texts.append(rendered("{{ _('Yes') }} {{ get_language() }}"))
    assert texts == ["Yes en-gb", "Ja de", "Yes en-gb"]


def test_a_path_is_one_of_the_hosts() -> None:
    set_urlconf("portal.urls.customer")
    assert url("licenses") == "/licenses/"
    set_urlconf("portal.urls.backoffice")
    with pytest.raises(NoReverseMatch):
        url("licenses")
    set_urlconf(None)


def test_an_error_page_leaves_messages_for_the_next_page(world: World) -> None:
    browser, said = Browser(), b"You are signed out."
    browser.post("/logout/")
    assert said not in browser.get("/nothing/").content
    assert said in browser.get("/login/").content
    assert said not in browser.get("/login/").content


def test_a_page_without_a_form_makes_no_token(world: World) -> None:
    assert "csrf" not in Browser().get("/password-reset/sent/").cookies
    assert "csrf" in Browser().get("/password-reset/").cookies


# --- Forms --------------------------------------------------------------------------------------


class Tags(HTMLParser):
    """The tags of some HTML with their attributes, and the texts between them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[object] = []
        self.feed(html.strip())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, sorted(attrs, key=str)))

    def handle_data(self, data: str) -> None:
        if self.lasttag == "textarea" or data.strip():
            self.found.append(data if self.lasttag == "textarea" else data.strip())


class ManyKinds(forms.Form):
    """Whatever a customer's form may have."""

    text = forms.CharField(help_text="Help", widget=forms.TextInput(attrs={"id": "own"}))
    number = forms.IntegerField(max_value=7, initial=3)
    ticked = forms.BooleanField(initial=True)
    chosen = forms.ChoiceField(choices=[("<", "<&>"), ("b", "'B'")], initial="b", disabled=True)
    several = forms.MultipleChoiceField(choices=[(1, "1"), (2, "2")], required=False)
    long = forms.CharField(widget=forms.Textarea, initial="\n<b>\n")
    kept = forms.CharField(widget=forms.HiddenInput, initial="'")


POSTED = QueryDict(
    "text=%22&number=x&chosen=z&long=%0Aa&several=2&several=9&q=%3C&status=z&email=a"
)
FORMS = [
    kind(data, **extra)
    for kind, extra in (
        (ManyKinds, {}),
        (StaffSignInForm, {}),
        (ProfileForm, {}),
        (ChangePasswordForm, {"user": User()}),
        (LicenseSearchForm, {"products": [("1", "<Orbit>")]}),
        (RequestForm, {}),
    )
    for data in (None, POSTED)
]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{type(form).__name__}-{form.is_bound}")
def test_widgets_are_as_django_makes_them(form: forms.BaseForm) -> None:
    source = '{% import "portal/_parts.html" as parts %}{{ parts.widget(field) }}'
    for field in form:
        assert Tags(rendered(source, field=field)).found == Tags(str(field)).found


# --- Texts --------------------------------------------------------------------------------------


def messages(po: str) -> set[str]:
    """The texts of a catalogue, singular and plural."""
    entries = re.findall(r'^msgid(?:_plural)? ((?:"[^\n]*"\n)+)', po, re.MULTILINE)
    return {ast.literal_eval(f"({each})") for each in entries}


@pytest.mark.takes_turns
@pytest.mark.skipif(shutil.which("xgettext") is None, reason="xgettext is not on this machine")
def test_translators_find_every_text(tmp_path: Path) -> None:
    copy = dev.copy_of_sources(tmp_path)
    command = [sys.executable, "manage.py", "makemessages", "--locale", "en"]
    subprocess.run(command, cwd=copy, env=os.environ, check=True, capture_output=True)
    found = messages((copy / "locale/en/LC_MESSAGES/django.po").read_text())
    wanted = set()
    for name in NAMES:
        for call in engine().parse((PAGES / name).read_text()).find_all(nodes.Call):
            if isinstance(call.node, nodes.Name) and call.node.name in {"_", "gettext", "ngettext"}:
                wanted |= {each.value for each in call.args if isinstance(each, nodes.Const)}
    assert len(wanted) > 150
    assert wanted <= found
    assert {"Copy %(text)s", "%(n)s licence found.", "%(n)s licences found."} <= wanted


@pytest.mark.parametrize("source", ["{{ _(x) }}", "{{ _('a' ~ x) }}", "{{ ngettext('a', x, 1) }}"])
def test_a_text_that_is_not_spelt_out_is_refused(source: str) -> None:
    with pytest.raises(ValueError, match="line 2"):
        calls_in(f"\n{source}")


def untranslated(source: str) -> set[str]:
    """Words that stand in a page as they are, outside of what is translated."""
    classes = r"\{% block main_class %\}.*?\{% endblock %\}"
    data = engine().parse(re.sub(classes, "", source)).find_all(nodes.TemplateData)
    html = "".join(each.data for each in data)
    read = " ".join(re.findall(r'(?:alt|aria-label|placeholder|title)="([^"]*)"', html))
    return set(re.findall(r"[^\W\d_]{2,}", re.sub(r"<[^>]*>", " ", html) + read))


@pytest.mark.parametrize("name", NAMES)
def test_every_word_is_translated(name: str) -> None:
    assert untranslated((PAGES / name).read_text()) <= NAMES_OF_THINGS


def test_a_word_that_is_not_translated_is_found() -> None:
    source = '<p class="a {{ b }}" title="One">Two {{ _("three") }} {% if x %}four{% endif %}</p>'
    assert untranslated(source) == {"One", "Two", "four"}
