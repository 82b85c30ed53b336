"""Monte Carlo cost risk of GenAI products: the public face of `simulator`.

>>> import burncurve as bc
>>> r = bc.run("faq", trials=200, seed=7)         # also a path, a dict, or a Scenario
>>> r.spend.quantile(0.50) < r.spend.quantile(0.95)
True
>>> bc.law("0.7 to 1.5").mean()                   # what a law of the language means
1.05...

Names are imported when they are first used, so that ``import burncurve`` is quick.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from simulator import __version__

if TYPE_CHECKING:
    from scenarios.laws import law
    from scenarios.load import load
    from scenarios.logs.reading import LogError
    from scenarios.problems import ScenarioError
    from scenarios.schema import Scenario
    from simulator.backtest import Backtest
    from simulator.calibration import Calibrated, backtest, calibrate
    from simulator.month import PeriodReplay
    from simulator.replay import Replay, replay
    from simulator.result import Result, load_result
    from simulator.run import run

__all__ = [
    "Backtest",
    "Calibrated",
    "LogError",
    "PeriodReplay",
    "Replay",
    "Result",
    "Scenario",
    "ScenarioError",
    "__version__",
    "backtest",
    "calibrate",
    "law",
    "load",
    "load_result",
    "replay",
    "run",
]

_HOMES = {
    "Backtest": ("simulator.backtest", "Backtest"),
    "Calibrated": ("simulator.calibration", "Calibrated"),
    "LogError": ("scenarios.logs.reading", "LogError"),
    "PeriodReplay": ("simulator.month", "PeriodReplay"),
    "Replay": ("simulator.replay", "Replay"),
    "Result": ("simulator.result", "Result"),
    "Scenario": ("scenarios.schema", "Scenario"),
    "ScenarioError": ("scenarios.problems", "ScenarioError"),
    "backtest": ("simulator.calibration", "backtest"),
    "calibrate": ("simulator.calibration", "calibrate"),
    "law": ("scenarios.laws", "law"),
    "load": ("scenarios.load", "load"),
    "load_result": ("simulator.result", "load_result"),
    "replay": ("simulator.replay", "replay"),
    "run": ("simulator.run", "run"),
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"burncurve has no {name}; it has {', '.join(__all__)}")
    module, original = _HOMES[name]
    found = getattr(import_module(module), original)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
