"""Sessions of a device under test where the way to the suite's server matters: TLS, certificates, redirections."""

from __future__ import annotations

from typing import Any

from conformance.harness import outcome
from conformance.harness.clientsessions import ClientSessions
from conformance.harness.link import SocketDevice
from conformance.harness.manner import Manner
from conformance.transport.tls import PLAIN


class WaySessions(ClientSessions):
    """What a player does about the way, beside the sessions themselves."""

    def open(self, kind: str = "any", *, wanted: bool = True) -> bool:
        """See :meth:`ClientSessions.open`; trouble with TLS ends the case as an error of the set-up (attach contract 3.4)."""
        link = self._link()
        if link is None:
            return super().open(kind, wanted=wanted)
        try:
            link.show(self.manner.shows)
            return super().open(kind, wanted=wanted)
        except outcome.Stop as stop:
            raise self.tls_trouble() or stop from stop

    def tls_trouble(self) -> outcome.Stop | None:
        """The end of the case where the device broke off a handshake since the session was asked for."""
        link, tls = self._link(), self.bench.tls
        what = link.dm_tls.trouble(tls.ca) if link is not None and link.dm_tls is not None and tls is not None else ""
        return outcome.error(what, setup=True) if what else None

    def look_at_content(self) -> None:
        """Ends the case as an error where the device broke off every handshake with a content server in good order."""
        link, tls = self._link(), self.bench.tls
        secured = link.content_tls if link is not None else None
        if secured is None or tls is None or secured.shows or secured.works or self.bench.dead():
            return
        what = secured.trouble(tls.ca)
        if what:
            raise outcome.error(f"content server: {what}", setup=True)

    def _link(self) -> SocketDevice | None:
        link = self.bench.link
        return link if isinstance(link, SocketDevice) else None

    def needs_way(self, manner: Manner, expect: dict[str, Any]) -> None:
        """Ends the case where it needs what the way to the device does not have."""
        link = self._link()
        if manner.chunked and link is None:
            raise outcome.not_applicable("there is no HTTP on the way to the device", outcome.STEERING)
        about_tls = manner.shows or manner.redirect or "tls" in expect
        if about_tls and (link is None or link.dm_tls is None):
            raise outcome.not_applicable("the suite's DM server does not listen at an https address", outcome.STEERING)
        if manner.shows:
            self.can_show(manner.shows)

    def can_show(self, flaw: str) -> None:
        """Ends the case where a certificate with that flaw cannot be made."""
        why = self.bench.tls.can_show(flaw) if self.bench.tls is not None else ""
        if why:
            raise outcome.not_applicable(why, outcome.STEERING)

    def show_content(self, flaw: str) -> None:
        """From now on the content server shows a certificate with that flaw."""
        link = self._link()
        if link is None or link.content_tls is None:
            raise outcome.not_applicable("the suite's content server does not listen at an https address", outcome.STEERING)
        self.can_show(flaw)
        link.show(content=flaw)

    def open_unwelcome(self, kind: str) -> bool:
        """Asks for a session that a careful device does not hold; true where it holds it all the same.

        The end of the wait is a fence: that the device met what is wrong, and then kept still for ``silence``.
        """
        link = self._link()
        assert link is not None
        if kind == "any":
            kind = "client" if self.bench.can("start_session client") else "server-initiated"
        if kind != "server-initiated" and not self.bench.can(f"start_session {kind}"):
            raise outcome.not_applicable(f"the hook cannot start_session ({kind})", outcome.STEERING)
        link.show(self.manner.shows)
        link.redirects = link.plain_url() if self.manner.redirect else ""
        try:
            if kind == "server-initiated":
                self.bench.trigger(self.recorder)
            else:
                self._call_session(kind, nudge=True)
            came = self.await_package(self.times.connect, lambda: link.met)
            if not came and not link.met:
                raise outcome.inconclusive(f"the device opened no connection within {self.times.connect:g} s", setup=not self.sessions)
            return came or self.await_package(self.bench.silence)
        finally:
            link.redirects = ""
            self.manner = Manner()
            if not (self.talk and self.talk.open):
                link.show()

    def open_about_tls(self, kind: str) -> bool:
        """Opens a session of which the case wants to know how the device came."""
        link = self._link()
        assert link is not None and link.dm_tls is not None
        try:
            came = self.open(kind)
        except outcome.Stop:
            if not any(each.flaw == PLAIN for each in link.dm_tls.broken):
                raise
            came = False
        self.value("tls", link.dm_tls.version if came else "none", "of the connection of the device")
        return came

    def value(self, name: str, value: Any, says: str) -> None:
        """Writes down something the suite measured."""
        raise NotImplementedError
