"""Every notebook runs from top to bottom, shows its pictures, and its numbers bear out its words."""

from __future__ import annotations

import re
from pathlib import Path

import jupytext
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.py"))


@pytest.fixture(scope="module", params=NOTEBOOKS, ids=lambda path: path.stem)
def executed(request) -> NotebookNode:
    notebook = jupytext.read(request.param)
    NotebookClient(notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": FOLDER}}).execute()
    return notebook


def outputs(notebook: NotebookNode) -> list[NotebookNode]:
    return [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]


def test_there_are_notebooks_and_they_are_kept_as_text():
    assert NOTEBOOKS
    assert not list(FOLDER.glob("*.ipynb"))


def test_a_notebook_runs_without_a_warning(executed):
    assert [output for output in outputs(executed) if output.get("name") == "stderr"] == []


def test_every_figure_is_shown_once(executed):
    drawn = sum("forecast.plot." in cell.source for cell in executed.cells if cell.cell_type == "code")
    shown = [output for output in outputs(executed) if "image/png" in output.get("data", {})]
    assert drawn >= 3
    assert len(shown) == drawn


def test_a_notebook_explains_before_it_computes(executed):
    kinds = [cell.cell_type for cell in executed.cells]
    assert kinds[0] == "markdown"
    assert kinds.count("markdown") >= kinds.count("code") / 2


def test_the_first_forecast_bears_out_what_it_says(executed, request):
    """Averages fall short of the typical month, the volume matters most, and the cap on turns saves money."""
    if "first_forecast" not in request.node.callspec.id:
        pytest.skip("speaks of the first forecast only")
    printed = "".join(output.text for output in outputs(executed) if output.get("name") == "stdout")
    breaks, breaks_with_more, breaks_with_cap = (float(odds) for odds in re.findall(r"(\d+)(?=% |%\.)", printed))
    assert breaks > breaks_with_more
    assert breaks > breaks_with_cap
    least, most = re.findall(r"between \$(\d+) and \$(\d+)", printed)[0]
    assert 0 < float(least) < float(most)
    tables = [output["data"]["text/plain"] for output in outputs(executed) if "text/plain" in output.get("data", {})]
    plan, typical = (float(re.search(rf"{name}.*?(\d+\.\d)", "".join(tables))[1]) for name in ("averages", "P50\\)"))
    assert plan < 0.75 * typical
    assert any(table.startswith("volume ") for table in tables)


def test_the_calibration_bears_out_what_it_says(executed, request):
    """The log costs what it records, laws are like their data, and the half held back is forecast."""
    if "calibrate" not in request.node.callspec.id:
        pytest.skip("speaks of the calibration only")
    printed = "".join(output.text for output in outputs(executed) if output.get("name") == "stdout")
    repriced, recorded = re.findall(r"repriced \$([\d.]+), recorded \$([\d.]+)\.", printed)[0]
    assert repriced == recorded
    assert "Session costs match" in printed
    assert int(re.findall(r"(\d+)% lie within", printed)[0]) > 75
    tables = [output["data"]["text/plain"] for output in outputs(executed) if "text/plain" in output.get("data", {})]
    assert any("agent.turns" in table and "xi" in table for table in tables)
