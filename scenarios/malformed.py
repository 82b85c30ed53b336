"""Malformed YAML in the words of someone who only wanted to write a scenario."""

from __future__ import annotations

from scenarios.problems import Problem, shown

Spot = tuple[int, int]
"""Line and column, from 0."""

# what the parser says, in words, and what to do
_EXPLAINED: tuple[tuple[str, str, str | None], ...] = (
    ("'\\t'", "a tab indents this line", "YAML indents with spaces only"),
    (
        "mapping values are not allowed",
        "a `:` stands where no key can end",
        "indent the keys of one mapping alike; quote text that holds `: `",
    ),
    ("could not find expected ':'", "this line is no `key: value`", "write a colon and a space after the key"),
    ("expected <block end>", "the indentation fits none of the lines above", "indent the keys of one mapping alike"),
    ("expected ',' or", "a bracket is not closed, or a comma is missing", None),
    ("unexpected end of stream", "a quote is not closed", None),
    ("another document", "a second document begins", "keep one scenario in a file; leave out the line `---`"),
    ("expected the node content", "a value is missing, or a bracket is not closed", None),
    ("undefined alias", "an alias names no anchor", "write `&name` where the value first stands"),
    ("escape", "a backslash stands inside double quotes", "use single quotes, or double the backslash"),
    ("special characters are not allowed", "a control character stands in the text", "remove it"),
    ("cannot start any token", "a value cannot begin with this character", "quote the text"),
)


def malformed(file: str, text: str, reason: str, spot: Spot | None, opened: Spot | None) -> Problem:
    """The problem that a text which is no YAML is.

    Parameters
    ----------
    file, text : str
        Its name and all of it.
    reason : str
        The parser's own words, kept where there are no better ones.
    spot : Spot, optional
        Where it gave up.
    opened : Spot, optional
        Where that which it could not finish began.
    """
    words, hint = next(((words, how) for key, words, how in _EXPLAINED if key in reason), (reason, None))
    if spot is None:
        return Problem(file, None, "", f"is no YAML: {words}", hint=hint)
    since = f"; it began in line {opened[0] + 1}" if opened and opened[0] != spot[0] else ""
    lines = text.splitlines()
    got = shown(lines[spot[0]].strip()) if spot[0] < len(lines) and lines[spot[0]].strip() else None
    message = f"is no YAML: {words}, at column {spot[1] + 1}{since}"
    return Problem(file, spot[0] + 1, "", message, got, hint=hint)
