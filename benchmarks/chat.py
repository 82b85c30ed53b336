"""The chat agent that the engine's speed is measured on, as a scenario and as its yardstick's numbers."""

from __future__ import annotations

from benchmarks.yardstick import Chat
from scenarios.load import load
from scenarios.prices import resolve_prices
from simulator.engine.exact import simulate
from simulator.engine.period import Period
from simulator.engine.plan import NANO, compile_program
from simulator.engine.tally import Tally

CHAT = Chat()
DAYS, SESSIONS_PER_DAY = 10, 10_000


class Engine:
    """The exact engine on the chat agent, compiled and warm."""

    def __init__(self) -> None:
        scenario = load(spec())
        self.program, self.period = compile_program(scenario, resolve_prices(scenario)), Period.of(scenario)
        self.run(2)

    def run(self, trials: int, threads: int = 1) -> Tally:
        """Simulate trials of about 100,000 sessions each."""
        return simulate(self.program, self.period, 1, trials, unit=NANO, threads=threads)


def spec() -> dict[str, object]:
    """The scenario in the language."""
    million = 1_000_000
    return {
        "name": "chat-benchmark",
        "as_of": "2026-11-20",
        "period": {"start": "2026-12-01", "days": DAYS},
        "models": {
            "model": {
                "input": CHAT.input_price * million,
                "output": CHAT.output_price * million,
                "cached_input": CHAT.cached_price * million,
                "cache_write": CHAT.write_price * million,
            }
        },
        "volume": {"sessions_per_day": SESSIONS_PER_DAY},
        "agents": {
            "chat": {
                "model": "model",
                "system_tokens": CHAT.system,
                "turns": {"geometric": {"mean": CHAT.mean_turns}},
                "message_tokens": {"lognormal": {"mu": CHAT.message[0], "sigma": CHAT.message[1]}},
                "output_tokens": {"lognormal": {"mu": CHAT.output[0], "sigma": CHAT.output[1]}},
                "cache": {"hit_rate": CHAT.p_hit, "first_hit_rate": CHAT.p_first_hit},
                "retry": {"failure_rate": CHAT.p_fails, "max_attempts": CHAT.attempts},
            }
        },
    }
