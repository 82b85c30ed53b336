"""Launches that go on step by step: the share of sessions that come from a date on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import PlainSerializer

from scenarios.kinds import Kind, Quantity, noun
from scenarios.plain import Day
from scenarios.problems import Fault, FieldError

_DAY, _SHARE = Day(), Quantity("share", 0, 1)


@dataclass(frozen=True)
class Steps(Kind):
    """Shares by the date from which each holds: `{2026-12-01: 5%, 2026-12-15: 100%}`."""

    def read(self, value: object) -> dict[dt.date, float]:
        """Shares by date, the earliest first."""
        if not isinstance(value, dict):
            raise FieldError(Fault((), f"must be a mapping of dates, not {noun(value)}", value, self.allowed()))
        steps, faults = dict[dt.date, float](), list[Fault]()
        for written, share in value.items():
            try:
                steps[_DAY.read(written)] = _SHARE.read(share)
            except FieldError as error:
                faults += [fault.under((str(written),)) for fault in error.faults]
        if value and not faults and not any(steps.values()):
            hint = "leave out what is never launched, or say from which date sessions come"
            faults.append(Fault((), "lets no session come on any date", value, "at least one share above 0", hint))
        if faults:
            raise FieldError(*faults)
        return dict(sorted(steps.items()))

    def allowed(self) -> str:
        """Words for the reference."""
        return "dates, each with 0 to 1, as in {2026-12-01: 5%, 2026-12-15: 100%}"

    def json_schema(self) -> dict[str, Any]:
        """A mapping of dates to 0 to 1."""
        names = {"pattern": _DAY.json_schema()["pattern"]}
        return {"type": "object", "propertyNames": names, "additionalProperties": _SHARE.json_schema()}

    def neutral(self) -> object:
        """No rollout: all sessions come."""
        return {}


Rollout = Annotated[
    dict[dt.date, float],
    Steps("share"),
    PlainSerializer(lambda steps: {day.isoformat(): share for day, share in steps.items()}),
]


def rollout_share(rollout: Mapping[dt.date, float], day: dt.date) -> float:
    """The share of sessions that come on a day.

    Parameters
    ----------
    rollout : mapping of date to float
        The earliest date first; none at all is no rollout.

    Returns
    -------
    float
        1 without a rollout, 0 before its first date, then the share of the last date at or before the day.

    Examples
    --------
    >>> steps = {dt.date(2026, 12, 1): 0.05, dt.date(2026, 12, 15): 1.0}
    >>> [rollout_share(steps, dt.date(2026, month, day)) for month, day in ((11, 30), (12, 14), (12, 15))]
    [0.0, 0.05, 1.0]
    """
    if not rollout:
        return 1.0
    return next((share for start, share in reversed(tuple(rollout.items())) if start <= day), 0.0)
