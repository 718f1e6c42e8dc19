"""Reads ``attach`` of an IUT file: how the implementation is reached, triggered and steered (attach contract 1)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any
from urllib.parse import urlsplit

from conformance.harness.placeholders import NAMES, unknown_in, without
from conformance.harness.section import Key, Reading, Section, instead, one_of
from conformance.harness.settings import (
    CLIENT,
    SERVER,
    AttachSettings,
    ReadySettings,
    Timeouts,
    TlsSettings,
)
from conformance.harness.vocabulary import RISKS

KEYS: Mapping[str, Mapping[str, str]] = {
    "attach": {
        "listen": CLIENT, "advertise": CLIENT, "content": "", "server_url": SERVER, "notify": "", "start": "",
        "ready": "", "hook": "", "adapter": "", "operator": "", "power": CLIENT, "allow": "", "state": "", "tls": "",
        "timeouts": "",
    },
    "attach.content": {"listen": "", "advertise": ""},
    "attach.ready": {"tcp": "", "http": "", "line": "", "seconds": ""},
    "attach.tls": {"certificate": "", "key": "", "trust": "", "ca_certificate": "", "ca_key": ""},
    "attach.timeouts": {field.name: "" for field in fields(Timeouts)},
}  # fmt: skip
"""The keys of ``attach`` and below, with the role that alone has them. ``power_cycle`` is a verb of clients only."""

LISTEN = "http://127.0.0.1:0/dm"
CONTENT_LISTEN = "http://127.0.0.1:0/"
"""Where the suite's servers listen when the file does not say."""
_ADAPTER = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*:[A-Za-z_]\w*\Z")
_HOST_PORT = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[^\s:/\[\]]+):([0-9]{1,5})\Z")


def read_attach(reading: Reading, raw: Any, role: str) -> tuple[AttachSettings, Timeouts]:
    """``attach`` and its timeouts; of no use where ``reading`` has faults afterwards."""
    reader = _AttachReader(reading, raw, role)
    timeouts = reader.timeouts()
    return reader.settings(timeouts), timeouts


class _AttachReader:
    def __init__(self, reading: Reading, raw: Any, role: str) -> None:
        self.reading, self.role = reading, role
        self.attach = Section(reading, raw, ("attach",), KEYS["attach"], role)

    def below(self, key: str) -> Section:
        return Section(
            self.reading, self.attach.value.get(key, {}), ("attach", key), KEYS[f"attach.{key}"], self.role
        )

    def settings(self, timeouts: Timeouts) -> AttachSettings:
        attach = self.attach
        start, content = self.arguments("start"), self.below("content")
        path = self.reading.document.path
        state = attach.text("state", f".{path.stem}")
        settings = AttachSettings(
            state=(path.parent / state).absolute(),
            listen=self.address("listen", ("http", "https"), LISTEN) if self.role == CLIENT else "",
            advertise=self.address("advertise", ("http", "https")),
            content_listen=self.address("listen", ("http", "https"), CONTENT_LISTEN, content),
            content_advertise=self.address("advertise", ("http", "https"), "", content),
            server_url=self.address("server_url", ("http", "https")),
            notify=self.address("notify", ("udp", "http") if self.role == SERVER else ("udp",)),
            start=start,
            ready=self.ready(timeouts),
            hook=self.hook(),
            adapter=self.adapter(),
            operator=attach.flag("operator"),
            power=attach.choice("power", ("restart",)),
            allow=frozenset(attach.choices("allow", RISKS, RISKS if start else (), empty=True)),
            tls=self.tls(),
        )
        self.together(settings)
        return settings

    def together(self, settings: AttachSettings) -> None:
        """Notes keys that do not fit each other."""
        attach = self.attach
        if not isinstance(self.reading.document.value.get("attach"), dict):
            return
        for key in ("ready", "power"):
            if key in attach and "start" not in attach:
                attach.fault("needs attach.start: a process that the suite starts", key)
        if "hook" in attach and "adapter" in attach:
            attach.fault("hook and adapter are two ways to the same thing; expected one of them", "adapter")
        if self.role == SERVER and not {"server_url", "adapter"} & set(attach.value):
            attach.fault("missing; it is needed for the role server", "server_url")
        steered = settings.hook or settings.adapter or settings.operator
        told = settings.start or steered
        if self.role == CLIENT and settings.listen and not told and self.port(settings.listen) == 0:
            attach.fault(
                "port 0 means any free one, but neither start nor a hook that can prepare tells the device which; "
                "expected a fixed port", "listen",
            )  # fmt: skip

    def timeouts(self) -> Timeouts:
        section = self.below("timeouts")
        scale = section.number("scale", 1.0)
        values = {
            field.name: section.number(field.name, float(str(field.default)), zero=field.name == "timer") * scale
            for field in fields(Timeouts)
            if field.name != "scale"
        }
        return Timeouts(**values, scale=scale)

    def placeholders(self, text: str, *keys: Key) -> bool:
        """Whether all placeholders of a text exist; notes those that do not."""
        unknown = unknown_in(text)
        for found in unknown:
            hint = instead(found[1:-1].partition(":")[0], (*NAMES, "port:NAME"))
            self.attach.fault(f"unknown placeholder {found}{hint}", *keys)
        return not unknown

    def arguments(self, key: str) -> tuple[str, ...]:
        """A program and its arguments."""
        arguments = self.attach.texts(key)
        for index, argument in enumerate(arguments):
            if "\0" in argument:
                self.attach.fault("an argument cannot hold NUL", key, index)
            self.placeholders(argument, key, index)
        return arguments

    def hook(self) -> tuple[str, ...] | str:
        value = self.attach.value.get("hook", [])
        if isinstance(value, str):
            if "://" in value:
                return self.address("hook", ("http",))
            what = "a list (a program and its arguments) or a web address as http://127.0.0.1:9000/hook"
            self.attach.fault(f"expected {what}", "hook")
            return ()
        return self.arguments("hook")

    def adapter(self) -> str:
        adapter = self.attach.text("adapter")
        if adapter and not _ADAPTER.match(adapter):
            self.attach.fault(f"{adapter[:60]!r}: expected module:Class", "adapter")
        return adapter

    def address(self, key: str, schemes: Sequence[str], default: str = "", section: Section | None = None) -> str:
        """An absolute address. Placeholders are taken where the contract allows them."""
        section = section or self.attach
        text = section.text(key)
        if not text:
            return default
        if key in ("hook", "notify", "server_url"):
            plain = without(text) if self.placeholders(text, key) else ""
            if key == "server_url" and "{server_url}" in text:
                self.attach.fault("{server_url} cannot stand for itself", key)
                plain = ""
        else:
            plain = text
        what = address_fault(plain, schemes) if plain else ""
        if not what and key in ("advertise", "hook", "server_url") and self.port(plain) == 0:
            what = f"{text!r}: nothing can be reached at port 0"
        if what:
            section.fault(what, key)
        return text

    @staticmethod
    def port(address: str) -> int | None:
        """The port of an address; ``None`` where it has none or is wrong."""
        try:
            return urlsplit(without(address)).port
        except ValueError:
            return None

    def ready(self, timeouts: Timeouts) -> ReadySettings | None:
        if "ready" not in self.attach:
            return None
        section = self.below("ready")
        kinds = [kind for kind in ("tcp", "http", "line") if kind in section]
        seconds = section.number("seconds", 0.0) * timeouts.scale or timeouts.restart
        if len(kinds) != 1:
            section.fault("expected one of tcp, http and line")
            return None
        value = section.text(kinds[0])
        if value and self.placeholders(value, "ready", kinds[0]):
            plain = without(value)
            what = ""
            if kinds[0] == "http":
                what = address_fault(plain, ("http",))
            elif kinds[0] == "line":
                what = pattern_fault(plain)
            else:
                match = _HOST_PORT.match(plain)
                if not (match and 0 < int(match[1]) < 65536):
                    what = f"{value[:60]!r}: expected host:port"
            if what:
                section.fault(what, kinds[0])
        return ReadySettings(kinds[0], value, seconds)

    def tls(self) -> TlsSettings:
        section = self.below("tls")
        for one, other in (("certificate", "key"), ("ca_certificate", "ca_key")):
            for there, missing in ((one, other), (other, one)):
                if there in section and missing not in section:
                    section.fault(f"missing; it is needed with {there}", missing)
        return TlsSettings(**{key: section.file(key) for key in KEYS["attach.tls"]})


def address_fault(text: str, schemes: Sequence[str]) -> str:
    """What is wrong with an absolute address, in words; "" where nothing is. ``udp`` needs a port and takes no path."""
    wanted = f"{text[:80]!r}: expected an address as {one_of(f'{scheme}://host:port' for scheme in schemes)}"
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return wanted
    if parts.scheme not in schemes or not parts.hostname or "@" in parts.netloc or parts.query or parts.fragment:
        return wanted
    if any(character <= " " or character in '{}"<>\\^`|\x7f' for character in text):
        return wanted
    if parts.scheme == "udp" and (port is None or parts.path not in ("", "/")):
        return wanted
    return ""


def pattern_fault(text: str) -> str:
    """What is wrong with a regular expression; "" where nothing is."""
    try:
        re.compile(text)
    except (re.error, RecursionError, OverflowError) as error:
        return f"{text[:80]!r} is no regular expression: {error}"
    return ""
