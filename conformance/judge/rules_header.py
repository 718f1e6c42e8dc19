"""Rules of SyncHdr and of the numbers in a message (DM Protocol 8.3 to 8.6; MS-MDM 2.2.3)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from conformance.judge.rule import Hit, View, rule
from conformance.judge.rules_version import is_old
from conformance.judge.session import Said, Session, number
from conformance.syncml.model import Alert, Exec, Other, Replace, Results, Status, text_of

_URN = re.compile(r"urn:[A-Za-z0-9][A-Za-z0-9-]{0,31}:.+", re.IGNORECASE)
_DEV_ID = ("./DevInfo/DevId", "DevInfo/DevId")


def _wanted(view: View, said: Said) -> str:
    """The version that a message has to state: what the client was to speak; a server is free to say 1.2."""
    return "1.1" if said.side == "client" and view.version.startswith("1.1") else "1.2"


def _spoken(said: Said) -> bool:
    """Whether a client speaks DM 1.1 in all that tells the version: it may be one of DM 1.1.2, which 1.2 does not bind."""
    head = said.header
    return said.side == "client" and head.ver_dtd == "1.1" and head.ver_proto == "DM/1.1" and said.decoded.version in ("", "1.1")


@rule("DM-HDR-001", title="VerDTD is 1.2")
def ver_dtd(view: View) -> Iterator[Hit]:
    """DM Protocol 8.3 to 8.6. A DM 1.1.2 client has a version of its own, in which a server may answer it; where it is not
    known what it was to speak, it is tolerated."""
    for said in view.mine:
        value, wanted = said.header.ver_dtd, _wanted(view, said)
        good = value == wanted or (said.side == "server" and value == "1.1" and is_old(said))
        yield view.check(good, said, wanted, value, "VerDTD", tolerated=not view.version and _spoken(said))


@rule("DM-HDR-002", title="VerProto is DM/1.2")
def ver_proto(view: View) -> Iterator[Hit]:
    """DM Protocol 8.3 to 8.6. See VerDTD."""
    for said in view.mine:
        value, wanted = said.header.ver_proto, f"DM/{_wanted(view, said)}"
        old = said.side == "server" and is_old(said) and value in ("DM/1.1", "DM/1.1.2")
        tolerated = not view.version and _spoken(said)
        yield view.check(value == wanted or old, said, wanted, value, "VerProto", tolerated=tolerated)


@rule("DM-HDR-003", title="SessionID is there and constant")
def session_id(view: View) -> Iterator[Hit]:
    """DM Protocol 8.3."""
    for said in view.mine:
        first = said.session.first or said
        wanted, value = first.header.session_id, said.header.session_id
        if not value:
            yield view.broken(said, "a SessionID", value, "the message has no SessionID")
        elif wanted and not first.made:
            yield view.check(value == wanted, said, wanted, value, "SessionID within the session")


@rule("DM-HDR-003", "DM-AUTH-003", sides=("client",), title="a session goes on under its SessionID")
def same_session(view: View) -> Iterator[Hit]:
    """DM Protocol 8.3, 9.1. A message that begins a session answers nothing: one that does, under another SessionID, goes on
    with the session that stood open."""
    newest: dict[str | None, Session] = {}
    for session in view.sessions:
        first = session.first
        if first is None:
            continue
        before = newest.get(first.header.source)
        newest[first.header.source] = session
        last = before.exchanges[-1] if before is not None else None
        if before is None or last is None or last.response is None or not last.complete or before.over:
            continue
        status, asked = first.header_status, last.response
        if not view.judged(first) or status is None or asked.made or status.msg_ref != asked.header.msg_id:
            continue
        wanted, value = asked.header.session_id or "", first.header.session_id
        if wanted != value:
            yield view.broken(first, wanted, value, "SessionID of the answer to a message of the server")
            if asked.refuses:
                yield view.broken(first, wanted, value, "SessionID of the message after a challenge", "DM-AUTH-003")


@rule("DM-HDR-005", sides=("client",), title="each session of the client has its own SessionID")
def fresh_session_id(view: View) -> Iterator[Hit]:
    """DM Protocol 8.3. Only sessions that the client began by itself choose their id. The very message of a session that
    got no answer, sent again, begins no other one."""
    seen: dict[str, Session] = {}
    for session in view.sessions:
        first = session.first
        if first is None or not view.judged(first) or not first.has_alert("1201") or not first.header.session_id:
            continue
        value = first.header.session_id
        before = seen.get(value)
        if before is not None and before.first is not None and before.first.digest == first.digest and _unanswered(before):
            continue
        if seen:
            yield view.check(value not in seen, first, "a SessionID of its own", value, "SessionID of a new session")
        seen[value] = session


def _unanswered(session: Session) -> bool:
    """Whether the last message of the client in a session got no answer."""
    last = session.exchanges[-1] if session.exchanges else None
    return last is None or last.given is None or bool(last.given.data.get("error"))


@rule("DM-HDR-006", title="SessionID has at most four octets")
def session_id_length(view: View) -> Iterator[Hit]:
    """MS-MDM 2.2.3.8."""
    for said in view.mine:
        value = said.header.session_id
        if value:
            yield view.check(len(value.encode()) <= 4, said, "at most 4 octets", value, "length of the SessionID")


@rule("DM-HDR-007", title="MsgID starts at 1 and increases")
def msg_id(view: View) -> Iterator[Hit]:
    """MS-MDM 2.2.3.6. A message that is sent again after an exchange that failed keeps its number."""
    for session in view.sessions:
        before: int | None = None
        began = session.whole and (view.side == "client" or not session.exchanges[0].asked or _seen(session.said))
        for said in session.by(view.side):
            value = number(said.header.msg_id)
            if view.judged(said):
                if value is None:
                    yield view.broken(said, "a number", said.header.msg_id, "MsgID")
                elif before is None:
                    if began and not said.repeated:
                        yield view.check(value == 1, said, "1", str(value), "MsgID of the first message of a session")
                elif not said.repeated:
                    yield view.check(value > before, said, f"more than {before}", str(value), "MsgID within the session")
            before = value if value is not None else before
            began = False


def _seen(said: list[Said]) -> bool:
    """Whether the response to the first message is there, so that the server's numbering was seen from its beginning."""
    return len(said) > 1 and said[1].side == "server" and said[1].answers is said[0]


@rule("DM-HDR-008", title="Target and Source are not swapped")
def target_source(view: View) -> Iterator[Hit]:
    """DM Protocol 8.3 to 8.6. What the address of the server must be is not said; RespURI changes it. A server may not be
    held to the name of a device that swapped the two."""
    for said in view.mine:
        target, source = said.header.target, said.header.source
        if not target or not source:
            missing = "Target" if not target else "Source"
            yield view.broken(said, "Target and Source with LocURI", f"no {missing}", f"{missing} of SyncHdr")
            continue
        if said.side == "client":
            device = (said.session.first or said).header.source
            good = source == device and not _swapped(said)
        else:
            asked = said.answers
            device = asked.header.source if asked is not None and not asked.made and not _swapped(asked) else None
            good = not device or target == device
        expected = f"Target and Source of a message of the {said.side}; the device is {device}"
        yield view.check(good, said, expected, f"Target {target}, Source {source}", "Target and Source of SyncHdr")


def _swapped(said: Said) -> bool:
    """Whether a message of the client has the address of the server for its Source."""
    target, source = said.header.target or "", said.header.source or ""
    return target == source or (_is_url(source) and not _is_url(target))


def _is_url(name: str) -> bool:
    return name.lower().startswith(("http://", "https://"))


@rule("DM-HDR-009", title="CmdID is present, unique and not 0")
def cmd_id(view: View) -> Iterator[Hit]:
    """MS-MDM 2.2.3.2."""
    for said in view.mine:
        seen: set[str] = set()
        good = True
        for placed in said.walked:
            value = placed.command.cmd_id
            what = f"CmdID of {placed.command.name}"
            if isinstance(placed.command, Other) and value is None:
                continue
            if not value:
                good = False
                yield view.broken(said, "a CmdID", value, what)
            elif value == "0":
                good = False
                yield view.broken(said, "not 0", value, what)
            elif value in seen:
                good = False
                yield view.broken(said, "a CmdID that is unique in the message", value, what)
            seen.add(value or "")
        if good and said.walked:
            yield view.ok(said)


@rule("DM-HDR-010", title="MsgRef names the message that is answered")
def msg_ref(view: View) -> Iterator[Hit]:
    """MS-MDM 2.2.3.7. Results without MsgRef speak of message 1."""
    for book in view.books:
        for ref in book.references:
            if not view.judged(ref.said):
                continue
            value = ref.answer.msg_ref
            what = f"MsgRef of {ref.answer.name} with CmdID {ref.answer.cmd_id}"
            if value is None:
                if isinstance(ref.answer, Status):
                    yield view.broken(ref.said, "a MsgRef", None, what)
            elif ref.target is not None:
                yield view.ok(ref.said)
            elif book.session.whole and not ref.said.excused:
                yield view.broken(ref.said, "the MsgID of a message that came before", value, what)


def _meant(said: Said, target: Said, answer: Status | Results) -> str:
    """A hint where the message that was answered last has the command, and MsgRef names an earlier one."""
    last = said.answers
    if last is None or last is target or not any(placed.command.cmd_id == answer.cmd_ref for placed in last.walked):
        return ""
    return f"; message {last.header.msg_id}, which came last, has a command of that number"


@rule("DM-HDR-011", title="CmdRef and Cmd name the command that is answered")
def cmd_ref(view: View) -> Iterator[Hit]:
    """MS-MDM 2.2.3.3. A Status for SyncHdr without CmdRef stands in the samples of the text."""
    for book in view.books:
        for ref in book.references:
            if view.judged(ref.said) and ref.target is not None:
                answer, target = ref.answer, ref.target
                what = f"CmdRef {answer.cmd_ref} of {answer.name} with CmdID {answer.cmd_id}"
                if isinstance(answer, Status) and ref.heading:
                    good = answer.cmd_ref in (None, "0") and answer.cmd == "SyncHdr"
                    actual = f"CmdRef {answer.cmd_ref}, Cmd {answer.cmd}"
                    yield view.check(good, ref.said, "CmdRef 0 with Cmd SyncHdr", actual, what)
                elif ref.owed is not None:
                    wanted = "Get" if isinstance(answer, Results) else ref.owed.command.name
                    named = ref.owed.command.name if isinstance(answer, Results) else answer.cmd
                    good = named is None or named == wanted
                    yield view.check(good, ref.said, wanted, named, f"Cmd beside {what}")
                elif not target.made and _distinct(target):
                    expected = f"a CmdID of message {target.header.msg_id}, which MsgRef names"
                    yield view.broken(ref.said, expected, answer.cmd_ref, what + _meant(ref.said, target, answer))


def _distinct(said: Said) -> bool:
    """Whether all commands of a message can be told apart by their CmdIDs; what nobody knows may have one or none."""
    if any(isinstance(placed.command, Other) for placed in said.walked):
        return False
    ids = [placed.command.cmd_id for placed in said.walked]
    return None not in ids and len(set(ids)) == len(ids)


@rule("DM-HDR-012", title="LocName carries the user name beside md5 credentials")
def loc_name(view: View) -> Iterator[Hit]:
    """DM RepPro 6.1.9, DM Security 5.3.1."""
    for said in view.mine:
        cred = said.header.cred
        if cred is not None and (cred.type or "").strip() == "syncml:auth-md5":
            user = said.event.data.get("facts", {}).get("credentials", {}).get("user", "")
            value = said.header.source_name
            good = bool(value) and user not in ("wrong", "absent")
            yield view.check(good, said, "the user name", value, "LocName of Source beside md5 credentials")


@rule("DM-HDR-014", "DM-STD-003", sides=("client",), title="Source is the device identity, a URN")
def device_identity(view: View) -> Iterator[Hit]:
    """Field practice; DM StdObj 5.3.2."""
    for said in view.mine:
        for command in said.commands if said.opens else ():
            for item in command.items if isinstance(command, Replace) else ():
                if item.source not in _DEV_ID or item.data is None:
                    continue
                value = text_of(item, command.meta_of(item)).strip()
                source = said.header.source
                yield view.check(source == value, said, value, source, "Source of SyncHdr and DevInfo/DevId")
                yield view.check(
                    bool(_URN.fullmatch(value)), said, "a URN", value, "DevInfo/DevId", "DM-STD-003"
                )


@rule("DM-V11-003", sides=("client",), title="a DM 1.1 client uses nothing of DM 1.2")
def old_client(view: View) -> Iterator[Hit]:
    """DM 1.1.2 has neither Correlator nor Generic Alert."""
    return _old_version(view)


@rule("DM-V11-002", sides=("server",), title="nothing of DM 1.2 is used towards a DM 1.1 client")
def old_peer(view: View) -> Iterator[Hit]:
    """DM 1.1.2 has neither Correlator nor Generic Alert."""
    return _old_version(view)


def _old_version(view: View) -> Iterator[Hit]:
    for said in view.mine:
        if not is_old(said):
            continue
        new = [
            placed.command.name
            for placed in said.walked
            if (isinstance(placed.command, Exec | Alert) and placed.command.correlator is not None)
            or (isinstance(placed.command, Alert) and placed.command.data == "1226")
        ]
        expected = "no Correlator and no Alert 1226"
        yield view.check(not new, said, expected, ", ".join(new), "elements that DM 1.1 does not have")
