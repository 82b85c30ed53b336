"""What a scenario is, as a hash: equal for equal meaning, whatever the file it came from looks like."""

from __future__ import annotations

import datetime as dt
import json
from hashlib import sha256
from pathlib import Path
from typing import Any

from distributions.law import Law
from distributions.quantity import QuantityError, parse_number
from scenarios.problems import dotted
from scenarios.schema import Scenario
from scenarios.walk import leaves

_ABOUT_THE_FILE = {("extends",), ("notes",), ("volume", "source")}
"""What makes no number another one. Sources of laws have always counted."""


def scenario_sha256(scenario: Scenario) -> str:
    """Hash of everything a scenario says and assumes.

    Parameters
    ----------
    scenario : Scenario
        As loaded. Comments, order of keys, `extends`, `notes`, `60k` for 60000 and spelled-out defaults make no
        difference; which form a law is written in does, and so do the contents of its data file, not its name.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    content = {dotted(leaf.path): _plain(leaf.value) for leaf in leaves(scenario) if leaf.path not in _ABOUT_THE_FILE}
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, Law):
        return {"law": _spec(value.spec, getattr(value.spec, "folder", None)), "source": value.source}
    if isinstance(value, dict):
        return {"~".join(key) if isinstance(key, tuple) else str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, dt.date) else value


def _spec(spec: Any, folder: Path | None) -> Any:
    if isinstance(spec, dict):
        return {key: _file(item, folder) if key == "file" else _spec(item, folder) for key, item in spec.items()}
    if isinstance(spec, list | tuple):
        return [_spec(item, folder) for item in spec]
    if isinstance(spec, bool) or spec is None:
        return spec
    try:
        return parse_number(spec)
    except QuantityError:
        return spec if isinstance(spec, str) else repr(spec)


def _file(name: Any, folder: Path | None) -> str:
    try:
        return sha256(((folder or Path()) / str(name)).read_bytes()).hexdigest()
    except OSError:
        return str(name)
