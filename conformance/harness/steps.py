"""What is wrong with the steps of a case file, in words. What can only be known when a case is played is left alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from conformance.harness import choices
from conformance.harness import vocabulary as words
from conformance.harness.forms import style_faults


def step_faults(step: Any, role: str) -> Iterator[str]:
    """What is wrong with one step of a case for an implementation of that role."""
    if not isinstance(step, dict):
        yield "expected a mapping"
        return
    name = words.kind_of(step)
    kind = words.STEPS.get(name)
    if kind is None:
        keys = [key for key in step if key not in words.MODIFIERS]
        yield f"expected exactly one of {', '.join(words.STEPS)}; found {', '.join(map(str, keys)) or 'nothing'}"
        return
    if role not in kind.roles:
        yield f"{name} is no step of a {role} case"
    if kind.nested:
        yield from _nested_faults(name, step[name], role)
    else:
        yield from _value_faults(kind, step[name])
    for key in ("ensures", "note"):
        if key in step and not isinstance(step[key], str):
            yield f"{name}: {key}: expected a text"
    if "optional" in step and not isinstance(step["optional"], bool | list):
        yield f"{name}: optional: expected true or false, or a list of codes"
    yield from _expect_faults(name, kind, step.get("expect"))


def _nested_faults(name: str, value: Any, role: str) -> Iterator[str]:
    if not isinstance(value, list) or not value:
        yield f"{name}: expected a list of commands"
        return
    for inner in value:
        if not isinstance(inner, dict) or words.kind_of(inner) not in words.COMMANDS:
            yield f"{name} holds commands only"
        else:
            yield from step_faults(inner, role)


def _value_faults(kind: words.StepKind, value: Any) -> Iterator[str]:
    name = kind.name
    if isinstance(value, dict):
        for key in value:
            if key not in kind.inside:
                yield f"{name}: unknown key {key!r}; expected one of {', '.join(kind.inside) or 'none'}"
        for key in words.NEEDED.get(name, ()):
            if not any(one in value for one in key.split("|")):
                yield f"{name}: {key.replace('|', ' or ')} is missing"
        yield from _document_faults(name, value.get("tnds"))
        if name == "session":
            yield from _with_faults(value.get("with"))
        if isinstance(value.get("trouble"), dict):
            yield from _trouble_faults(value["trouble"])
        if name in words.COMMANDS and "items" in value:
            yield from _item_faults(name, value["items"])
        if name in ("device", "form"):
            yield from (f"{name}: {fault}" for fault in style_faults(value))
        if name == "state" and not isinstance(value.get("found", []), list):
            yield "state: found: expected a list of States"
        if name == "device":
            yield from _send_faults(value.get("send", []))
        for key, inner in value.items():
            yield from _choice_faults(f"{name}: {key}", choices.CHOICES.get((name, key)), inner)
    elif isinstance(value, list) or (not kind.scalar and value is not None):
        yield f"{name}: expected a mapping"
    elif value is None and words.NEEDED.get(name):
        yield f"{name}: {words.NEEDED[name][0].replace('|', ' or ')} is missing"
    elif value is not None:
        yield from _choice_faults(name, choices.CHOICES.get((name, "")), value)


def _document_faults(name: str, rows: Any) -> Iterator[str]:
    """What is wrong with the nodes of a TNDS document; one that a row fills in is looked at there."""
    if rows is None or (isinstance(rows, str) and "${" in rows):
        return
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) and "at" in row for row in rows):
        yield f"{name}: tnds: expected a list of nodes, each with at"
        return
    for key in dict.fromkeys(key for row in rows for key in row):
        if key not in words.TNDS_KEYS:
            yield f"{name}: tnds: unknown key {key!r}; expected one of {', '.join(words.TNDS_KEYS)}"


def _with_faults(given: Any) -> Iterator[str]:
    """What is wrong with the manner of a session."""
    if given is not None and not isinstance(given, dict):
        yield "session: with: expected a mapping"
        return
    for key, value in (given or {}).items():
        if key not in choices.SESSION_WITH:
            yield f"session: with: unknown key {key!r}; expected one of {', '.join(choices.SESSION_WITH)}"
        yield from _choice_faults(f"session: with: {key}", choices.CHOICES.get(("with", key)), value)
    yield from (f"session: with: {fault}" for fault in style_faults(given or {}))


def _trouble_faults(given: dict[str, Any]) -> Iterator[str]:
    """What is wrong with the trouble that the suite's device is to make."""
    for key in given:
        if key not in ("when", "does", "times", "at"):
            yield f"device: trouble: unknown key {key!r}; expected one of when, does, times, at"
    for key in ("when", "does"):
        if key not in given:
            yield f"device: trouble: {key} is missing"
        yield from _choice_faults(f"device: trouble: {key}", choices.CHOICES[("trouble", key)], str(given.get(key, "")))


def _item_faults(name: str, given: Any) -> Iterator[str]:
    """What is wrong with the Items of a command."""
    if isinstance(given, str) and given.startswith("${"):
        return
    if not isinstance(given, list):
        yield f"{name}: items: expected a list"
        return
    for key in (key for each in given if isinstance(each, dict) for key in each):
        if key not in words.ITEM_KEYS:
            yield f"{name}: items: unknown key {key!r}; expected one of {', '.join(words.ITEM_KEYS)}"


def _send_faults(given: Any) -> Iterator[str]:
    """What is wrong with the things that the suite's device is to send."""
    for each in given if isinstance(given, list) else [None]:
        if not isinstance(each, dict) or sum(key in words.SENT for key in each) != 1:
            yield f"device: send: expected a list of mappings with one of {', '.join(words.SENT)}"
            return
        for key in each:
            if key not in (*words.SENT, *words.SENT_WITH):
                yield f"device: send: unknown key {key!r}; expected one of {', '.join((*words.SENT, *words.SENT_WITH))}"


def _choice_faults(where: str, choices: tuple[str, ...] | None, value: Any) -> Iterator[str]:
    """A word that is none of the choices; ``${...}`` of an axis is filled in later."""
    if choices and isinstance(value, str) and "${" not in value and value not in choices:
        yield f"{where}: {value!r} is none of {', '.join(choices)}"


def _expect_faults(name: str, kind: words.StepKind, expect: Any) -> Iterator[str]:
    if expect is None:
        return
    if not isinstance(expect, dict):
        yield f"{name}: expect: expected a mapping"
        return
    for key, value in expect.items():
        if key not in kind.expects:
            yield f"{name}: expect: unknown key {key!r}; expected one of {', '.join(kind.expects) or 'none'}"
        if isinstance(value, dict):
            for what in _matcher_faults(value):
                yield f"{name}: expect.{key}: {what}"


def _matcher_faults(matcher: dict[str, Any]) -> Iterator[str]:
    for key, value in matcher.items():
        if key not in words.MATCHER_KEYS:
            yield f"unknown key {key!r}; expected one of {', '.join(words.MATCHER_KEYS)}"
        elif key in ("because", "ensures") and not isinstance(value, str):
            yield f"{key}: expected the id of {'an ambiguity' if key == 'because' else 'a requirement'}"
    if "accept" in matcher and not matcher.get("because"):
        yield "accept needs because: the id of an ambiguity"
    if matcher.get("class", "error") not in ("success", "error"):
        yield "class is success or error"
    try:
        re.compile(str(matcher.get("matches", "")))
    except re.error as fault:
        yield f"matches is no regular expression: {fault}"
