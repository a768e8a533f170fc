"""Reads the forms of a page as a browser would send them."""

from html.parser import HTMLParser
from typing import Any

UNSENT = ("submit", "button", "file", "image", "reset", "search")
Fields = dict[str, Any]  # {name: text, or list of texts}


class FormReader(HTMLParser):
    """Gathers what the page's forms that are posted hold, and the choices of each list to choose from."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: Fields = {}
        self.choices: dict[str, list[str]] = {}
        self._select = self._text_area = ""
        self._is_posted = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take a field in."""
        held = {name: value or "" for name, value in attrs}
        name = held.get("name", "")
        if tag == "form":
            self._is_posted = held.get("method", "").lower() == "post"
        elif not self._is_posted:
            return
        elif tag == "select":
            self._select = name
            self.choices[name] = []
        elif tag == "option":
            self._take_option(held)
        elif tag == "textarea":
            self._text_area = name
            self.fields[name] = ""
        elif tag == "input" and name:
            self._take_input(name, held)

    def handle_endtag(self, tag: str) -> None:
        """Leave a field."""
        if tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._text_area = ""

    def handle_data(self, data: str) -> None:
        """Take the text of an area in; its first line break is the page's."""
        if self._text_area:
            self.fields[self._text_area] += data.removeprefix("\r\n").removeprefix("\n")

    def _take_option(self, held: dict[str, str]) -> None:
        self.choices.setdefault(self._select, []).append(held.get("value", ""))
        if "selected" in held:
            self.fields[self._select] = held.get("value", "")

    def _take_input(self, name: str, held: dict[str, str]) -> None:
        kind = held.get("type", "text")
        is_ticked = kind not in ("checkbox", "radio") or "checked" in held
        if kind not in UNSENT and is_ticked and name not in ("csrfmiddlewaretoken", "_reason"):
            self.fields[name] = held.get("value", "on")


def form_of(page: str) -> FormReader:
    """Return what a page's forms hold."""
    reader = FormReader()
    reader.feed(page)
    return reader
