"""What every page of burncurve shares: its templates, its style sheet, and pictures for a wide and a narrow screen."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from simulator.show import style

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Picture:
    """A figure on the page: its finding, how to read it, and the drawings for a wide and a narrow screen."""

    title: str
    reading: str
    drawing: Markup


def picture(prefix: str, title: str, reading: str, draw: Callable[[bool], Figure]) -> Picture:
    """A figure drawn twice; `draw` is told whether for a narrow screen, `prefix` makes its ids its own."""
    drawings = [
        f'<div class="{size}">{drawing(draw(size == "narrow"), f"{prefix}-{size}", title)}</div>' for size in SIZES
    ]
    return Picture(title, reading, markup("".join(drawings)))


SIZES = ("wide", "narrow")


def drawing(figure: Figure, prefix: str, title: str) -> str:
    """A figure as SVG that says what it found."""
    return style.svg(figure, prefix).replace("<svg", f'<svg role="img" aria-label="{escaped(title)}" ', 1)


@cache
def environment() -> Environment:
    """Where templates come from; all text is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("simulator.show"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    made.filters["kept"] = style.kept
    made.filters["path"] = path
    return made


def path(name: str) -> Markup:
    """A name of the scenario's file as HTML, that breaks after its dots and underscores where it must."""
    return markup(re.sub(r"([._/])(?=\w)", r"\1<wbr>", str(escaped(name))))


@cache
def template_source(name: str) -> str:
    """A file of the templates as it stands: a script, a style sheet."""
    loader = environment().loader
    assert loader is not None
    return loader.get_source(environment(), name)[0]


@cache
def css() -> Markup:
    """The style sheet, with the colours of both schemes."""
    return markup(environment().from_string(template_source("report.css")).render(light=style.LIGHT, dark=style.DARK))


def markup(text: str) -> Markup:
    """Text that is HTML already: made here, never by a scenario."""
    from markupsafe import Markup

    return Markup(text)


def escaped(text: str) -> Markup:
    """Text as HTML."""
    from markupsafe import escape

    return escape(text)
