"""Download descriptors and status reports of OMA Download OTA 1.0.

Reading is as tolerant as terminals in the field are (order, unknown elements, no namespace, a prefix, white space
around values, a byte order mark) and firm where a descriptor can not be acted upon. Nothing outside the octets is read.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

from lxml import etree

DESCRIPTOR_TYPE = "application/vnd.oma.dd+xml"
"""Media type of a descriptor."""
NAMESPACE = "http://www.openmobilealliance.org/xmlns/dd"
MAX_OCTETS = 1 << 20
"""Octets above which nothing is taken for a descriptor."""

SUCCESS, NO_MEMORY, CANCELLED, LOSS_OF_SERVICE, MISMATCH = 900, 901, 902, 903, 905
INVALID_DESCRIPTOR, INVALID_VERSION, ABORTED, NOT_ACCEPTABLE, LOADER_ERROR = 906, 951, 952, 953, 954

REPORTS = {
    SUCCESS: "Success",
    NO_MEMORY: "Insufficient memory",
    CANCELLED: "User Cancelled",
    LOSS_OF_SERVICE: "Loss of Service",
    MISMATCH: "Attribute mismatch",
    INVALID_DESCRIPTOR: "Invalid descriptor",
    INVALID_VERSION: "Invalid DDVersion",
    ABORTED: "Device Aborted",
    NOT_ACCEPTABLE: "Non-Acceptable Content",
    LOADER_ERROR: "Loader Error",
}
"""Codes of status reports and their texts."""

_FIELDS = {
    "vendor": "vendor",
    "description": "description",
    "installNotifyURI": "install_notify_uri",
    "nextURL": "next_url",
    "infoURL": "info_url",
    "iconURI": "icon_uri",
    "installParam": "install_param",
}
_ONCE = ("size", "objectURI", "installNotifyURI", "DDVersion")
"""Elements whose second occurrence makes it unclear what is meant."""
_KNOWN = {"type", "size", "objectURI", "DDVersion", "name", *_FIELDS}
_URIS = ("objectURI", "installNotifyURI", "nextURL", "infoURL", "iconURI")

_NOTIFY = re.compile(r"<(?:[\w.-]{1,64}:)?installNotifyURI(?:\s[^<>]{0,256})?>([^<]{1,4096})<")
_REPORT = re.compile(rb"[ \t\r\n\0]*(\d{3})(?!\d)([^\r\n\0]*)")
_STRICT_REPORT = re.compile(rb"[ \t]*9\d\d(?:[ \t]+[^\r\n\0]*?)?[ \t\r\n\0]*")


class DescriptorError(ValueError):
    """Octets that are no usable descriptor.

    ``code`` is what the status report says (906 or 951), ``install_notify_uri`` where it goes, ``None`` where no such
    address could be found: then there is no report.
    """

    def __init__(self, code: int, reason: str, install_notify_uri: str | None = None) -> None:
        self.code = code
        self.reason = reason
        self.install_notify_uri = install_notify_uri
        super().__init__(f"{code} {REPORTS[code]}: {reason}")


@dataclass(frozen=True, slots=True)
class Descriptor:
    """What a descriptor says. ``size`` in octets; ``None`` where an optional element is absent.

    ``extra`` holds elements of vendors as (name, text).
    """

    object_uri: str
    size: int
    types: tuple[str, ...] = ("application/octet-stream",)
    install_notify_uri: str | None = None
    version: str = "1.0"
    name: str | None = None
    vendor: str | None = None
    description: str | None = None
    next_url: str | None = None
    info_url: str | None = None
    icon_uri: str | None = None
    install_param: str | None = None
    extra: tuple[tuple[str, str], ...] = ()

    def allows(self, media_type: str) -> bool:
        """Whether an object of that Content-Type is one that the descriptor announced (905 where not)."""
        return bare(media_type) in {bare(announced) for announced in self.types}

    def object_url(self, base: str) -> str:
        """The address of the object, a relative one taken against that of the descriptor itself."""
        return _join(base, self.object_uri)

    def notify_url(self, base: str) -> str | None:
        """The address for the status report, or ``None``."""
        return None if self.install_notify_uri is None else _join(base, self.install_notify_uri)


@dataclass(frozen=True, slots=True)
class Report:
    """A status report as received. ``conforms`` is false where only its first three digits could be made out."""

    code: int
    text: str
    conforms: bool


def bare(media_type: str) -> str:
    """A media type without parameters, in lower case."""
    return media_type.partition(";")[0].strip().lower()


def parse(octets: bytes) -> Descriptor:
    """Reads a descriptor. Raises :class:`DescriptorError`."""
    notify = _find_notify(octets)
    if len(octets) > MAX_OCTETS:
        raise DescriptorError(INVALID_DESCRIPTOR, f"more than {MAX_OCTETS} octets", notify)
    root = _root(octets, notify)
    values = _values(root, notify)
    found = values.get("installNotifyURI", [""])[0] or None
    notify = found if found and _usable(found) else None
    version = values.get("DDVersion", ["1.0"])[0] or "1.0"
    # before anything else: a later version need not have the elements of this one
    if not re.fullmatch(r"0*1(\.\d+)*", version):
        raise DescriptorError(INVALID_VERSION, f"DDVersion {version[:40]!r}", notify)
    for name in ("type", "size", "objectURI"):
        if not any(values.get(name, [])):
            raise DescriptorError(INVALID_DESCRIPTOR, f"{name} is missing or empty", notify)
    size, uri = values["size"][0], values["objectURI"][0]
    if not re.fullmatch(r"[0-9]{1,18}", size) or int(size) == 0:
        raise DescriptorError(INVALID_DESCRIPTOR, f"size {size[:40]!r} is no number of octets", notify)
    if not _usable(uri):
        raise DescriptorError(INVALID_DESCRIPTOR, f"objectURI {uri[:80]!r} is no address", notify)
    optional = {field: values[name][0] for name, field in _FIELDS.items() if name in values}
    optional.pop("install_notify_uri", None)
    return Descriptor(
        object_uri=uri,
        size=int(size),
        types=tuple(media for media in values["type"] if media),
        install_notify_uri=notify,
        version=version,
        name=values["name"][0] if "name" in values else None,
        extra=tuple((name, text) for name, texts in values.items() if name not in _KNOWN for text in texts),
        **optional,
    )


def outline(octets: bytes) -> tuple[str, list[tuple[str, str]]]:
    """The root of a descriptor and its children with their texts, as they stand there.

    Names of the descriptor's namespace stand alone, all others in braces. Raises :class:`DescriptorError`.
    """
    root = _root(octets[:MAX_OCTETS], None)

    def named(element: etree._Element) -> str:
        name = etree.QName(element)
        return name.localname if name.namespace == NAMESPACE else f"{{{name.namespace or ''}}}{name.localname}"

    return named(root), [(named(child), (child.text or "").strip()) for child in root if isinstance(child.tag, str)]


def write(descriptor: Descriptor) -> bytes:
    """The octets of a descriptor: XML in UTF-8, addresses escaped.

    Raises ``ValueError`` for text that XML can not hold.
    """
    root = etree.Element(f"{{{NAMESPACE}}}media", nsmap={None: NAMESPACE})  # type: ignore[dict-item]
    for name, text in _written(descriptor):
        child = etree.SubElement(root, f"{{{NAMESPACE}}}{name}")
        child.text = quote(text, safe="!#$%&'()*+,/:;=?@[]~") if name in _URIS else text
    etree.indent(root)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8") + b"\n"


def parse_report(body: bytes) -> Report | None:
    """Reads a status report; ``None`` where the body does not begin with a code of three digits.

    Terminals differ in what follows the code (blanks, line ends, a NUL, a text of their own), so only the code counts.
    """
    found = _REPORT.match(body[:4096])
    if found is None:
        return None
    text = found[2].decode("utf-8", "backslashreplace").strip()
    return Report(int(found[1]), text, len(body) <= 4096 and _STRICT_REPORT.fullmatch(body) is not None)


def format_report(code: int) -> bytes:
    """The body of a status report. Raises ``KeyError`` for a code that is none of OMA Download 1.0."""
    return f"{code} {REPORTS[code]}".encode()


def _root(octets: bytes, notify: str | None) -> etree._Element:
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(octets, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise DescriptorError(INVALID_DESCRIPTOR, f"not well-formed: {str(error)[:200]}", notify) from error
    name = etree.QName(root)
    if name.localname != "media" or name.namespace not in (None, NAMESPACE):
        raise DescriptorError(INVALID_DESCRIPTOR, f"the root element is {root.tag[:80]!r}", notify)
    dtd: Any = root.getroottree().docinfo.internalDTD
    if dtd is not None and dtd.entities():
        raise DescriptorError(INVALID_DESCRIPTOR, "it declares entities of its own", notify)
    return root


def _values(root: etree._Element, notify: str | None) -> dict[str, list[str]]:
    """Texts by name of element, each stripped of white space around it."""
    values: dict[str, list[str]] = {}
    for child in root:
        if not isinstance(child.tag, str):
            raise DescriptorError(INVALID_DESCRIPTOR, "it refers to an entity", notify)
        name = etree.QName(child)
        if name.namespace not in (None, NAMESPACE):
            continue
        if len(child) and name.localname in _KNOWN:
            raise DescriptorError(INVALID_DESCRIPTOR, f"elements inside {name.localname}", notify)
        values.setdefault(name.localname, []).append((child.text or "").strip())
    for once in _ONCE:
        if len(values.get(once, [])) > 1:
            raise DescriptorError(INVALID_DESCRIPTOR, f"{once} occurs more than once", notify)
    return values


def _find_notify(octets: bytes) -> str | None:
    """The address for reports, looked for in the bare text: even a damaged descriptor gets its report."""
    start = octets[:MAX_OCTETS]
    encoding = "utf-16" if start[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
    found = _NOTIFY.search(start.decode(encoding, "replace"))
    if found is None:
        return None
    uri = html.unescape(found[1].strip())
    return uri if _usable(uri) and urlsplit(uri).scheme in ("http", "https") else None


def _usable(uri: str) -> bool:
    if not uri or len(uri) > 8192 or re.search(r"[\s\x00-\x1f\x7f]", uri):
        return False
    try:
        parts = urlsplit(uri)
        parts.port  # noqa: B018  (it checks)
    except ValueError:
        return False
    return not (parts.scheme in ("http", "https") and not parts.hostname)


def _join(base: str, uri: str) -> str:
    try:
        return urljoin(base, uri)
    except ValueError:
        return uri


def _written(descriptor: Descriptor) -> Iterator[tuple[str, str]]:
    yield "DDVersion", descriptor.version
    if descriptor.name is not None:
        yield "name", descriptor.name
    for media in descriptor.types:
        yield "type", media
    yield "size", str(descriptor.size)
    yield "objectURI", descriptor.object_uri
    for name, field in _FIELDS.items():
        value = getattr(descriptor, field)
        if value is not None:
            yield name, value
    yield from descriptor.extra
