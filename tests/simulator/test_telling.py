"""Which fields of a log tell its sessions apart: an F test on the logarithms of what they cost."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from simulator.calibration import backtest, calibrate
from simulator.telling import CHANCE, explained


def test_groups_that_say_nothing_are_seldom_told_apart() -> None:
    rng = np.random.default_rng(4)
    rounds = 2_000
    told = sum(explained(np.exp(rng.normal(0, 1, 60)), rng.integers(0, 2, 60)) > 0.0 for _ in range(rounds))
    assert abs(told / rounds - CHANCE) < 4.0 * math.sqrt(CHANCE * (1 - CHANCE) / rounds)


def test_the_share_is_that_of_the_variance_of_logarithms() -> None:
    cost, group = np.exp(np.tile([0.0, 2.0, 3.0, 5.0], 20)), np.tile([0, 0, 1, 1], 20)
    assert explained(cost, group) == pytest.approx(2.25 / 3.25)
    assert explained(cost, np.zeros(80, np.int64)) == 0.0
    assert explained(cost, np.arange(80)) == 0.0  # a name for every session tells nothing
    assert explained(np.append(cost, 0.0), np.append(group, 2)) == pytest.approx(2.25 / 3.25)  # what was free is left


LITELLM = {"call_type": "acompletion", "custom_llm_provider": "anthropic", "startTime": "2026-10-05T09:00:00Z"}


def log_of_two_models(file: Path, litellm: bool) -> Path:
    """Each session with one of two models, one some 19 times as dear; recorded costs are at odds."""
    rng = np.random.default_rng(8)
    lines = ["" if litellm else "conversation_id,model_name,prompt_tokens,completion_tokens,cost,team,weekday"]
    for session in range(240):
        dear = session % 8 == 0
        prompt, team = 2_000, "ab"[dear ^ (session % 5 == 0)]
        for call in range(int(rng.geometric(0.1 if dear else 0.5))):
            out = int(rng.lognormal(5.5, 0.5)) + 1
            model = "claude-opus-4-1" if dear else "claude-3-5-haiku-20241022"
            cost = (15 * prompt + 75 * out if dear else 0.8 * prompt + 4 * out) / 1e6 * rng.uniform(0.2, 0.9)
            if litellm:
                row = {"request_id": f"{session}-{call}", "session_id": f"s{session}", "model": model, "spend": cost}
                lines.append(json.dumps({**LITELLM, **row, "prompt_tokens": prompt, "completion_tokens": out}))
            else:
                lines.append(f"s{session},{model},{prompt},{out},{cost},{team},{call % 3}")
            prompt += out + int(rng.lognormal(4, 1)) + 1
    file.write_text("\n".join(filter(None, lines)) + "\n")
    return file


@pytest.mark.parametrize(("litellm", "field"), [(False, "model_name"), (True, "model")])
def test_what_tells_sessions_apart_is_named_and_works(litellm: bool, field: str, tmp_path: Path) -> None:
    log = log_of_two_models(tmp_path / ("log.jsonl" if litellm else "log.csv"), litellm)
    made = calibrate(log)
    assert [one.field for one in made.telling] == ([field] if litellm else [field, "team"])
    said = " ".join(f"{made}".split())
    assert made.in_sample.simulated == made.in_sample.verdict == "off"
    assert "IS OFF the bill is apart: repriced $" in said
    first, second = made.scenario.notes[:2]
    assert first.startswith("Is off: The bill is apart: repriced $")
    assert second.startswith("Is off: Against 240 sessions of the log: simulated ")
    if not litellm:
        mended = calibrate(log, feature_from=field)
        assert mended.telling == ()
        assert mended.in_sample.simulated != "off"
        assert mended.in_sample.verdict == "off"
        again = backtest(mended.write(tmp_path / "mended.yaml")[0], log)
        assert again.bill == mended.in_sample.bill != ""
