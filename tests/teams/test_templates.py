"""What every template keeps to: the strict policy, and parts that do not leak."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.template import Context, Template
from django.template.loader import get_template

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
PAGES = sorted(
    str(path.relative_to(TEMPLATES))
    for path in TEMPLATES.rglob("*.html")
    if "emails" not in path.parts
)
INLINE = re.compile(r"\sstyle=|\son[a-z]+=\"|<style|hx-on|javascript:", re.IGNORECASE)
SCRIPT = re.compile(r"<script(?![^>]*\b(?:src=|type=\"application/json\"))", re.IGNORECASE)


def rendered(text: str, **context: object) -> str:
    return Template("{% load leadrelay %}" + text).render(Context(context))


@pytest.mark.parametrize("name", PAGES)
def test_a_template_compiles(name: str) -> None:
    assert get_template(name)


@pytest.mark.parametrize("name", PAGES)
def test_a_template_has_no_inline_script_or_style(name: str) -> None:
    text = (TEMPLATES / name).read_text()

    assert not INLINE.search(text)
    assert not SCRIPT.search(text)


def test_an_icon_is_drawn_without_inline_style_and_hidden_from_screen_readers() -> None:
    drawn = rendered('{% icon "phone" "s" %}')

    assert drawn.startswith("<svg")
    assert 'aria-hidden="true"' in drawn
    assert "style=" not in drawn


def test_a_masked_name_is_escaped_before_its_dots_are_set() -> None:
    assert rendered("{{ name|dots }}", name="<b>R•••") == (
        '&lt;b&gt;R<span class="mask">•••</span>'
    )


def test_a_credit_shows_its_sign() -> None:
    shown = [rendered("{{ n|signed }}", n=number) for number in (0.666, -1 / 3, 0.001)]

    assert shown == ["+0.67", "−0.33", "0.00"]
