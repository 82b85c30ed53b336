"""Numbers, dates and causes in the words that a director reads: shared by the screen, the figures and the report.

Everything here takes plain values and returns plain text with ordinary spaces; whoever sets type (the report) makes
the spaces that must not break unbreakable.  Money is said at three significant digits, because a simulation knows no
more; what the user stated himself is said as stated (`money_stated`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

from distributions.quantity import signed_percent
from simulator.risk.verdict import FEWEST

SYMBOLS: Mapping[str, str] = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹", "KRW": "₩", "BRL": "R$"}

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
LONG_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
LONG_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

CAUSE_WORDS: Mapping[str, str] = {
    "system": "system prompts",
    "message": "new messages",
    "whole_prompt": "whole prompts",
    "retrieval": "retrieved documents",
    "history": "history re-sent",
    "output": "answers written",
    "output_and_fees": "answers and call fees",
    "reasoning": "reasoning",
    "retries": "retries",
    "compaction": "context summaries",
    "tools": "tools",
    "handoff": "people taking over",
    "human_review": "people reviewing",
    "overheads": "overheads",
    "fixed": "fixed costs",
    "spent": "spent to date",
}

DRIVER_WORDS: Mapping[str, str] = {
    "volume": "volume",
    "turns": "turns",
    "message_tokens": "message length",
    "output_tokens": "answer length",
    "context": "context size",
    "fanout": "agents spawned",
    "failure_rate": "failure rate",
    "cache_hit": "cache hits",
    "tool_calls": "tool calls",
    "misses": "unsuccessful outcomes",
    "human_review": "human review",
    "price": "prices",
}

# "1 in 6", "2 in 3": the fractions that people say, from a tenth to nine tenths
_SPOKEN = sorted(
    {Fraction(1, n) for n in range(2, 11)}
    | {Fraction(n - 1, n) for n in range(3, 11)}
    | {Fraction(2, 5), Fraction(3, 5), Fraction(3, 10), Fraction(7, 10), Fraction(9, 20), Fraction(11, 20)}
)
GUESS, UNKNOWN = "anybody's guess", "unknown"
"""What fewer than `FEWEST` trials say of a chance."""

ABSURD, ABSURDLY_SMALL = 1e15, 1e-12
"""Amounts beyond these are slips of the pen, and nobody reads their digits."""

_ROUND = (1, 1.2, 1.5, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 9, 10)


# Money and numbers


def round_to(x: float, digits: int = 3) -> float:
    """`x` at so many significant digits; 0, infinities and NaN as they are."""
    if x == 0 or not math.isfinite(x):
        return x
    try:
        return round(x, digits - 1 - math.floor(math.log10(abs(x))))
    except OverflowError:  # the largest floats have nothing to be rounded up to
        return x


def money(amount: float, currency: str = "USD", digits: int = 3) -> str:
    """An amount at three significant digits: ``$83,800``, ``$4.20``, ``$0.000568``, ``-$1,200``, ``PLN 1.23 billion``.

    Parameters
    ----------
    amount : float
        In the currency's main unit.
    currency : str
        ISO code; those without a familiar sign are written as their code.
    digits : int
        Three say what a simulation knows; more tell neighbours apart.
    """
    return _signed(amount, currency, _rounded(abs(amount), digits))


def money_stated(amount: float, currency: str = "USD") -> str:
    """An amount that a person stated, in full: ``$123,456``, ``$0.05``; from 1e15 on as a power: ``$1.00e300``."""
    size = abs(amount)
    if size >= ABSURD or 0 < size < ABSURDLY_SMALL:
        return _signed(amount, currency, _scientific(size, 8))
    if not math.isfinite(size) or size == int(size):
        return _signed(amount, currency, f"{size:,.0f}" if math.isfinite(size) else _rounded(size))
    return _signed(amount, currency, _decimals(size, max(2, _places(size))))


def cents(amount: float, currency: str = "USD") -> str:
    """An amount as a bill has it, to the cent; what is less than half of one is no nothing: ``< $0.01``."""
    if 0 < amount < 0.005:
        return f"< {money_stated(0.01, currency)}"
    return money_stated(round(amount, 2), currency)


def money_short(amount: float, currency: str = "USD") -> str:
    """An amount for an axis or a narrow column: ``$120k``, ``$1.25M``, ``$0.05``."""
    size = abs(amount)
    if round_to(size) >= ABSURD:
        return _signed(amount, currency, _scientific(size, 2))
    for unit, letter in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        if math.isfinite(size) and round_to(size) >= unit:
            return _signed(amount, currency, f"{round_to(size) / unit:g}{letter}")
    rounded = round_to(size)
    return _signed(amount, currency, f"{rounded:.0f}" if rounded % 1 == 0 else _rounded(size))


def money_change(change: float, currency: str = "USD") -> str:
    """A difference with its sign: ``+$9,000``, ``-$1,200``, ``±$0`` for none."""
    if change == 0:
        return "±" + money(0.0, currency)
    return ("+" if change > 0 else "") + money(change, currency)


def _signed(amount: float, currency: str, digits: str) -> str:
    symbol = SYMBOLS.get(currency, f"{currency} ")
    return f"{'-' if amount < 0 else ''}{symbol}{digits}"


def _rounded(size: float, digits: int = 3) -> str:
    if not math.isfinite(size):
        return "∞" if size > 0 else "?"
    rounded = round_to(size, digits)
    if rounded >= ABSURD:
        return _scientific(size, 2)
    for unit, word in ((1e12, "trillion"), (1e9, "billion")):
        if rounded >= unit:
            return f"{rounded / unit:,.{digits + 1}g} {word}"
    if rounded >= 10 ** (digits - 1) or rounded == 0 or (rounded >= 10 and rounded % 1 == 0):
        return f"{rounded:,.0f}"
    if rounded < ABSURDLY_SMALL:
        return _scientific(size, 2)
    return _decimals(rounded, max(2, _places(rounded)))


def _scientific(size: float, most: int) -> str:
    """``1.00e300``: two decimals, and up to `most` where the amount has them."""
    if not math.isfinite(size):
        return _rounded(size)
    digits, power = f"{size:.{most}e}".split("e")
    whole, _, decimals = digits.partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(2, '0')}e{int(power)}"


def _places(size: float) -> int:
    """How many decimals show an amount as stated, at most to the ninth significant digit."""
    leading = math.floor(math.log10(size))
    return len(f"{size:.{max(0, 8 - leading)}f}".partition(".")[2].rstrip("0"))


def _decimals(size: float, places: int) -> str:
    return f"{size:,.{places}f}"


def count(n: float) -> str:
    """A count: ``10,000`` in full up to a million, then ``1.2 million``, ``3 billion``, ``1.00e20``."""
    if math.isfinite(n) and round_to(n) >= ABSURD:
        return _scientific(n, 2)
    for unit, word in ((1e12, "trillion"), (1e9, "billion"), (1e6, "million")):
        if round_to(n) >= unit:
            return f"{round_to(n) / unit:g} {word}"
    return f"{n:,.0f}"


def about(x: float) -> str:
    """A number at three significant digits: ``279,000``, ``0.5``, ``1.2 million``."""
    return f"{round_to(x):,g}" if abs(x) < 1e6 else count(x)


def times(factor: float) -> str:
    """A multiple: ``1.7x``, ``12x``, ``0.85x``; near 1 with what sets it apart, ``1.04x``."""
    return f"{round(factor, 2) if 0.9 < factor < 1.1 else round_to(factor, 2):g}x"


def often(n: int) -> str:
    """``once``, ``twice``, ``3 times``."""
    return {1: "once", 2: "twice"}.get(n, f"{n:,} times")


def plural(unit: str, n: float = 2) -> str:
    """The word for `n` units: ``session``, ``sessions``, ``queries``, ``branches``."""
    if n == 1:
        return unit
    if unit.endswith("y") and unit[-2:-1] not in tuple("aeiou"):
        return unit[:-1] + "ies"
    return unit + ("es" if unit.endswith(("s", "x", "z", "ch", "sh")) else "s")


def listing(words: Sequence[str], last: str = "and") -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return f" {last} ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


# Chances and shares


def percent(p: float, places: int = 1) -> str:
    """A share: ``16.5 %``, ``0.04 %``, ``99.98 %``; only what is nothing or all is ``0 %`` or ``100 %``.

    A figure rounds to so many decimals, and to more where those would be off by over a twentieth of the share or of
    what is left of 100: odds beside it then agree, and nothing next to 0 or 100 is said to be there.
    """
    # ties go to the even digit: a share and its complement then add up to 100
    exact = Decimal(repr(round(100 * p, 9)))
    room = min(exact, abs(100 - exact)) / 20
    for n in range(places, 12):
        rounded = exact.quantize(Decimal(1).scaleb(-n), ROUND_HALF_EVEN)
        if p in (0.0, 1.0) or (rounded not in (0, 100) and abs(rounded - exact) <= room):
            return f"{_plain(rounded)} %"
    return f"{100 * p:g} %"


def percent_change(change: float) -> str:
    """A change by a share, in words: ``8 % less``, ``12.5 % more``, ``neither more nor less``."""
    if change == 0:
        return "neither more nor less"
    return f"{percent(abs(change), 0)} {'more' if change > 0 else 'less'}"


def apart(difference: float, places: int = 0) -> str:
    """A relative difference with its sign: ``+11 %``, ``-0.4 %``; ``0 %`` has none, ``from 0`` is one from nothing."""
    if not math.isfinite(difference):
        return "from 0"
    return signed_percent(difference, places)


def percent_range(low: float, high: float) -> str:
    """An interval of shares, its ends told apart: ``7.2 to 8.2 %``."""
    for places in range(1, 9):
        first, last = percent(low, places), percent(high, places)
        if first != last:
            return f"{first.removesuffix(' %')} to {last}"
    return percent(high)


def _plain(x: Decimal) -> str:
    """A number without zeros at the end of its decimals."""
    text = f"{x:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def hundred(values: Iterable[float], decimals: int = 0) -> list[float]:
    """Shares of a total in percent, rounded so that they add up to exactly 100 (largest remainders).

    Parameters
    ----------
    values : iterable of float
        Non-negative parts; all zero gives all zero.
    decimals : int
        Decimals of a percent.

    Returns
    -------
    list of float
        One a part, in order; ties go to the earlier one.
    """
    parts = [float(v) for v in values]
    total = math.fsum(parts)
    if total <= 0:
        return [0.0 for _ in parts]
    scale = 10**decimals
    exact = [100 * scale * part / total for part in parts]
    floors = [math.floor(x) for x in exact]
    missing = 100 * scale - sum(floors)
    order = sorted(range(len(parts)), key=lambda i: (floors[i] - exact[i], i))
    for i in order[:missing]:
        floors[i] += 1
    return [n / scale for n in floors]


def odds(p: float) -> str:
    """A chance as people say it: ``1 in 6``, ``2 in 3``, ``1 in 400``; 0 and 1 are ``none`` and ``certain``."""
    if p <= 0 or p >= 1:
        return "none" if p <= 0 else "certain"
    if 0.095 <= p <= 0.905:
        near = min(_SPOKEN, key=lambda f: (round(abs(float(f) - p), 12), f.denominator))
        return f"{near.numerator} in {near.denominator}"
    rare = _spoken_number(1 / min(p, 1 - p))
    return f"1 in {rare:,}" if p < 0.5 else f"{rare - 1:,} in {rare:,}"


def odds_of(hits: int, trials: int) -> str:
    """The chance that `hits` of `trials` say: never 0 of what was merely not seen.

    No hit is the upper end of the 95 % interval, ``less than 1 in 3,000`` in 10,000 trials (the rule of three), and
    all hits its lower end, ``more than 2,999 in 3,000``.

    Examples
    --------
    >>> odds_of(1_650, 10_000), odds_of(0, 10_000)
    ('1 in 6', 'less than 1 in 3,000')
    """
    if trials < FEWEST:
        return GUESS
    if 0 < hits < trials:
        return odds(hits / trials)
    n = _unseen(trials)
    return f"less than 1 in {n:,}" if hits == 0 else f"more than {n - 1:,} in {n:,}"


def percent_of(hits: int, trials: int) -> str:
    """The share that `hits` of `trials` say, as careful as `odds_of` with what was never seen: ``less than 0.03 %``."""
    if trials < FEWEST:
        return UNKNOWN
    if 0 < hits < trials:
        return percent(hits / trials)
    most = _unseen_percent(trials)
    return f"less than {_plain(most)} %" if hits == 0 else f"more than {_plain(100 - most)} %"


def _unseen(trials: int) -> int:
    """The n of "less than 1 in n", of what no trial met: one digit where that says it to an eighth, else two."""
    most = 1 / (1 - 0.05 ** (1 / trials))
    short = round_down(most)
    return round(short if short > 0.88 * most or most < 10 else round_down(most, 2))


def _unseen_percent(trials: int) -> Decimal:
    """The same in percent, at one digit or two: never below the bound, and never far from the odds beside it."""
    n, bound = _unseen(trials), 1 - 0.05 ** (1 / trials)
    share = round_to(1 / n, 1)
    if share < bound or abs(n * share - 1) > 0.12:
        share = _round_up(1 / n, 2)
    return Decimal(repr(round(100 * share, 9)))


def over_budget(hits: int, trials: int, budget: float, currency: str = "USD") -> str:
    """The verdict in one sentence, such as ``1 in 6 chance of going over the $100,000 budget (16.5 %)``.

    Parameters
    ----------
    hits, trials : int
        Trials over the budget, of how many.
    budget : float
        As stated, in `currency`.
    """
    chance = odds_of(hits, trials)
    if chance == GUESS:
        return f"Too few trials ({trials:,}) to say whether the {money_stated(budget, currency)} budget holds."
    of_over = f"chance of going over the {money_stated(budget, currency)} budget"
    return f"{chance[0].upper()}{chance[1:]} {of_over} ({percent_of(hits, trials)})."


def to_be_sure(p95: float, budget: float, currency: str = "USD") -> str:
    """What would hold in 95 % of trials, such as ``To be 95 % sure of holding it, budget $109,000 (+$9,000)``.

    The difference is that of the figures shown, so that a reader who subtracts finds it right.
    """
    change = round_to(p95) - budget
    if change > 0:
        return f"To be 95 % sure of holding it, budget {money(p95, currency)} ({money_change(change, currency)})."
    if change == 0:
        return f"That is what 95 % certainty takes: {money(p95, currency)}."
    return f"95 % certainty takes {money(p95, currency)}: {money(-change, currency)} to spare."


def round_down(x: float, digits: int = 1) -> float:
    """`x` cut to so many significant digits: 3,338 to 3,000."""
    step = 10.0 ** (math.floor(math.log10(x)) - digits + 1)
    return math.floor(x / step) * step


def _round_up(x: float, digits: int) -> float:
    step = 10.0 ** (math.floor(math.log10(x)) - digits + 1)
    return math.ceil(round(x / step, 6)) * step


def _spoken_number(n: float) -> int:
    """The n of "1 in n": whole below 100, then 100, 120, 150, 200, 250 and so on."""
    if n < 99.5:
        return math.floor(n + 0.5)
    step: int = 10 ** math.floor(math.log10(n))
    return round(min((m * step for m in _ROUND), key=lambda whole: abs(whole - n)))


# Dates and periods


def day_word(day: date, weekday: bool = True) -> str:
    """``Mon 28 Dec``, or ``28 Dec``."""
    text = f"{day.day} {MONTHS[day.month - 1]}"
    return f"{WEEKDAYS[day.weekday()]} {text}" if weekday else text


def full_date(day: date) -> str:
    """``20 Nov 2026``."""
    return f"{day_word(day, weekday=False)} {day.year}"


def day_range(first: date, last: date) -> str:
    """``19 to 31 Dec``, ``28 Nov to 3 Dec``, ``28 Dec 2026 to 3 Jan 2027``, or the one day."""
    if first == last:
        return day_word(first, weekday=False)
    if first.year != last.year:
        return f"{full_date(first)} to {full_date(last)}"
    start = str(first.day) if first.month == last.month else day_word(first, weekday=False)
    return f"{start} to {day_word(last, weekday=False)}"


def period_noun(start: date, days: int) -> str:
    """What one period is called: ``day``, ``week``, ``month``, ``quarter``, ``year``, else ``period``."""
    after = start + timedelta(days=days)
    if start.day == 1 and after.day == 1:
        months = 12 * (after.year - start.year) + after.month - start.month
        named = {1: "month", 3: "quarter", 12: "year"}
        if months in named:
            return named[months]
    return {1: "day", 7: "week"}.get(days, "period")


def period_name(start: date, days: int) -> str:
    """``December 2026``, ``Q4 2026``, ``2027``, else ``1 Dec 2026 to 15 Jan 2027``."""
    noun = period_noun(start, days)
    if noun == "month":
        return f"{LONG_MONTHS[start.month - 1]} {start.year}"
    if noun == "quarter" and start.month % 3 == 1:
        return f"Q{1 + start.month // 3} {start.year}"
    if noun == "year" and start.month == 1:
        return str(start.year)
    last = start + timedelta(days=days - 1)
    return f"{full_date(start)} to {full_date(last)}" if days > 1 else full_date(start)


def period_when(start: date, days: int) -> str:
    """``in December 2026``, ``from 1 Dec 2026 to 15 Jan 2027``, ``on 7 Dec 2026``."""
    name = period_name(start, days)
    return f"{'on' if days == 1 else 'from' if ' to ' in name else 'in'} {name}"


def weekdays(numbers: Sequence[int]) -> str:
    """Days of the week, 0 for Monday, ascending: ``Mondays to Fridays``, ``Mondays, Thursdays and Fridays``."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    names: list[str] = []
    for run in runs:
        said = [f"{LONG_WEEKDAYS[number]}s" for number in run]
        names += said if len(said) < 3 else [f"{said[0]} to {said[-1]}"]
    return listing(names)


# Causes


def cause_words(cause: str, agents: Sequence[str] = (), details: Sequence[str] = ()) -> str:
    """A cause as people say it: ``history re-sent by planner and executor``, ``tools search and read of planner``.

    Parameters
    ----------
    cause : str
        One of the keys of `CAUSE_WORDS`, which tells two causes apart more finely than the attribution does; an unknown
        one is said as it is.
    agents : sequence of str
        Whose; none leaves them out.
    details : sequence of str
        Names of the tools or the fixed costs that are meant; none means all.
    """
    words = CAUSE_WORDS.get(cause, cause.replace("_", " "))
    if details:
        named = listing(details)
        words = f"{plural('tool', len(details))} {named}" if cause == "tools" else f"{words}: {named}"
    link = "by" if cause in ("history", "output", "output_and_fees", "reasoning", "retries") else "of"
    return f"{words} {link} {listing(agents)}" if agents else words
