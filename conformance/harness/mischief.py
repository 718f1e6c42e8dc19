"""What the suite's DM server does to a device instead of a plain answer: the step ``reply`` of client cases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.dm.credentials import BASIC, MAC_HEADER, mac_header
from conformance.dm.serversession import SESSION_ABORT, Outgoing, PeerKeys, ServerSession, ServerSettings
from conformance.harness.commands import prepare
from conformance.judge.lookup import said_by_device
from conformance.syncml.model import Alert, Cred, Header, Message, Status

if TYPE_CHECKING:
    from conformance.harness.clientplayer import ClientPlayer
    from conformance.harness.conversation import Conversation

PLAIN, ABORT, CUT, NO_FINAL, CHALLENGE = "plain", "abort", "cut", "no-final", "challenge"
NO_MAC, WRONG_MAC, OLD_MAC = "no-mac", "wrong-mac", "old-mac"
PLAIN_CRED, EMPTY_CRED = "plain", "empty"
DTD, PROTOCOL, SESSION_ID = "dtd", "protocol", "session-id"
HOW = {
    PLAIN: "as a good server does; that nothing comes of it is no trouble",
    ABORT: "with Alert 1223: the session is over (DM Protocol 8.1)",
    CUT: "not at all: the connection is closed",
    NO_FINAL: "with a message that does not end its package (DM Protocol 6.2)",
    CHALLENGE: "with a challenge, although the credentials were right",
    NO_MAC: "without the authentication code that the session uses",
    WRONG_MAC: "with an authentication code for other octets",
    OLD_MAC: "with an authentication code made with the nonce before",
    DTD: "in a version of the DTD that nobody knows",
    PROTOCOL: "in a version of the protocol that nobody knows",
    SESSION_ID: "with the SessionID of another session",
}
"""How a package of the device may be answered, and what that means."""
WRONG = (NO_MAC, WRONG_MAC, OLD_MAC, DTD, PROTOCOL, SESSION_ID)
"""Those that break a rule, so that nothing said to them is an answer to be judged."""
_MAY_END = (PLAIN, ABORT, CUT)
"""Those after which silence is as right as a message."""
UNKNOWN = "9.9"
"""A version that there is not."""


class CrookedSession(ServerSession):
    """A session that does otherwise once, by :attr:`twist`, or whenever the device's package is unfinished."""

    def __init__(self, settings: ServerSettings, keys: PeerKeys, inside: str = "") -> None:
        super().__init__(settings, keys)
        self.twist = ""
        """One of :data:`HOW`, for the next message only."""
        self.inside = inside
        """abort: an unfinished package is answered by the end of the session instead of a request for the rest."""
        self._used = keys.nonce
        self.shows = ""
        """plain: name and password in the open, whatever it is asked for; empty: credentials without a digest."""

    def credentials(self) -> Cred | None:
        """The server's own credentials."""
        if self.shows == PLAIN_CRED:
            self.own_kind = BASIC
        cred = super().credentials()
        if cred is not None and self.shows == EMPTY_CRED:
            cred.data = ""
        return cred

    def ask_on(self, message: Message) -> None:
        """See :meth:`ServerSession.ask_on`."""
        if self.inside == ABORT:
            message.commands.append(self.numbered(Alert(data=SESSION_ABORT)))
        else:
            super().ask_on(message)

    def header(self) -> Header:
        """SyncHdr, with what the twist makes wrong in it."""
        header = super().header()
        if self.twist == DTD:
            header.ver_dtd = UNKNOWN
        elif self.twist == PROTOCOL:
            header.ver_proto = f"DM/{UNKNOWN}"
        elif self.twist == SESSION_ID:
            header.session_id = "FFFF" if header.session_id != "FFFF" else "FFFE"
        return header

    def send(self, message: Message) -> Outgoing:
        """Encodes a message; the code for its integrity may be left out or spoiled."""
        out = super().send(message)
        mac = [value for name, value in out.headers if name == MAC_HEADER]
        if mac and self.twist in (NO_MAC, WRONG_MAC, OLD_MAC):
            octets, nonce = out.octets, self.nonce
            if self.twist == WRONG_MAC:
                octets += b" "
            elif self.twist == OLD_MAC:
                nonce = self._used
            out.headers = [header for header in out.headers if header[0] != MAC_HEADER]
            if self.twist != NO_MAC:
                out.headers.append((MAC_HEADER, mac_header(self.keys.account, nonce, octets)))
        return out

    def spent(self) -> None:
        """The message is out: the twist is over, and its nonce an old one."""
        if not self.twist:
            self._used = self.nonce
        elif self.twist in (NO_MAC, WRONG_MAC, OLD_MAC):
            self._commands = []  # what was refused must not come to pass by being said again
        self.twist = ""


def reply(player: ClientPlayer, given: Any, expect: dict[str, Any]) -> str:
    """Plays the step: answers so, then looks at what the device makes of it."""
    how = given if isinstance(given, str) else str(given["how"])
    wish = {} if isinstance(given, str) else given
    if player.talk is None or not player.talk.may_command:
        player.open()
    talk = player.talk
    assert talk is not None
    since = len(player.recorder.transcript.events)
    times = int(wish.get("times", 1))
    for _ in range(times):
        _give(player, talk, how, wish)
        player.await_package(player.bench.silence if how in _MAY_END or times > 1 else player.times.message)
        if player.talk is not talk or not talk.open or talk.session.over:
            break
    if talk.received is not None and talk.received.aborted:
        player.lost = ""  # who is treated so may well give up
    _note(player, talk, since)
    return ""


def _give(player: ClientPlayer, talk: Conversation, how: str, wish: dict[str, Any]) -> None:
    commands = prepare(wish["command"], player.bench.shelf, talk.session).commands if "command" in wish else []
    if how == CUT:
        talk.drop()
        return
    if how == ABORT:
        commands = [Alert(data=SESSION_ABORT)]
    elif how == CHALLENGE:
        talk.session.authenticated = False
    talk.session.twist = how
    talk.answer(commands, final=False if how == NO_FINAL else None, made=how in WRONG)


def _note(player: ClientPlayer, talk: Conversation, since: int) -> None:
    """Writes down what came in that session after the answer."""
    fresh = [event.decoded() for event in said_by_device(player.recorder.transcript, talk.label, since)]
    came = [decoded.message for decoded in fresh if decoded is not None]
    says = "after the answer of the suite's server"
    player.value("comes", bool(came), f"a message {says}")
    if not came:
        return
    status = came[0].header_status()
    others = [each for each in came[0].statuses() if each is not status and isinstance(each, Status)]
    alerts = [each.data for each in came[0].commands if isinstance(each, Alert)]
    player.value("header", status.data if status else None, f"Status for SyncHdr {says}")
    player.value("status", others[0].data if others else None, f"Status for the command {says}")
    player.value("alert", alerts[-1] if alerts else None, f"the last Alert of the message {says}")
    player.value("final", came[0].final, f"Final of the message {says}")
