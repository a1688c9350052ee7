"""A page as a browser takes it: elements in their order, and the text that people see."""

from html.parser import HTMLParser
from typing import NamedTuple

VOID = {"meta", "img", "br", "link", "input", "hr", "wbr", "col"}
HEADS = {"th", "caption"}
UNSEEN = {"style", "script", "title"}


class Element(NamedTuple):
    """A start tag: its name, its attributes, and the tags around it, outermost first."""

    tag: str
    attributes: dict[str, str | None]
    around: tuple["Element", ...]

    @property
    def classes(self) -> set[str]:
        return set((self.attributes.get("class") or "").split())

    def within(self, tag: str) -> bool:
        return any(outer.tag == tag for outer in self.around)


class Parsed(HTMLParser):
    """`elements`, the `text` outside scripts and styles, `headings` of tables, and tags closed out of turn."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self.unclosed: list[str] = []
        self.text = ""
        self.headings: list[str] = []
        self._open: list[Element] = []
        self.feed(page)
        self.close()
        self.unclosed += [element.tag for element in self._open]

    def handle_starttag(self, tag, attrs):
        element = Element(tag, dict(attrs), tuple(self._open))
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)
        if tag in HEADS:
            self.headings.append("")
        if tag in ("th", "td", "p", "li", "dt", "dd", "caption") or tag[0] == "h":
            self.text += " "

    def handle_endtag(self, tag):
        if self._open.pop().tag != tag:
            self.unclosed.append(tag)

    def handle_data(self, data):
        if not (self._open and self._open[-1].tag in UNSEEN):
            self.text += data
            if any(element.tag in HEADS for element in self._open):
                self.headings[-1] += data

    def all(self, *tags: str) -> list[Element]:
        return [element for element in self.elements if element.tag in tags]

    def values(self, attribute: str) -> list[str]:
        return [value for e in self.elements if (value := e.attributes.get(attribute)) is not None]
