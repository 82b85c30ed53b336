"""One session on a terminal: why it cost what it did, its tree of agents, its calls in order, and the sum."""

from __future__ import annotations

import textwrap
from html import escape
from typing import TYPE_CHECKING

from simulator.show import words
from simulator.show.replay_calls import call_lines
from simulator.show.replay_day import day_words
from simulator.show.replay_money import Amounts
from simulator.show.replay_tree import tree_lines
from simulator.show.reproduce import replay_command

if TYPE_CHECKING:
    from simulator.replay import Replay

NARROWEST = 60
HEADINGS = ("WHY", "DAY", "AGENTS", "CALLS", "SUM", "AGAIN")
"""What the parts of the screen start with, each at the start of a line."""


def screen(replay: Replay, width: int = 100, everything: bool = False) -> str:
    """A session as text.

    Parameters
    ----------
    replay : Replay
    width : int
        Characters of a line; below 60 it is taken as 60.
    everything : bool
        Whether every agent and call is shown, and not only the dearest, the first and the last.

    Returns
    -------
    str
        Lines without colour, no line's end at the end. None but the command is longer than `width`, if that is 100.
    """
    width = max(width, NARROWEST)
    amounts = Amounts.of(replay.course, replay.scenario.currency)
    why = textwrap.wrap(f"WHY  {_kept(replay.words)}", width, subsequent_indent=5 * " ", break_on_hyphens=False)
    lines = [
        *textwrap.wrap(heading(replay), width),
        "",
        *(line.replace("\u00a0", " ") for line in why),
        *_day(replay, width),
        "",
        *tree_lines(replay, amounts, width, everything),
        "",
        *call_lines(replay, amounts, width, everything),
        "",
        *_sum(replay, width),
    ]
    return "\n".join(lines)


def _day(replay: Replay, width: int) -> list[str]:
    said = day_words(replay)
    return textwrap.wrap(f"DAY  {_kept(said)}", width, subsequent_indent=5 * " ") if said else []


def heading(replay: Replay) -> str:
    """Which session it is."""
    scenario, address = replay.scenario, replay.address
    day = words.full_date(scenario.period.dates[address.day])
    feature = f" of {replay.feature}" if len(scenario.features) > 1 else ""
    where = f"{scenario.unit} {address.session}{feature} on {day} (day {address.day + 1}), trial {address.trial}"
    return f"{scenario.title or scenario.name}: {where}, seed {replay.seed}"


def replay_html(replay: Replay) -> str:
    """A session as a notebook shows it; text from the scenario is escaped."""
    title, _, rest = screen(replay).partition("\n\nWHY")
    body = rest.partition("\n\n")[2]
    why = escape(replay.words)
    return f"<h4>{escape(' '.join(title.split()))}</h4><p style='max-width:50em'>{why}</p><pre>{escape(body)}</pre>"


def _sum(replay: Replay, width: int) -> list[str]:
    exact = f"{replay.course.cost:,.9f}".rstrip("0")
    cents = exact if len(exact.partition(".")[2]) >= 2 else f"{replay.course.cost:,.2f}"
    symbol = words.SYMBOLS.get(replay.scenario.currency, f"{replay.scenario.currency} ")
    unit = replay.scenario.unit
    proof = f"what each table adds up to, and to the last digit what this {unit} cost in the simulation"
    said = f"SUM  {symbol}{cents}: {proof}"
    again = f"AGAIN  {replay_command(replay)}"
    return [*textwrap.wrap(said, width, subsequent_indent=5 * " "), again]


def _kept(text: str) -> str:
    """A number and its % stay together."""
    return text.replace(" %", "\u00a0%").replace(" #", "\u00a0#")
