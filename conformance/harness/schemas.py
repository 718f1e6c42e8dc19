"""``fumo-conformance schema``: the JSON Schemas of everything that strangers read or write."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from conformance.harness import vocabulary as words

_HERE = Path(__file__).resolve().parent
_FILES = {
    "iut": _HERE / "schema" / "iut.schema.json",
    "known": _HERE / "schema" / "known.schema.json",
    "requirements": _HERE / "schema" / "requirements.schema.json",
    "record": _HERE.parent / "report" / "schema" / "record.schema.json",
    "conformance": _HERE.parent / "report" / "schema" / "conformance.schema.json",
}
_TEXTS = {"type": "array", "items": {"type": "string"}}


def schema_of(what: str) -> dict[str, Any]:
    """The schema of ``record`` (a line of it), ``iut``, ``testcase``, ``requirements``, ``known`` (failures) or ``conformance``
    (the statement of a run)."""
    if what == "testcase":
        return testcase_schema()
    loaded: dict[str, Any] = json.loads(_FILES[what].read_text(encoding="utf-8"))
    return loaded


def testcase_schema() -> dict[str, Any]:
    """The schema of a case file, made from the vocabulary."""
    steps = {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/step"}}
    shared: dict[str, dict[str, Any]] = {
        "needs": {
            "anyOf": [
                _TEXTS,
                {
                    "type": "object",
                    "additionalProperties": _TEXTS,
                    "propertyNames": {"enum": ["claims", "verbs", "packages"]},
                },
            ]
        },
        "axes": {"type": "object", "additionalProperties": {"type": "array", "minItems": 1}},
        "kind": {"enum": list(words.KINDS)},
        "level": {"enum": list(words.LEVELS)},
        "ensures": _TEXTS,
        "risk": {"type": "array", "items": {"enum": list(words.RISKS)}},
        "steps": steps,
        "twin": {"type": "string"},
        "purpose": {"type": "string"},
    }
    table: dict[str, dict[str, Any]] = {key: {"description": says, **shared.get(key, {})} for key, says in words.TABLE_KEYS.items()}
    row: dict[str, dict[str, Any]] = {key: {"description": says, **shared.get(key, {})} for key, says in words.ROW_KEYS.items()}
    table["role"]["enum"] = list(words.ROLES)
    table["cases"] = {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/row"}}
    row["title"]["maxLength"] = 60
    row["id"]["pattern"] = "^[a-z0-9][a-z0-9-]*$"
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Case file of fumo-conformance",
        "type": "object",
        "required": ["suite", "purpose", "role", "cases"],
        "additionalProperties": False,
        "properties": table,
        "$defs": {
            "row": {"type": "object", "required": ["id", "title"], "properties": row},
            "step": {"anyOf": [_step(kind) for kind in words.STEPS.values()]},
        },
    }


def _step(kind: words.StepKind) -> dict[str, Any]:
    if kind.nested:
        listed = {"type": "array", "items": {"$ref": "#/$defs/step"}}
        inside: dict[str, Any] = {"anyOf": [listed, {"type": "string", "pattern": r"^\$\{"}]}
    else:
        mapping = {"type": "object", "additionalProperties": False, "properties": {key: {} for key in kind.inside}}
        inside = (
            {"anyOf": [mapping, {"type": ["string", "integer", "null"]}]}
            if kind.scalar
            else {"anyOf": [mapping, {"type": "string"}]}
        )
    return {
        "type": "object",
        "required": [kind.name],
        "description": kind.says,
        "additionalProperties": False,
        "properties": {
            kind.name: inside,
            "expect": {
                "anyOf": [
                    {
                        "type": "object",
                        "additionalProperties": False,
                        "properties": {key: {} for key in kind.expects},
                    },
                    {"type": "string", "pattern": "^\\$\\{[^}]+\\}$"},
                ]
            },
            "ensures": {"type": "string"},
            "note": {"type": "string"},
            "optional": {"anyOf": [{"type": "boolean"}, {"type": "array", "items": {"type": "integer"}}]},
        },
    }


if __name__ == "__main__":
    target = _HERE / "schema" / "testcase.schema.json"
    target.write_text(json.dumps(testcase_schema(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
