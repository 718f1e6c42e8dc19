"""Download descriptors of the suite's content server, right or wrong in what a step ``descriptor`` says.

They are written by hand and not by :func:`conformance.download.descriptor.write`: that one writes no wrong ones.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

NAMESPACE = "http://www.openmobilealliance.org/xmlns/dd"
BOUNDARY = "part-of-a-descriptor"
KEYS = {
    "at": "the address of the descriptor; {content}/package.dd by default",
    "package": "the purpose of the package that it is about; good by default",
    "notify": "false: no address for status reports; or the address; {content}/report by default",
    "object": "the address of the object, where it is another one",
    "size": "the size of the object; +n or -n is added to the right one",
    "types": "list of media types; the package's own by default",
    "version": "value of DDVersion; 1.0 by default",
    "without": "list of elements that are left out",
    "more": "further elements and their texts",
    "form": "the form of the document: plain, or another one",
    "param": "octets of installParam",
    "media_type": "what the content server says that it is",
}
"""Keys of the step ``descriptor``."""
FORMS = (
    "plain", "any-order", "prefixed", "no-namespace", "utf-16", "mark", "padded", "not-well-formed", "raw-ampersand",
    "wrong-root", "nested", "twice", "external-entity", "entity-bomb", "empty", "html", "huge", "relative", "multipart",
)  # fmt: skip
DESCRIPTOR_TYPE = "application/vnd.oma.dd+xml"
_HUGE = 2 << 20
"""Octets of a descriptor that is too long for anybody."""
_BOMB = 12
"""Entities of a bomb, each ten times the one before."""


def places(given: Mapping[str, Any], root: str) -> tuple[str, str]:
    """The address of the descriptor of a step, and that of its status reports ("" for none)."""
    notify = given.get("notify", True)
    report = f"{root}/report" if notify is True else str(notify or "")
    return str(given.get("at") or f"{root}/package.dd"), report


def document(given: Mapping[str, Any], url: str, size: int, media: str, report: str, hidden: str) -> bytes:
    """The octets of the descriptor that a step asks for.

    ``url``, ``size`` and ``media`` are those of the package, ``report`` where reports go ("" for nowhere), ``hidden`` an
    address that nobody has a reason to ask for.
    """
    form = str(given.get("form", "plain"))
    if form == "empty":
        return b""
    if form == "html":
        return b"<html><head><title>Log in</title></head><body><p>Who are you?<br></body></html>"
    fields = _fields(given, url, size, media, report)
    if form in ("any-order", "wrong-root"):
        fields = fields[::-1]
    text = _text(form, fields, hidden)
    if form == "huge":
        text = text.replace("</media>", f"<description>{'x' * _HUGE}</description></media>")
    if form == "utf-16":
        return text.replace("UTF-8", "UTF-16").encode("utf-16")
    return (b"\xef\xbb\xbf" if form == "mark" else b"") + text.encode()


def _fields(given: Mapping[str, Any], url: str, size: int, media: str, report: str) -> list[tuple[str, str]]:
    stated = str(given.get("size", size))
    if re.fullmatch(r"[+-]\d+", stated):
        stated = str(size + int(stated))
    address = str(given.get("object", url))
    if given.get("form") == "relative":
        address = urlsplit(address).path.rpartition("/")[2]
    fields = [("DDVersion", str(given.get("version", "1.0"))), ("name", "Firmware")]
    fields += [("type", each) for each in given.get("types") or [media]]
    fields += [("size", stated), ("objectURI", address)]
    if report:
        fields.append(("installNotifyURI", report))
    if "param" in given:
        fields.append(("installParam", "k=v;" * (int(given["param"]) // 4)))
    fields += [(name, str(text)) for name, text in (given.get("more") or {}).items()]
    left_out = given.get("without") or ()
    return [field for field in fields if field[0] not in left_out]


def _text(form: str, fields: list[tuple[str, str]], hidden: str) -> str:
    head, root = '<?xml version="1.0" encoding="UTF-8"?>\n', "media"
    namespace, prefix = f' xmlns="{NAMESPACE}"', ""
    if form == "prefixed":
        namespace, prefix = f' xmlns:dd="{NAMESPACE}"', "dd:"
    elif form == "no-namespace":
        namespace = ""
    elif form == "wrong-root":
        root = "catalogue"
    elif form == "external-entity":
        head += f'<!DOCTYPE media [<!ENTITY e SYSTEM "{escape(hidden)}">]>\n'
        fields = [*fields, ("description", "\0e\0")]
    elif form == "entity-bomb":
        head += f"<!DOCTYPE media [{_bomb()}]>\n"
        fields = [*fields, ("description", f"\0e{_BOMB}\0")]
    body = "".join(_element(form, prefix, name, text) for name, text in fields)
    text = f"{head}<{prefix}{root}{namespace}>\n{body}</{prefix}{root}>\n"
    return text.replace("</size>", "</siz>") if form == "not-well-formed" else text


def _element(form: str, prefix: str, name: str, text: str) -> str:
    shown = re.sub("\0(.*)\0", r"&\1;", escape(text))
    if form == "padded":
        shown = f"\n    {shown}\t\n  "
    if form == "nested" and name == "objectURI":
        shown = f"<name>x</name>{shown}"
    if form == "raw-ampersand" and name == "objectURI":
        shown = f"{shown}?a=1&b=2"
    made = f"  <{prefix}{name}>{shown}</{prefix}{name}>\n"
    return made + made.replace("</", ".other</") if form == "twice" and name == "objectURI" else made


def _bomb() -> str:
    first = '<!ENTITY e0 "0123456789">'
    return first + "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, _BOMB + 1))


def combined(descriptor: bytes, package: bytes, media: str) -> tuple[bytes, str]:
    """Descriptor and object in one document (multipart/related), and its media type."""
    parts = ((DESCRIPTOR_TYPE, descriptor), (media, package))
    head = "--{}\r\nContent-Type: {}\r\nContent-Transfer-Encoding: binary\r\n\r\n"
    body = b"".join(head.format(BOUNDARY, kind).encode() + octets + b"\r\n" for kind, octets in parts)
    return body + f"--{BOUNDARY}--\r\n".encode(), f'multipart/related; boundary="{BOUNDARY}"; type="{DESCRIPTOR_TYPE}"'
