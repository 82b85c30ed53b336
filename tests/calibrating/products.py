"""Products whose laws are known, for the round trip."""

from __future__ import annotations

from typing import Any

DAYS = 112
SONNET, HAIKU = "claude-sonnet-4-6", "claude-haiku-4-5"
COMMON: dict[str, Any] = {
    "as_of": "2026-11-22",
    "period": "2026-12",
    "models": {SONNET: f"anthropic/{SONNET}", HAIKU: f"anthropic/{HAIKU}"},
}
"""Models are called in the scenario as in the log, so that a call says its model by name."""

CHAT: dict[str, Any] = COMMON | {
    "volume": {"sessions_per_day": 150, "weekdays": {"sat": 0.5, "sun": 0.4}, "dispersion": 300},
    "features": {"ask": {"agent": "bot", "success_rate": 0.8}},
    "agents": {
        "bot": {
            "model": {SONNET: 0.4, HAIKU: 0.6},
            "system_tokens": 2_000,
            "turns": {"geometric": {"mean": 4}},
            "message_tokens": {"lognormal": {"mu": 4.6, "sigma": 0.8}},
            "output_tokens": {"lognormal": {"mu": 5.4, "sigma": 0.7}},
            "cache": {"first_hit_rate": 0, "hit_rate": 0.7},
            "retry": {"failure_rate": 0.06, "quality_share": 0.4, "max_attempts": 3, "on_exhausted": "fail"},
        }
    },
}

REQUESTS: dict[str, Any] = COMMON | {
    "volume": {"sessions_per_day": 200},
    "features": {"ask": {"agent": "requests"}},
    "agents": {
        "requests": {
            "model": SONNET,
            "turns": 1,
            "prompt_tokens": {"lognormal": {"mu": 6.6, "sigma": 0.9}},
            "output_tokens": {"lognormal": {"mu": 5.0, "sigma": 0.8}},
            "cached_share": 0.2,
        }
    },
}

AGENTS: dict[str, Any] = COMMON | {
    "volume": {"sessions_per_day": 60},
    "features": {"research": {"agent": "lead"}},
    "difficulty": {"lognormal": {"mu": 0, "sigma": 0.4}},
    "agents": {
        "lead": {
            "model": SONNET,
            "system_tokens": 3_000,
            "turns": {"poisson": {"mean": 8}},
            "message_tokens": {"lognormal": {"mu": 5.0, "sigma": 0.7}},
            "output_tokens": {"lognormal": {"mu": 5.5, "sigma": 0.6}},
            "cache": {
                "ttl_minutes": 5,
                "gap_minutes": {"mixture": [{"weight": 0.9, "law": 2}, {"weight": 0.1, "law": 20}]},
            },
            "tools": {
                "search": {"calls_per_turn": {"mixture": [{"weight": 0.5, "law": 0}, {"weight": 0.5, "law": 1}]}}
            },
            "spawns": [{"agent": "reader", "per": "turn", "count": {"poisson": {"mean": 0.3}}, "result_tokens": 400}],
            "sensitivity": {"turns": 1.0, "output_tokens": 0.6},
        },
        "reader": {
            "model": HAIKU,
            "system_tokens": 1_500,
            "turns": {"geometric": {"mean": 3}},
            "message_tokens": {"lognormal": {"mu": 5.5, "sigma": 0.6}},
            "output_tokens": {"lognormal": {"mu": 5.0, "sigma": 0.6}},
        },
    },
}

TWO: dict[str, Any] = COMMON | {
    "volume": {"sessions_per_day": 150, "weekdays": {"sun": 0.6}},
    "features": {
        "write": {"agent": "writer", "share": 0.3, "success_rate": 0.9},
        "sort": {"agent": "sorter", "share": 0.7, "success_rate": 0.7},
    },
    "agents": {
        "writer": {
            "model": SONNET,
            "system_tokens": 1_200,
            "turns": {"geometric": {"mean": 3}},
            "message_tokens": {"lognormal": {"mu": 5.0, "sigma": 0.6}},
            "output_tokens": {"lognormal": {"mu": 6.0, "sigma": 0.7}},
        },
        "sorter": {
            "model": HAIKU,
            "system_tokens": 4_000,
            "turns": {"geometric": {"mean": 2}},
            "message_tokens": {"lognormal": {"mu": 4.0, "sigma": 0.8}},
            "output_tokens": {"lognormal": {"mu": 3.5, "sigma": 0.5}},
        },
    },
}

PRODUCTS = {"chat": CHAT, "requests": REQUESTS, "agents": AGENTS, "two": TWO}

HABIT = 1.5, 0.4
"""Shape and scale of the gamma law of how often a user comes in a day."""

USERS: dict[str, Any] = REQUESTS | {
    "volume": {"users": 400, "sessions_per_user_day": {"gamma": {"shape": HABIT[0], "scale": HABIT[1]}}}
}
"""The same requests, from people of whom some come often."""
