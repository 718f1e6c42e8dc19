"""Pages from templates: one file with its style inside, which loads nothing and runs nothing."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

_TEMPLATE = Path(__file__).parent / "template"


def render(name: str, **values: Any) -> str:
    """The page that a template makes of values. What came from outside is put in as text: everything is escaped but the
    style, which is ours."""
    style = (_TEMPLATE / "report.css").read_text(encoding="utf-8").replace("\r\n", "\n")
    made = "sha256-" + base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATE), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, keep_trailing_newline=True,
    )
    return environment.get_template(name).render(style=style, hash=made, **values)
