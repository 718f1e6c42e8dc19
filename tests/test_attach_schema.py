"""The JSON Schema of IUT files: it says the same as the reader."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from iutfiles import CLIENT, SERVER, changed, write

from conformance.harness import iut as iutfile
from conformance.harness import reach
from conformance.harness.iut import FileFaults, load_iut
from conformance.harness.settings import Timeouts

SCHEMA = json.loads((Path(iutfile.__file__).parent / "schema" / "iut.schema.json").read_text(encoding="utf-8"))


def test_the_schema_has_the_same_keys_as_the_reader() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    top, definitions = SCHEMA["properties"], SCHEMA["$defs"]
    attach = top["attach"]["properties"]
    places = {
        "": top, "dm": top["dm"]["properties"], "dm.credentials": definitions["credentials"]["properties"],
        "dm.devices": top["dm"]["properties"]["devices"]["items"]["properties"], "device": top["device"]["properties"],
        "fumo": top["fumo"]["properties"], "packages": top["packages"]["properties"],
        "package": definitions["package"]["oneOf"][1]["properties"], "attach": attach,
        **{f"attach.{name}": attach[name]["properties"] for name in ("content", "ready", "tls", "timeouts")},
    }  # fmt: skip
    keys = {**iutfile.KEYS, **reach.KEYS}
    assert set(places) == set(keys)
    assert {name: set(known) for name, known in places.items()} == {name: set(known) for name, known in keys.items()}


def test_the_schema_has_the_same_defaults_as_the_reader() -> None:
    known = SCHEMA["properties"]["attach"]["properties"]["timeouts"]["properties"]
    default = Timeouts()
    assert {name: prop["default"] for name, prop in known.items()} == {name: getattr(default, name) for name in known}


@pytest.mark.parametrize("base", [CLIENT, SERVER])
def test_the_schema_takes_what_the_reader_takes(base: dict[str, Any]) -> None:
    jsonschema.validate(base, SCHEMA)
    more = changed(base, attach__timeouts={"hook": "0.5", "scale": 2}, version=2, packages={"good": "x"})
    jsonschema.validate(more, SCHEMA)


@pytest.mark.parametrize(
    ("base", "changes"),
    [
        (CLIENT, {"schema": 2}), (CLIENT, {"role": "phone"}), (CLIENT, {"dm__versions": ["1.3"]}), (CLIENT, {"x": 1}),
        (CLIENT, {"dm__device_id": None}), (CLIENT, {"dm__client_credentials": None}), (CLIENT, {"attach__start": []}),
        (CLIENT, {"attach__server_url": "http://x/"}), (CLIENT, {"dm__devices": []}), (CLIENT, {"attach__hook": "./x"}),
        (CLIENT, {"attach__adapter": "a.B"}), (CLIENT, {"attach__adapter": "a:B", "attach__hook": ["x"]}),
        (CLIENT, {"attach__power": "restart"}), (CLIENT, {"attach__allow": ["x"]}), (CLIENT, {"packages__good": []}),
        (CLIENT, {"attach__timeouts": {"hook": 0}}), (CLIENT, {"attach__timeouts": {"hook": "1e3"}}),
        (CLIENT, {"attach__tls": {"key": "x"}}), (CLIENT, {"attach__start": ["x"], "attach__ready": {"seconds": 1}}),
        (SERVER, {"attach__listen": "http://x/"}), (SERVER, {"attach__server_url": None}), (SERVER, {"role": None}),
    ],
)  # fmt: skip
def test_the_schema_refuses_what_the_reader_refuses(
    tmp_path: Path, base: dict[str, Any], changes: dict[str, Any]
) -> None:
    content = changed(base, **changes)
    with pytest.raises(FileFaults):
        load_iut(write(tmp_path, content), {})
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(content, SCHEMA)
