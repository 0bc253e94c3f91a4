"""What a browser would send of a page's open form."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any


def posted(page: str, form: str = "editor") -> dict[str, Any]:
    """Every field of the form with that id, as it stands."""
    reader = _Reader(form)
    reader.feed(page)
    return reader.fields


class _Reader(HTMLParser):
    def __init__(self, form: str) -> None:
        super().__init__()
        self.form, self.fields = form, {"do": "save"} | dict[str, Any]()
        self.is_inside, self.select, self.area, self.text = False, "", "", ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {key: value or "" for key, value in attrs}
        self.is_inside = self.is_inside or (tag == "form" and given.get("id") == self.form)
        if not self.is_inside:
            return
        if tag == "input" and given.get("name"):
            self._input(given)
        elif tag == "select":
            self.select = given["name"]
        elif tag == "option" and "selected" in given:
            self._add(self.select, given["value"])
        elif tag == "textarea":
            self.area, self.text = given["name"], ""

    def _input(self, given: dict[str, str]) -> None:
        if given.get("type") not in ("checkbox", "radio") or "checked" in given:
            self._add(given["name"], given.get("value", ""))

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self.area:
            self._add(self.area, self.text)
            self.area = ""
        self.is_inside = self.is_inside and tag != "form"

    def _add(self, name: str, value: str) -> None:
        self.fields.setdefault(name, []).append(value)
