"""Tolerated variants of both reference peers in how messages travel: connections, chunked coding, messages that come again.

``testcases/variants`` says of each in one sentence what it is, and what leaves the freedom.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from conformance.dm.clientsession import ClientSession
from conformance.dm.credentials import HMAC
from conformance.fumo.campaign import Campaign
from conformance.fumo.plan import Answer, Batch, Facts
from conformance.fumo.report import Report
from conformance.peers.deviation import CLIENT_VARIANTS
from conformance.peers.enrolment import Enrolment
from conformance.peers.planner import Planner
from conformance.peers.security import DeviceTransport, ServerTransport
from conformance.peers.serverparts import VARIANTS
from conformance.peers.talk import Session
from conformance.transport.exchange import Reply, Request

_CHUNKED = ("Transfer-Encoding", "chunked")
_CLOSE = ("Connection", "close")

# -- the device ------------------------------------------------------------------------------------------------------------


@CLIENT_VARIANTS("http-chunked", "transport")
class _ChunkedRequests(DeviceTransport):
    """Sends messages in chunked transfer coding."""

    def sent(self, request: Request) -> Request:
        request = super().sent(request)
        kept = [pair for pair in request.headers if pair[0].lower() != "content-length"]
        return dataclasses.replace(request, headers=[*kept, _CHUNKED])


@CLIENT_VARIANTS("http-connection-per-message", "transport")
class _OneRequestEach(DeviceTransport):
    """Has a connection of its own for each message."""

    def sent(self, request: Request) -> Request:
        request = super().sent(request)
        return dataclasses.replace(request, headers=[*request.headers, _CLOSE])


@CLIENT_VARIANTS("second-message-again", "session")
class _Again(ClientSession):
    """The answer to the second message of a session is lost on the way, and the message is sent once more."""

    _lost = False
    _newest: bytes | None = None

    def receive(self, octets: bytes, media: str, headers: Mapping[str, str]) -> bytes | None:
        if self.msg_id == 2 and not self._lost:
            self._lost = True
            return self._newest
        self._newest = super().receive(octets, media, headers)
        return self._newest


# -- the server ------------------------------------------------------------------------------------------------------------


@VARIANTS("http-chunked", "transport")
class _ChunkedReplies(ServerTransport):
    """Answers in chunked transfer coding."""

    def answered(self, reply: Reply, authenticated: bool) -> Reply:
        reply = super().answered(reply, authenticated)
        reply.headers = [*(pair for pair in reply.headers if pair[0].lower() != "content-length"), _CHUNKED]
        return reply


@VARIANTS("http-connection-per-message", "transport")
class _OneReplyEach(ServerTransport):
    """Closes the connection behind each answer."""

    def answered(self, reply: Reply, authenticated: bool) -> Reply:
        reply = super().answered(reply, authenticated)
        reply.headers.append(_CLOSE)
        return reply


@VARIANTS("repeated-message-answered-anew", "session")
class _Anew(Session):
    """Does not see that a message comes once more, and makes a new answer to it. Where each message has a code of its own
    it cannot: the nonce of the first answer is gone."""

    def repeats(self, octets: bytes) -> bool:
        return self.keys.kind == HMAC and super().repeats(octets)


@VARIANTS("looks-in-a-session-of-its-own", "campaign")
class _LooksBefore(Campaign):
    """Reads in one session, and commands in the next."""

    looked = False

    def open(self, facts: Facts) -> None:
        known = getattr(self, "tree", None)
        super().open(facts)
        if self.looked and known is not None and self.phase == "look" and not self.unsure:
            self.tree, self._looking = known, []
            self.phase = "deliver" if self.consented else "ask"

    def take(self, answers: Sequence[Answer], at: float) -> None:
        looking = self.phase == "look" and not self.unsure
        super().take(answers, at)
        if looking and self.phase != "look":
            self.looked = self._stopped = True

    def next(self, at: float) -> Batch | None:
        return None if self._stopped else super().next(at)


@VARIANTS("looks-in-a-session-of-its-own", "planner")
class _AnswersLater(Planner):
    """Says 202 to a request where its commands come in the next session."""

    def request(self, device: Enrolment, report: Report, at: float) -> bool:
        return any(each.phase != "look" or getattr(each, "looked", False) for each in self.wanting(device, at, report.root))
