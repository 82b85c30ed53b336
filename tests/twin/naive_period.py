"""A naive twin of DESIGN section 3: one period at a time, day by day and session by session, in plain Python.

It shares no line with `simulator`. What happens to a trial whatever is done about it is its `Fate`. Two arms live it:
one under the controls, one as if there were none.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from scenarios.schema import CAUSE_COVER, DRIVERS
from tests.twin.naive_calendar import dates_of, monthly_costs, one_time_costs, position, rolled_out, weekday_factor
from tests.twin.naive_fate import Fate, count_at, fate_of, in_force, multiplied
from tests.twin.naive_twin import Session, World, levels

ROUNDING = 1e-12  # floats that are the same on paper have not passed each other


@dataclass
class Day:
    """What came of a day.

    Attributes
    ----------
    sessions, money : by feature
    spend, covered : with fixed costs; what the budget covers of it
    watched : what controls look at: covered, one-time costs left out
    peak : sessions beyond the capacity of the busiest hour
    """

    sessions: Counter = field(default_factory=Counter)
    money: Counter = field(default_factory=Counter)
    spend: float = 0.0
    covered: float = 0.0
    watched: float = 0.0
    peak: float = 0.0


class Arm:
    """One way that a trial goes: under its controls, or under none."""

    def __init__(self, scenario, prices, dice, fate, controls):
        self.scenario, self.prices, self.dice, self.fate = scenario, prices, dice, fate
        self.controls, self.crossed = controls, [0] * len(controls)
        self.covers = () if scenario.budget is None else scenario.budget.covers
        self.dates = dates_of(scenario)
        self.days = []

    def acting(self, number):
        """Controls in force on a day, from the one after a delay on that follows the day of their crossing."""
        return [
            control
            for control, crossed in zip(self.controls, self.crossed, strict=True)
            if crossed and number + 1 >= crossed + 1 + control.delay_days
        ]

    def close(self, day):
        """End a day: its fixed costs, and a look at the thresholds."""
        self.days.append(day)
        number = len(self.days)
        watched = sum(day.watched for day in self.days)
        for place, control in enumerate(self.controls):
            if not self.crossed[place] and watched > control.at * self.scenario.budget.amount * (1 + ROUNDING):
                self.crossed[place] = number

    def pass_over(self, number):
        """A day before the period is simulated: all that is known of it stands on the last such day."""
        spent = self.scenario.spent
        if self.dates[number] != spent.through:
            self.close(Day())
            return
        once = sum(one_time_costs(self.scenario, day) for day in self.dates[: number + 1])
        unwatched = min(once, spent.amount) if "one_time" in self.covers else 0.0
        self.close(Day(spend=spent.amount, covered=spent.amount, watched=spent.amount - unwatched))

    def live(self, number):
        """Simulate a day, session by session."""
        scenario, date, acting = self.scenario, self.dates[number], self.acting(number)
        on = {name: one for name in self.fate.happened if (one := in_force(self.fate.happened[name], number))}
        today = self.levels(number, on, acting)
        day, counts = Day(), self.counts(number, today["volume"], acting)
        n, peak = sum(counts.values()), scenario.volume.peak_hour
        day.peak = max(0.0, peak.share * n - peak.capacity) if peak is not None else 0.0
        for name, count in counts.items():
            day.sessions[name] = count
            for _ in range(count):
                world = self.world(number, today, on, acting, day.peak / n)
                self.pay(day, name, Session(scenario, name, world, self.dice).run())
        for cover, cost in {
            "fixed": monthly_costs(scenario, date),
            "one_time": one_time_costs(scenario, date),
        }.items():
            day.spend += cost
            day.covered += cost * (cover in self.covers)
            day.watched += cost * (cover in self.covers) * (cover != "one_time")
        self.close(day)

    def levels(self, number, on, acting):
        """Driver levels of a day for a session that no event with a share hits."""
        scenario, fate = self.scenario, self.fate
        months = position(self.dates[number]) - position(self.dates[0])
        today = {n: fate.drawn.get(n, 1.0) * (1 + scenario.trends.get(n, 0.0)) ** months for n in DRIVERS}
        for name, one in on.items():
            if scenario.events[name].share == 1:
                today = multiplied(today, one.factors)
        for control in acting:
            today = multiplied(today, control.multiplies)
        return today

    def counts(self, number, volume_level, acting):
        """Sessions of each feature."""
        scenario, date = self.scenario, self.dates[number]
        if any(control.stop for control in acting):
            return dict.fromkeys(scenario.features, 0)
        g, uniforms = self.fate.luck[number]
        mean = self.fate.base * weekday_factor(scenario.volume, date) * volume_level * g
        mean *= rolled_out(scenario.volume.rollout, date)
        return {
            name: count_at(uniforms[name], mean * feature.share * rolled_out(feature.rollout, date))
            for name, feature in scenario.features.items()
        }

    def world(self, number, today, on, acting, excess):
        """What one session finds: the day's levels and routes, and what hits it alone."""
        scenario, dice = self.scenario, self.dice
        routes, mine = {}, dict(today)
        for name, one in on.items():
            event = scenario.events[name]
            if event.share < 1:
                if not dice.happens(event.share):
                    continue
                mine = multiplied(mine, one.factors)
            routes |= event.route
        for control in acting:
            routes |= control.route
        peak = scenario.volume.peak_hour
        factor = peak.failure_factor if peak is not None and dice.happens(excess) else 1.0
        cards = {model: by_day[number] for model, by_day in self.prices.cards.items()}
        return World(cards, levels(**mine), scenario.usd_rate, followed(routes), factor)

    def pay(self, day, name, bill):
        covered = sum(money for (_, cause, _), money in bill.cells.items() if CAUSE_COVER[cause] in self.covers)
        day.money[name] += bill.cost
        day.spend += bill.cost
        day.covered += covered
        day.watched += covered


def followed(routes):
    """Routes to where calls arrive: from A to C, where A's go to B and B's to C."""
    arrives = {}
    for source, target in routes.items():
        arrives[source] = target
        while arrives[source] in routes:
            arrives[source] = routes[arrives[source]]
    return arrives


# -- a trial: both ways --------------------------------------------------------------------------------


@dataclass
class Trial:
    """One simulated period, under the controls and without them.

    Attributes
    ----------
    event_days : days on which each event was in force, of those that were simulated
    turned_away : sessions that would have come without the controls
    """

    fate: Fate
    held: Arm
    free: Arm
    event_days: dict
    turned_away: int

    @property
    def spend(self):
        return sum(day.spend for day in self.held.days)


def trial(scenario, prices, dice):
    """Simulate one period, session by session."""
    met = fate_of(scenario, dice)
    held = Arm(scenario, prices, dice, met, scenario.controls)
    free = Arm(scenario, prices, dice, met, ())
    simulated = [number for number, day in enumerate(held.dates) if not past(scenario, day)]
    for number in range(len(held.dates)):
        for arm in (held, free):
            if number not in simulated:
                arm.pass_over(number)
            elif arm is free and not held.acting(number):
                arm.close(held.days[number])  # the same day: nothing is done about it yet
            else:
                arm.live(number)
    on = {
        name: sum(in_force(happened, number) is not None for number in simulated)
        for name, happened in met.happened.items()
    }
    return Trial(met, held, free, on, turned_away(held, free))


def past(scenario, day):
    return scenario.spent is not None and day <= scenario.spent.through


def turned_away(held, free):
    pairs = zip(held.days, free.days, strict=True)
    return sum(max(0, there.sessions[f] - here.sessions[f]) for here, there in pairs for f in there.sessions)
