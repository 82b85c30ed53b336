"""Scenarios made of others: `extends` merges two, `--set` edits one."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from scenarios.explain import unknown_key
from scenarios.grammar import ROOT, Slot
from scenarios.places import Place, Written, WrittenList
from scenarios.problems import NOTHING, Fault, FieldError, dotted
from scenarios.suggest import did_you_mean

OVERRIDE: Place = ("--set", None)


def merge(base: Written, over: Written, slot: Slot | None = ROOT) -> Written:
    """What `over` says on top of `base`.

    Mappings merge key by key, null removes a key, everything else is replaced; so are laws and an agent's model, which
    are one value however they are written.

    Parameters
    ----------
    base, over : Written
        Not changed.
    slot : Slot, optional
        What stands here; None inside something unknown.
    """
    merged = Written(over.places[None], over.folder)
    for key in (*base, *(key for key in over if key not in base)):
        owner = over if key in over else base
        value = owner[key]
        inner = slot.child(key) if slot else None
        if key in over and value is None and (key in base or inner):
            continue
        if key in over and isinstance(value, Written) and isinstance(base.get(key), Written):
            value = value if inner and inner.whole else merge(base[key], value, inner)
        merged.put(key, value, owner.places[key])
    return merged


def apply_override(tree: Written, text: str, parse: Callable[[str], object]) -> None:
    """Set one value of a tree, `path=value`, or remove it, `path=null`.

    Parameters
    ----------
    tree : Written
        Changed in place.
    text : str
        A dotted path (list items by number from 0, keys that hold dots in quotes), ``=`` and the value in YAML.
    parse : callable
        Text to value.

    Raises
    ------
    FieldError
        One fault, with the path from the root.
    """
    keys, value = _split(text)
    keys = _joined(tree, keys)
    new = parse(value)
    node: Any = tree
    slot: Slot | None = ROOT
    above: list[tuple[Any, str]] = []
    for position, key in enumerate(keys[:-1]):
        above.append((node, key))
        node, slot = _enter(node, slot, keys[: position + 1], key)
    if new is not None:
        _set(node, slot, keys, new)
        return
    _remove(node, slot, keys)
    for parent, key in reversed(above):
        if isinstance(parent, Written) and not parent[key] and parent.places[key] == OVERRIDE:
            parent.drop(key)  # it was made on the way here


def _split(text: str) -> tuple[list[str], str]:
    match = re.match(r"""((?:"[^"]*"|'[^']*'|[^="'])+)=(.*)""", text, re.DOTALL)
    if match is None:
        raise FieldError(Fault((), "is no override", text, "path=value, as in agents.chat.retry.max_attempts=5"))
    parts = re.findall(r""""([^"]*)"|'([^']*)'|([^."']+)""", match[1].strip())
    keys = [(double or single or plain).strip() for double, single, plain in parts]
    if not keys or not all(keys):
        raise FieldError(Fault((), "names no place before the `=`", text, "path=value"))
    if not match[2].strip():
        raise FieldError(Fault(tuple(keys), "has no value after the `=`", hint="write null to remove the key"))
    return keys, match[2]


def _joined(tree: Written, keys: list[str]) -> list[str]:
    """Put names back together that hold dots themselves: of models, of metrics."""
    node: Any = tree
    slot: Slot | None = ROOT
    joined: list[str] = []
    while keys:
        free = slot is not None and slot.each is not None and not slot.listed
        most = len(keys) if free else 1
        length = next((n for n in range(most, 0, -1) if isinstance(node, dict) and ".".join(keys[:n]) in node), 1)
        if free and slot is not None and slot.each is not None and slot.each.kind is not None:
            length = most
        key, keys = ".".join(keys[:length]), keys[length:]
        node = node.get(key) if isinstance(node, dict) else None
        slot = slot.child(key) if slot else None
        joined.append(key)
    return joined


def _enter(node: Any, slot: Slot | None, path: list[str], key: str) -> tuple[Any, Slot | None]:
    """One step down, making the sections on the way that may stand there."""
    if isinstance(node, WrittenList):
        return node[_position(node, path, key)], slot.each if slot else None
    inner = _checked(slot, path, key)
    if key not in node or node[key] is None:
        named = slot is not None and (slot.each is not None or slot.kind is not None)
        if named or (inner is not None and inner.listed):
            raise _absent(node, path, did_you_mean(key, node) if named else f"write {dotted(path)}=[...]")
        node.put(key, Written(OVERRIDE), OVERRIDE)
    elif not isinstance(node[key], dict | list):
        shorthand = inner.section.shorthand if inner and inner.section else None
        if shorthand is None:
            hint = f"write {dotted(path)}=..."
            message = "is a single value here, with nothing inside it"
            raise FieldError(Fault(tuple(path), message, node[key], None, hint))
        written = Written(node.places[key])
        written.put(shorthand, node[key], node.places[key])
        node.put(key, written, node.places[key])
    elif inner is not None and inner.listed and isinstance(node[key], Written):
        node.put(key, _list_of_one(node[key]), node.places[key])
    return node[key], inner


def _list_of_one(item: Written) -> WrittenList:
    items = WrittenList()
    items.append(item)
    items.places.append(item.places[None])
    return items


def _set(node: Any, slot: Slot | None, keys: list[str], value: object) -> None:
    key = keys[-1]
    if isinstance(node, WrittenList):
        position = _position(node, keys, key)
        node[position], node.places[position] = value, OVERRIDE
        return
    _checked(slot, keys, key)
    node.put(key, value, OVERRIDE)


def _remove(node: Any, slot: Slot | None, keys: list[str]) -> None:
    """Take a key away, so that it is what it is by default; what a scenario can't do without stays."""
    key = keys[-1]
    if isinstance(node, WrittenList):
        position = _position(node, keys, key)
        del node[position], node.places[position]
        return
    _checked(slot, keys, key)
    field = slot.section.model_fields.get(key) if slot and slot.section and not slot.whole else None
    if field is not None and field.is_required():
        raise FieldError(Fault(tuple(keys), "is required, and can't be removed", hint=field.description))
    if slot is not None and slot.each is not None and key not in node:
        raise _absent(node, keys, did_you_mean(key, node))
    node.drop(key)


def _absent(node: Written, path: list[str], hint: str | None) -> FieldError:
    return FieldError(Fault(tuple(path), "is not in the scenario", NOTHING, ", ".join(node) or None, hint))


def _checked(slot: Slot | None, path: list[str], key: str) -> Slot | None:
    """What may stand under a key; a key that nothing may stand under is refused."""
    if slot is None or slot.kind is not None or slot.whole:
        return None
    inner = slot.child(key)
    if inner is None:
        raise FieldError(unknown_key(tuple(path)))
    return inner


def _position(node: WrittenList, path: list[str], key: str) -> int:
    if not key.isdecimal() or int(key) >= len(node):
        raise FieldError(Fault(tuple(path), "is no item of the list", key, f"0 to {len(node) - 1}"))
    return int(key)
