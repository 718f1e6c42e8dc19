"""Sessions and downloads that break off at a boundary, and what they left behind: the steps ``interrupt``, ``settled``
and ``next-update`` of client cases (FUMO TS 6, DM Protocol 8.1).

A case names its boundaries by ``interrupt: {here: ..., at: ..., how: ...}``; of those the one does something whose
``here`` is ``at``. The answer of the suite's server to the message that has just come never reaches the device then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.dm.serversession import SESSION_ABORT
from conformance.fumo.object import ALERT_NAMED
from conformance.judge.download import delivered
from conformance.judge.wanted import generic_alerts, type_of
from conformance.syncml.model import Alert, Item, Status, text_of
from conformance.transcript import DEVICE
from conformance.transport.exchange import Fault, Reply

if TYPE_CHECKING:
    from conformance.harness.clientplayer import ClientPlayer
    from conformance.harness.conversation import Conversation

CUT, ABORT, UNAVAILABLE, POWER = "cut", "abort", "unavailable", "power"
HOW = {
    CUT: "the connection is closed without an answer",
    ABORT: "the server ends the session by Alert 1223 (DM Protocol 8.1)",
    UNAVAILABLE: "HTTP 503 comes instead of an answer",
    POWER: "the power of the device is cut while it waits for the answer",
}
"""How a session may break off."""
NOT_DUE = "not due"
"""Value of ``delivered`` where no operation was accepted, so that there is nothing to report."""
OLD, NEW = "old", "new"
_FAILURES = ["400..412", "450..499", "500..503", "550..599"]
_ACCEPTED = {"expect": [202, 200], "because": "AMB-exec-finished-status", "ensures": "FUMO-EXEC-001"}
_WRITTEN = {"expect": 200, "accept": [202], "because": "AMB-replace-later", "ensures": "FUMO-NODE-011"}


def interrupt(player: ClientPlayer, given: dict[str, Any], expect: Any) -> str:
    """Breaks the session off, where the case wants it here."""
    if given["here"] != given["at"]:
        return ""
    talk = player.talk
    if talk is None or not talk.open:
        return "there was no session to interrupt"
    player.value("interrupted", f"{given['here']} {given['how']}", "what the case did to the session")
    if given["how"] == ABORT and talk.may_command:
        talk.answer([Alert(data=SESSION_ABORT)])
    else:
        _lose(player, talk, str(given["how"]))
    player.await_package(player.bench.silence)
    if player.lost and talk.received is not None and talk.received.aborted:
        player.lost = ""  # who is treated so may well give up
    return player.lost


def _lose(player: ClientPlayer, talk: Conversation, how: str) -> None:
    incoming = talk.lose()
    try:
        if how == POWER:
            player.cut_power()
    finally:
        if incoming is not None:
            away = Reply(503, [("Content-Type", "text/plain")], b"Not now.\n")
            incoming.reply(away if how == UNAVAILABLE else Reply(503, [], b"", Fault("close")))


def settled(player: ClientPlayer, given: Any, expect: dict[str, Any]) -> str:
    """Lets the device come to rest, then looks: State, firmware, and whether the report tells what is."""
    index = str(player.recorder.transcript.of("step")[-1].data["index"])
    player.plays(f"{index}.1", {"quiet": "silence"})
    wanted = {"expect": {"data": expect["state"]}} if "state" in expect else {}
    player.plays(f"{index}.2", {"state": None, **wanted})  # a session in which what waits can be reported
    player.close()
    runs = _runs(player, f"{index}.3")
    codes, delivered = _reports(player)
    player.value("version", runs, "of the firmware that runs afterwards")
    player.value("reports", len(codes), "reports of the last operation that say different things")
    player.value("delivered", delivered, "whether a report of the last operation got its answer")
    player.value("whole", _whole(player, codes[-1] if codes else ""), "whether what succeeded had come completely")
    player.value("told", _told(player, codes[-1] if codes else "", runs), "the last report, and the firmware that runs")
    return player.lost


def _runs(player: ClientPlayer, index: str) -> str:
    player.plays(index, {"firmware": None})
    values = [each for each in player.recorder.transcript.of("value") if each.data["name"] == "version"]
    return str(values[-1].data["value"] or "") if values else ""


def _told(player: ClientPlayer, code: str, runs: str) -> str:
    """In words that cases compare: "success with new", "failure with old", "nothing with old" ..."""
    places = player.bench.places()
    which = NEW if runs == places.get("to:good") else OLD if runs == places.get("from:good") else "unknown"
    said = ("success" if code.startswith("2") else "failure") if code else "nothing"
    return f"{said} with {which}"


def _whole(player: ClientPlayer, code: str) -> bool:
    """False where a success was told although octets of the package were never delivered from its address."""
    places, shelf = player.bench.places(), player.bench.shelf
    url = places.get("url:good", "")
    spans = delivered(player.recorder.transcript, url) if url and code.startswith("2") else []
    if not spans:
        return True
    reached = 0
    for first, last in sorted(spans):
        if first > reached:
            return False
        reached = max(reached, last)
    return reached >= shelf.source("good").size


def _reports(player: ClientPlayer) -> tuple[list[str], str]:
    """The different ResultCodes that were reported since the last Exec, and whether one of the reports was answered."""
    ends = [each for each in player.recorder.transcript.of("step") if each.data["phase"] == "end"]
    execs = [sent for each in ends for sent in each.data.get("sent", ()) if sent["command"] == "Exec"]
    if not execs or player.exec_refused():
        return [], NOT_DUE
    codes: dict[str, None] = {}
    answered = False
    for event in player.recorder.transcript.of("message"):
        decoded = event.decoded() if event.n > execs[-1]["event"] and event.sender == DEVICE else None
        for alert in generic_alerts(decoded.message) if decoded else ():
            if type_of(alert) in _OPERATIONS:
                item = alert.items[0] if alert.items else Item()
                codes[text_of(item, alert.meta_of(item)).strip() if item.data is not None else ""] = None
                answered = answered or _answered(player, event.data.get("exchange"), alert.cmd_id)
    return list(codes), "true" if answered else "false"


_OPERATIONS = frozenset(ALERT_NAMED[name] for name in ("download", "update", "download-and-update"))


def _answered(player: ClientPlayer, exchange: Any, identity: str | None) -> bool:
    """Whether an answer went out in that exchange that has a Status for the alert, and not one for its credentials."""
    for event in player.recorder.transcript.of("message"):
        if event.sender != DEVICE and event.data.get("exchange") == exchange and (decoded := event.decoded()) is not None:
            said = [each.data for each in decoded.message.commands if isinstance(each, Status) and each.cmd_ref == identity]
            return any(code not in ("401", "407") for code in said)
    return False


def next_update(player: ClientPlayer, given: str, expect: Any) -> str:
    """Updates once more: what broke off before must not stand in the way.

    Where the device runs another firmware already and no package fits that, its update is one that cannot be fetched
    (by PkgData: one that is not installed), so that no package is put on a firmware that it was not made for.
    """
    index = str(player.recorder.transcript.of("step")[-1].data["index"])
    runs = _runs(player, f"{index}.1")
    fits = player.bench.shelf.offer(runs)
    places = player.bench.places()
    root, name = player.iut.objects[0], f"{places['correlator']}-n"
    url, to = fits or (places["url:refused"], runs)
    good = fits is not None or runs in ("", places.get("from:good"))
    if fits is None and good:
        url, to = places["url:good"], places["to:good"]
    steps = _update(given, root, url, name, good)
    if to:
        steps.append({"firmware": None, "expect": {"version": {"expect": to, "ensures": _INSTALLS[given]}}})
    for number, step in enumerate(steps, 2):
        player.plays(f"{index}.{number}", step)
        if player.lost:
            break
    return player.lost


_INSTALLS = {"replace": "FUMO-EXEC-006", "download": "FUMO-EXEC-006", "download-and-update": "FUMO-EXEC-008"}


def _update(way: str, root: str, url: str, name: str, good: bool) -> list[dict[str, Any]]:
    """The steps of one update by a way."""
    result = ["200", "250..299"] if good else _FAILURES
    if way == "replace":
        sent: dict[str, Any] = {
            "replace": {"node": f"{root}/Update/PkgData", "package": "good"},
            "expect": {"status": {"expect": 200, "ensures": "FUMO-NODE-013"}},
        }
        return [{"session": "any"}, sent, *(_operation(root, "Update", name, result) if good else [])]
    node = "Download" if way == "download" else "DownloadAndUpdate"
    written = {**_WRITTEN, "ensures": "FUMO-NODE-011" if way == "download" else "FUMO-NODE-016"}
    steps: list[dict[str, Any]] = [
        {"session": "any"},
        {"replace": {"node": f"{root}/{node}/PkgURL", "data": url}, "expect": {"status": written}},
        *_operation(root, node, name, result),
    ]
    return steps + (_operation(root, "Update", f"{name}u", result) if way == "download" and good else [])


def _operation(root: str, node: str, name: str, result: list[str]) -> list[dict[str, Any]]:
    alert = {"Update": "update", "Download": "download", "DownloadAndUpdate": "download-and-update"}[node]
    return [
        {"exec": {"node": f"{root}/{node}", "correlator": name}, "expect": {"status": _ACCEPTED}},
        {
            "await": {"alert": alert, "due": "if-accepted"},
            "ensures": "FUMO-ALERT-001",
            "expect": {"result": {"expect": result, "ensures": "FUMO-ALERT-010" if result is _FAILURES else "FUMO-RC-200"}},
        },
    ]
