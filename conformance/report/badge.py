"""A badge of a run: a small SVG picture, and the JSON that badge services take for one of their own."""

from __future__ import annotations

import json
from xml.sax.saxutils import escape

from conformance.report.certificate import Certificate

LABEL = "OMA DM FUMO"
_COLOURS = {"pass": ("brightgreen", "#2e7d32"), "fail": ("red", "#b3261e"), "none": ("lightgrey", "#5f6368")}
_WIDTH, _PAD = 6.6, 6.0
"""Width of a character and of the room beside a text, in pixels: what a sans-serif of 11 pixels takes on average."""


def badge_text(made: Certificate) -> str:
    """``634 passed``, ``3 of 634 failed`` or ``no verdict``."""
    passed = sum(each["counts"]["pass"] for each in made["implementations"])
    failed = sum(each["counts"]["fail"] for each in made["implementations"])
    partial = " (partial)" if made["partial"] else ""
    return {"pass": f"{passed} passed{partial}", "fail": f"{failed} of {passed + failed} failed", "none": "no verdict"}[
        made["verdict"]
    ]


def badge_json(made: Certificate) -> str:
    """The badge as data: schemaVersion, label, message, color."""
    data = {
        "schemaVersion": 1, "label": LABEL, "message": badge_text(made), "color": _COLOURS[made["verdict"]][0],
        "isError": made["verdict"] == "none",
    }
    return json.dumps(data, indent=2) + "\n"


def badge_svg(made: Certificate) -> str:
    """The badge as a picture of its own; nothing is loaded from outside."""
    text = badge_text(made)
    left, right = (round(len(part) * _WIDTH + 2 * _PAD) for part in (LABEL, text))
    width, told = left + right, escape(f"{LABEL}: {text}", {'"': "&quot;"})
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" role="img" aria-label="{told}">'
        f'<title>{told}</title><clipPath id="r"><rect width="{width}" height="20" rx="3"/></clipPath>'
        f'<g clip-path="url(#r)"><rect width="{left}" height="20" fill="#3c4043"/>'
        f'<rect x="{left}" width="{right}" height="20" fill="{_COLOURS[made["verdict"]][1]}"/></g>'
        '<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,Geneva,sans-serif" font-size="11">'
        f'<text x="{left / 2:g}" y="14">{escape(LABEL)}</text><text x="{left + right / 2:g}" y="14">{escape(text)}</text>'
        "</g></svg>\n"
    )
