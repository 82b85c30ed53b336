"""How everything that burncurve draws looks: colours, sizes, and the way from a figure to a piece of a page.

Figures are `matplotlib.figure.Figure` objects that no window and no global state knows.  Colours have names: in a
figure they are these hex values, in a report the same names are CSS variables, so that a dark screen can change them.
They tell apart for the colour-blind (blue and vermilion of Okabe and Ito) and differ in lightness for a grey printer;
nothing is said by colour alone.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

from simulator.show import words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK = "#16212e"
MUTED = "#5b6877"
FAINT = "#d5dbe2"
PAPER = "#fefefe"
BLUE = "#11568c"
BLUE_MID = "#7fb0d6"
BLUE_PALE = "#cfe2f1"
ALERT = "#c2410c"
ALERT_PALE = "#fbe0d2"

LIGHT: Mapping[str, str] = {
    "ink": INK,
    "muted": MUTED,
    "faint": FAINT,
    "paper": PAPER,
    "blue": BLUE,
    "blue-mid": BLUE_MID,
    "blue-pale": BLUE_PALE,
    "alert": ALERT,
    "alert-pale": ALERT_PALE,
}
DARK: Mapping[str, str] = {
    "ink": "#e7edf4",
    "muted": "#9fadbd",
    "faint": "#33404e",
    "paper": "#151c25",
    "blue": "#8cc4f0",
    "blue-mid": "#3f79a8",
    "blue-pale": "#21405b",
    "alert": "#ff9a6b",
    "alert-pale": "#4a2a1c",
}

WIDE = (10.4, 4.3)
NARROW = (4.3, 4.5)
"""Inches.  On a page a wide figure fills a desktop's column, a narrow one a phone, at about the same size of type."""


def rc(narrow: bool = False) -> dict[Any, Any]:
    """Settings of matplotlib that every figure is built under."""
    size = 9.5 if narrow else 9.0
    return {
        "font.family": "DejaVu Sans",
        "font.size": size,
        "text.color": INK,
        "text.parse_math": False,  # "$5 or $6" is money
        "axes.edgecolor": FAINT,
        "axes.facecolor": "none",
        "axes.labelcolor": MUTED,
        "axes.labelsize": size,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.spines.left": False,
        "axes.axisbelow": True,
        "axes.unicode_minus": False,
        "figure.facecolor": PAPER,
        "grid.color": FAINT,
        "grid.linewidth": 0.6,
        "hatch.linewidth": 0.9,
        "lines.solid_capstyle": "round",
        "lines.linewidth": 1.8,
        "patch.linewidth": 0.8,
        "xtick.color": FAINT,
        "ytick.color": FAINT,
        "xtick.labelcolor": MUTED,
        "ytick.labelcolor": MUTED,
        "xtick.labelsize": size,
        "ytick.labelsize": size,
        "ytick.major.size": 0,
        "svg.fonttype": "none",
        "svg.hashsalt": "burncurve",
    }


def kept(text: str) -> str:
    """Text in which a number and its sign, a figure and its change, a range, a date, a chance stay on one line."""
    held = "\N{NO-BREAK SPACE}"
    text = text.replace(" %", f"{held}%")
    text = re.sub(r"\b(P[\d.]+|mean) (?=[-+±]?\d)", rf"\1{held}", text)
    text = re.sub(r"(?<=\d) to (?=[-+?])", f"{held}to{held}", text)
    text = re.sub(rf"\b(\d\d?) (?=(?:{'|'.join(words.MONTHS)})\b)", rf"\1{held}", text)
    return re.sub(r"([\d,]+) in ([\d,]+)", rf"\1{held}in{held}\2", text)


@contextmanager
def styled(narrow: bool = False) -> Iterator[None]:
    """Build and save figures in this style; the caller's own settings come back afterwards."""
    from matplotlib import rc_context

    with rc_context(rc(narrow)):
        yield


def blank(narrow: bool = False, height: float | None = None) -> tuple[Figure, Axes]:
    """An empty figure with one pair of axes; `height` in inches where the standard one does not fit."""
    from matplotlib.figure import Figure

    width, usual = NARROW if narrow else WIDE
    figure = Figure(figsize=(width, height or usual))
    return figure, figure.add_subplot()


def place(figure: Figure, left: float, right: float, bottom: float, top: float) -> None:
    """Margins around the axes in inches, the same whatever the figure's size."""
    width, height = figure.get_size_inches()
    figure.subplots_adjust(left=left / width, right=1 - right / width, bottom=bottom / height, top=1 - top / height)


def is_narrow(axes: Axes) -> bool:
    """Whether the figure is one for a phone."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    return bool(figure.get_figwidth() <= NARROW[0])


def inches_across(axes: Axes) -> float:
    """Width of the axes on paper."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    return axes.get_position().width * figure.get_figwidth()


def text_inches(text: str, narrow: bool = False, weight: str = "normal") -> float:
    """Width of the widest line of a text on paper."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(family=rc(narrow)["font.family"], size=rc(narrow)["font.size"], weight=weight)
    return max(text_to_path.get_text_width_height_descent(line, font, False)[0] for line in text.split("\n")) / 72


def dress(axes: Axes) -> None:
    """Say the colours of ticks outright: ticks that matplotlib adds later would follow the caller's settings."""
    axes.tick_params(color=FAINT, labelcolor=MUTED, left=False)


def money_axis(axes: Axes, currency: str, which: Literal["x", "y"], *, grid: bool = True) -> None:
    """Round amounts along an axis, in short."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axis = axes.yaxis if which == "y" else axes.xaxis
    axis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    axis.set_major_formatter(FuncFormatter(lambda x, _: words.money_short(x, currency)))
    if grid:
        axis.grid(True)
    dress(axes)


def headline(figure: Figure, finding: str, reading: str, narrow: bool = False) -> None:
    """Put the finding above the axes, and under it in grey how to read the picture; the figure grows to hold them.

    Axes that were already placed keep their size.
    """
    import textwrap

    width, height = figure.get_size_inches()
    title = textwrap.wrap(kept(finding), int(8.1 * width)) or [""]
    small = textwrap.wrap(kept(reading), int((11.4 if narrow else 12.2) * width))
    extra = 0.25 * len(title) + 0.17 * len(small) + 0.12
    _grow(figure, extra)
    tall = height + extra
    y = tall - 0.12
    figure.text(0.12 / width, y / tall, "\n".join(title), va="top", size=12.5, weight="bold", linespacing=1.25)
    y -= 0.25 * len(title) + 0.02
    figure.text(0.12 / width, y / tall, "\n".join(small), va="top", color=MUTED, linespacing=1.3)
    figure.set_label(finding)


def _grow(figure: Figure, extra: float) -> None:
    """Make room above without touching what stands below."""
    width, height = figure.get_size_inches()
    pars = figure.subplotpars
    tall = height + extra
    figure.set_size_inches(width, tall)
    figure.subplots_adjust(
        left=pars.left, right=pars.right, bottom=pars.bottom * height / tall, top=pars.top * height / tall
    )


_HEX = re.compile("|".join(LIGHT.values()), re.IGNORECASE)
_NAMES = {value.lower(): name for name, value in LIGHT.items()}


def svg(figure: Figure, prefix: str) -> str:
    """A figure as a piece of HTML: an ``<svg>`` without addresses, with text as text and colours as CSS variables.

    Parameters
    ----------
    figure : Figure
        Built under `styled`.
    prefix : str
        Makes the ids of this figure its own on the page.
    """
    page = io.StringIO()
    with styled():
        figure.savefig(
            page, format="svg", transparent=True, metadata=dict.fromkeys(("Date", "Creator", "Format", "Type"))
        )
    text = page.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.DOTALL)
    text = re.sub(r'\s(xmlns(:\w+)?|version)="[^"]*"', "", text)
    text = re.sub(r'\s(width|height)="[\d.]+pt"', "", text, count=2)
    text = text.replace("xlink:href", "href")
    text = re.sub(r'(\sid=")', rf"\1{prefix}-", text)
    text = re.sub(r'(href="#|url\(#)', rf"\1{prefix}-", text)
    text = re.sub(r"'DejaVu Sans'(, sans-serif)?", "var(--sans)", text)
    text = _HEX.sub(lambda found: f"var(--{_NAMES[found[0].lower()]})", text)
    return _trimmed(text).strip()


def _trimmed(text: str) -> str:
    """Without comments, and with coordinates at a hundredth of a point: a third of the size, no visible change."""
    text = re.sub(r"<!--.*?-->\s*", "", text, flags=re.DOTALL)
    # its one rule is for every element of the page; the page's own style sheet has it for figures
    text = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>\s*", "", text, flags=re.DOTALL)
    text = re.sub(r"<[^>]+>", lambda tag: re.sub(r"(\d+\.\d\d)\d+", r"\1", tag[0]), text)
    return re.sub(r"\n\s*", "\n", text)
