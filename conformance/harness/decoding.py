"""``fumo-conformance decode``: any body or datagram from the field, readable, with its departures from the rules."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from conformance.dm.trigger import TriggerError, parse, parse_push
from conformance.download.descriptor import DescriptorError
from conformance.download.descriptor import parse as parse_descriptor
from conformance.syncml.codec import decode, pretty
from conformance.syncml.element import SyntaxFault


class Undecodable(ValueError):
    """The octets are not what they were taken for. One clear line."""


def decode_text(octets: bytes, kind: str | None = None) -> str:
    """The octets for a reader. ``kind``: message, trigger, push or descriptor; found out where it is ``None``.

    Hex text (as in a log) is taken as the octets it stands for. Raises :class:`Undecodable`.
    """
    octets = _from_hex(octets)
    if kind is not None:
        return _BY_KIND[kind](octets)
    try:
        return _BY_KIND[_kind(octets)](octets)
    except Undecodable:
        with contextlib.suppress(Undecodable):
            return _trigger(octets)  # its first octets are a digest, which may look like anything
        raise


def _from_hex(octets: bytes) -> bytes:
    text = b"".join(octets.split())
    if len(text) >= 8 and len(text) % 2 == 0 and all(c in b"0123456789abcdefABCDEF" for c in text):
        return bytes.fromhex(text.decode())
    return octets


def _kind(octets: bytes) -> str:
    head = octets.lstrip()[:512]
    if head.startswith((b"<", b"\xef\xbb\xbf<", b"\xff\xfe", b"\xfe\xff")):
        return "descriptor" if b"/dd" in head and b"media" in head and b"SyncML" not in head else "message"
    if len(octets) > 2 and octets[1] == 0x06:
        return "push"
    if len(octets) >= 25 and octets[0:1] not in (b"\x01", b"\x02", b"\x03"):
        return "trigger"
    return "message"


def _message(octets: bytes) -> str:
    try:
        decoded = decode(octets, "")
        shown = pretty(octets, "", decoded)
    except SyntaxFault as fault:
        raise Undecodable(f"no SyncML message: {fault}") from fault
    what = (
        f"WBXML {decoded.wbxml_version}, public id {decoded.public_id}, charset {decoded.charset}"
        if decoded.encoding == "wbxml"
        else "XML"
    )
    lines = [f"{what}; SyncML {decoded.version or 'of unknown version'}; {len(octets)} octets", shown.rstrip()]
    if decoded.observations:
        lines.append("Departures from the rules:")
        for seen in decoded.observations:
            at = "" if seen.offset is None else f" at octet {seen.offset}"
            named = f" ({seen.requirement})" if seen.requirement else ""
            lines.append(f"  {seen.code}{at}: {seen.detail}{named}")
    else:
        lines.append("No departure from the rules of form.")
    return "\n".join(lines)


def _trigger(octets: bytes) -> str:
    try:
        package = parse(octets)
    except TriggerError as fault:
        raise Undecodable(f"no trigger message: {fault}") from fault
    notice = package.notification
    rows = [
        ("digest", package.digest.hex()),
        ("version", f"{notice.version} ({notice.version / 10:g})"),
        ("ui-mode", notice.ui_mode),
        ("initiator", "server" if notice.initiator else "client"),
        ("future use", notice.future),
        ("session id", f"{notice.session_id:X}"),
        ("server identifier", notice.server_id),
        ("vendor", notice.vendor.hex()),
    ]
    return "\n".join(f"{name:18} {value}" for name, value in rows)


def _push(octets: bytes) -> str:
    try:
        found = parse_push(octets)
    except TriggerError as fault:
        raise Undecodable(f"no WSP push: {fault}") from fault
    rows = [
        ("transaction id", found.transaction_id),
        ("content type", found.media_type),
        ("application id", found.application),
    ]
    head = "\n".join(f"{name:18} {value}" for name, value in rows)
    try:
        return f"{head}\n{_trigger(found.payload)}"
    except Undecodable:
        return f"{head}\n{'payload':18} {found.payload.hex()}"


def _descriptor(octets: bytes) -> str:
    try:
        found = parse_descriptor(octets)
    except DescriptorError as fault:
        raise Undecodable(f"no download descriptor: {fault}") from fault
    return "\n".join(
        f"{name:18} {getattr(found, name)}"
        for name in found.__dataclass_fields__
        if getattr(found, name) not in (None, "", ())
    )


_BY_KIND: dict[str, Callable[[bytes], str]] = {
    "message": _message,
    "trigger": _trigger,
    "push": _push,
    "descriptor": _descriptor,
}
