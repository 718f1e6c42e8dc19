"""Rules of Alerts that a side sends: codes, client events, Generic Alerts (DM RepPro 6.6.2, 7; DM Protocol 8.7)."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.fumo.object import ALERT_PREFIX
from conformance.judge.rule import Hit, View, rule
from conformance.judge.session import CLIENT_EVENT, GENERIC_ALERT, SESSION_ALERTS, Said
from conformance.syncml.codes import DM_ALERTS
from conformance.syncml.model import Alert, Item, Meta

MARKS = ("fatal", "critical", "minor", "warning", "informational", "harmless", "indeterminate")


def _alerts(said: Said) -> Iterator[Alert]:
    for placed in said.walked:
        if isinstance(placed.command, Alert):
            yield placed.command


@rule("DM-ALERT-001", title="only alert codes of DM are sent")
def alert_codes(view: View) -> Iterator[Hit]:
    """DM RepPro 7."""
    for said in view.mine:
        for alert in _alerts(said):
            yield view.check(alert.data in DM_ALERTS, said, "an alert code of DM", alert.data, "Data of Alert")


@rule("DM-ALERT-006", "FUMO-ALERT-035", sides=("server",), title="a server sends no Generic Alert")
def none_from_server(view: View) -> Iterator[Hit]:
    """DM Protocol 8.7."""
    for said in view.mine:
        sent = any(alert.data == GENERIC_ALERT for alert in _alerts(said))
        for requirement in ("DM-ALERT-006", "FUMO-ALERT-035"):
            yield view.check(not sent, said, "no Alert 1226", "Alert 1226", "an Alert of the server", requirement)


def _fumo(alert: Alert) -> bool:
    return any(ALERT_PREFIX in (alert.meta_of(item).type or "").lower() for item in alert.items)


@rule("DM-ALERT-006", "FUMO-ALERT-018", sides=("client",), title="Generic Alerts come after the session alert")
def after_session_alert(view: View) -> Iterator[Hit]:
    """DM Protocol 8.7, in the wording of a MAY."""
    for said in view.mine:
        if not said.opens:
            continue
        place = next(n for n, alert in enumerate(said.alerts) if alert.data in SESSION_ALERTS)
        for n, alert in enumerate(said.alerts):
            if alert.data == GENERIC_ALERT:
                requirement = "FUMO-ALERT-018" if _fumo(alert) else "DM-ALERT-006"
                what = f"place of Alert 1226 with CmdID {alert.cmd_id}"
                yield view.check(n > place, said, "after the session alert", "before it", what, requirement, True)


def _incomplete(item: Item, meta: Meta) -> list[str]:
    """What is missing in the Item of an alert that must have Type, Format and Data."""
    missing = [name for name, value in (("Type", meta.type), ("Format", meta.format)) if not value]
    if item.data is None:
        missing.append("Data")
    return missing


@rule("DM-ALERT-003", "DM-ALERT-005", "DM-ALERT-009", sides=("client",), title="alerts of the client are complete")
def complete(view: View) -> Iterator[Hit]:
    """DM RepPro 6.6.2, DM Protocol 8.7. Alerts of firmware update have rules of their own."""
    for said in view.mine:
        for alert in _alerts(said):
            if alert.data not in (CLIENT_EVENT, GENERIC_ALERT) or _fumo(alert):
                continue
            requirement = "DM-ALERT-003" if alert.data == CLIENT_EVENT else "DM-ALERT-005"
            what = f"Alert {alert.data} with CmdID {alert.cmd_id}"
            if not alert.items:
                yield view.broken(said, "an Item", None, what, requirement)
            for item in alert.items:
                meta = alert.meta_of(item)
                missing = _incomplete(item, meta)
                expected = "an Item with Meta Type, Meta Format and Data"
                yield view.check(not missing, said, expected, f"no {', '.join(missing)}", what, requirement)
                if alert.data == GENERIC_ALERT and meta.mark is not None:
                    yield mark_hit(view, said, meta.mark, "DM-ALERT-009")


def mark_hit(view: View, said: Said, mark: str, requirement: str) -> Hit:
    """Whether a Mark is one of the seven words; another way to write one of them is tolerated."""
    tolerated = mark.strip().lower() in MARKS
    return view.check(mark in MARKS, said, ", ".join(MARKS), mark, "Mark of Alert 1226", requirement, tolerated)
