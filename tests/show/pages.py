"""A page read back: its tags, texts and tables, by the standard library's parser."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "br", "input", "link", "hr", "img"}


@dataclass
class Tag:
    name: str
    attributes: dict[str, str]
    parent: Tag | None = None
    content: list[Tag | str] = field(default_factory=list)

    @property
    def children(self) -> list[Tag]:
        return [part for part in self.content if isinstance(part, Tag)]

    @property
    def source(self) -> str:
        """The text right inside, as it stands."""
        return "".join(part for part in self.content if isinstance(part, str))

    @property
    def text(self) -> str:
        """All text inside, with ordinary spaces."""
        return " ".join(" ".join(self._texts()).replace("\xa0", " ").split())

    def _texts(self) -> list[str]:
        return [piece for part in self.content for piece in ([part] if isinstance(part, str) else part._texts())]

    def all(self, name: str | None = None, **attributes: str) -> list[Tag]:
        """Every tag inside with this name and these attributes (`class_` holds the word)."""
        found = []
        for child in self.children:
            if (name is None or child.name == name) and all(
                value in child.attributes.get(key.rstrip("_"), "").split() for key, value in attributes.items()
            ):
                found.append(child)
            found += child.all(name, **attributes)
        return found

    def one(self, name: str | None = None, **attributes: str) -> Tag:
        found = self.all(name, **attributes)
        assert len(found) == 1, f"{len(found)} of {name} {attributes}"
        return found[0]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = self.here = Tag("", {})

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        made = Tag(tag, {key: value or "" for key, value in attrs}, self.here)
        assert len(made.attributes) == len(attrs), f"<{tag}> has an attribute twice"
        self.here.content.append(made)
        if tag not in VOID:
            self.here = made

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.here.name == tag, f"</{tag}> closes <{self.here.name}>"
        assert self.here.parent is not None
        self.here = self.here.parent

    def handle_data(self, data: str) -> None:
        self.here.content.append(data)


def page(html: str) -> Tag:
    """The page's tree; fails where a tag is left open or closed out of turn."""
    reader = _Reader()
    reader.feed(html.replace("<wbr>", ""))  # where a word may break is no part of it
    reader.close()
    assert reader.here is reader.root, f"<{reader.here.name}> is never closed"
    return reader.root


def rows(table: Tag) -> list[list[str]]:
    """The cells of a table's body."""
    return [[cell.text for cell in row.children] for row in table.one("tbody").all("tr")]
