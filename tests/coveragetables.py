"""What the cases cover, as tables that are derived from the case data; coveragedoc.py makes a page of them.

A cell counts cases. One with none needs a row of ``coverage_reasons.yaml``; test_coverage.py says which have none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from conformance.fumo.object import ALERT_OF, ALERT_TYPES, NODES, OPERATIONS, STATES, TRANSITIONS, ResultCode
from conformance.harness.cases import Case, permutations
from conformance.harness.catalogue import UNCOVERED, load_catalogue
from conformance.harness.cover import required_by
from conformance.harness.yamlfile import load
from conformance.judge.finding import Requirement
from conformance.judge.rule import registered

ROOT = Path(__file__).resolve().parent.parent
CASES = ROOT / "testcases"
REASONS = Path(__file__).with_name("coverage_reasons.yaml")
ROLES = ("client", "server")
COMMANDS = ("add", "copy", "delete", "exec", "get", "replace")
PROPERTIES = ("ACL", "Format", "Name", "Size", "Title", "TStamp", "Type", "VerNo")
UI = ("1100", "1101", "1102", "1103", "1104")
_GROUPS = ("atomic", "sequence", "together")
Step = dict[str, Any]


@dataclass
class Table:
    """Cases by row and column. ``sparse``: it has no fixed cells, a row shows the columns that it has."""

    name: str
    role: str
    title: str
    rows: list[str]
    columns: list[str]
    sparse: bool = False
    cells: dict[tuple[str, str], set[str]] = field(default_factory=dict)

    def add(self, row: str, column: str, case: str, *, grow: bool = False) -> None:
        """Counts a case; with ``grow`` rows and columns that were not foreseen are added, else it is passed over."""
        if grow:
            self.rows += [row] * (row not in self.rows)
            self.columns += [column] * (column not in self.columns)
        if row in self.rows and column in self.columns:
            self.cells.setdefault((row, column), set()).add(case)

    def empty(self) -> Iterator[tuple[str, str]]:
        """The cells without a case."""
        if self.sparse:
            return iter([(row, "") for row in self.rows if not any(at == row for at, _ in self.cells)])
        return ((row, column) for row in self.rows for column in self.columns if not self.cells.get((row, column)))


def played(case: Case) -> Iterator[tuple[Step, ...]]:
    """The steps of a case in each of its permutations, axes put in, those inside groups after their group."""
    for permutation in permutations(case):
        yield tuple(_flat(permutation.steps()))


def _flat(steps: Iterable[Any]) -> Iterator[Step]:
    for step in steps:
        yield step
        for name in _GROUPS:
            if isinstance(step.get(name), list):
                yield from _flat(step[name])
        inner = step["reply"].get("command") if isinstance(step.get("reply"), dict) else None
        if isinstance(inner, dict):
            yield from _flat([inner])


def listed(value: Any) -> list[str]:
    """A value or a list of them, as texts."""
    return [str(each) for each in value] if isinstance(value, list | tuple) else [] if value is None else [str(value)]


def expected(step: Step, name: str) -> list[str]:
    """The values that a step expects or accepts under a name."""
    what = (step.get("expect") or {}).get(name)
    if not isinstance(what, dict):
        return listed(what)
    found = listed(what.get("expect")) + listed(what.get("accept"))
    return found + ([f"{what['class']} class"] if "class" in what else []) + [f"not {v}" for v in listed(what.get("not"))]


def targets(step: Step, command: str) -> list[str]:
    """The nodes that a command step aims at."""
    value = step.get(command)
    if isinstance(value, dict):
        return listed(value.get("node") or value.get("target")) + listed(value.get("nodes"))
    return listed(value)


def below(uri: str) -> str | None:
    """The row of a node of the update object, ``None`` for other places."""
    path = uri.split("?")[0]
    if path != "{object}" and not path.startswith("{object}/"):
        return None
    return path[len("{object}") :].strip("/") or "(root)"


def _rows() -> list[str]:
    return [path or "(root)" for path in NODES]


def node_tables(role: str, cases: list[Case]) -> list[Table]:
    """Node by command, and node by property."""
    by_command = Table("node-command", role, "Node and command", _rows(), [c.title() for c in COMMANDS])
    by_property = Table("node-property", role, "Node and property (Get)", _rows(), list(PROPERTIES))
    for case in cases:
        for steps in played(case):
            for step in steps:
                for command in COMMANDS:
                    for uri in targets(step, command):
                        row, _, asked = below(uri) or "", *uri.partition("?prop=")[1:]
                        if asked:
                            by_property.add(row, asked, case.id)
                        else:
                            by_command.add(row, command.title(), case.id)
                sent = step.get("commanded")
                if isinstance(sent, dict):
                    by_command.add(below(str(sent.get("node", ""))) or "", str(sent.get("command")), case.id)
    return [by_command, by_property] if role == "client" else [by_command]


def _found(step: Step) -> list[str]:
    """The States in one of which a step has to find the device."""
    return listed(step["state"].get("found")) if isinstance(step["state"], dict) else []


def state_tables(role: str, cases: list[Case]) -> list[Table]:
    """State, as far as a case accepts it, in which an operation is executed; and states that it reads one after the other."""
    operations = Table("state-operation", role, "State and Exec", [str(s) for s in sorted(STATES)], list(OPERATIONS))
    arrows = [f"{a} to {b}" for a, b in sorted(TRANSITIONS)]
    moves = Table("transition", role, "Transition", arrows, ["read at its ends"])
    for case in cases:
        for steps in played(case):
            now = ["10"]  # the known start
            for step in steps:
                if "state" in step and (seen := _found(step) or expected(step, "data")):
                    for value in seen:
                        for before in now:
                            moves.add(f"{before} to {value}", "read at its ends", case.id)
                    now = seen
                for uri in targets(step, "exec"):
                    for value in now:
                        operations.add(value, below(uri) or "", case.id)
    return [operations, moves]


def _way(step: Step) -> str:
    value = step.get("await")
    name = str(value.get("alert", "")) if isinstance(value, dict) else str(value or "")
    return {"download": "Download", "update": "Update", "download-and-update": "DownloadAndUpdate"}.get(name, "")


def _cause(steps: tuple[Step, ...]) -> str:
    """What goes wrong on purpose: the fault of the content server, or the package; "" where nothing of both does."""
    for step in steps:
        content = step.get("content")
        if isinstance(content, dict) and content.get("fault", "none") != "none":
            return " ".join(listed(content["fault"]) + listed(content.get("status")))
    for step in steps:
        for command in ("replace", "add"):
            value = step.get(command)
            if not isinstance(value, dict):
                continue
            named = str(value.get("package") or value.get("data") or "")
            if named.startswith("{url:"):
                named = named[5:-1]
            elif "package" not in value:
                continue
            if named != "good":
                return named
    return ""


def code_tables(role: str, cases: list[Case]) -> list[Table]:
    """Result code by way, and by cause."""
    codes = [str(int(code)) for code in ResultCode]
    by_way = Table("code-way", role, "Result code and way", codes, list(OPERATIONS))
    by_cause = Table("code-cause", role, "Result code and what goes wrong on purpose", list(codes), [], True)
    ways = {"replace": "Update", "download": "Download", "download-and-update": "DownloadAndUpdate"}
    for case in cases:
        for steps in played(case):
            way, told = "", []
            for step in steps:
                if isinstance(step.get("campaign"), dict):
                    way = ways.get(str(step["campaign"].get("way")), "")
                way = "Update" if "plan-update" in step else way
                if "operate" in step:
                    told.append((way, str((step["operate"] or {}).get("result", "200"))))
                told += [(_way(step), code) for code in expected(step, "result")] if "await" in step else []
            for where, code in told:
                by_way.add(code, where, case.id)
                if code in codes and role == "client":
                    by_cause.add(code, _cause(steps) or "none of these", case.id, grow=True)
    return [by_way, by_cause] if role == "client" else [by_way]


def alert_tables(role: str, cases: list[Case]) -> list[Table]:
    """Alert type by what is checked of it; UI alert by answer and by option."""
    short = [kind.rsplit(".", 1)[1] for kind in ALERT_TYPES]
    checks = ["due", "result", "correlator"] if role == "client" else ["status"]
    by_check = Table("alert-check", role, "Alert type and check", short, checks)
    replies = Table("ui-answer", role, "UI alert and answer of the user", list(UI), ["accept", "reject", "cancel", "timeout"])
    options = Table("ui-option", role, "UI alert and option", list(UI), ["MINDT", "MAXDT", "DR", "MAXLEN", "IT", "ET"])
    kinds = {operation: kind.rsplit(".", 1)[1] for operation, kind in ALERT_OF.items()}
    for case in cases:
        for steps in played(case):
            for step in steps:
                if "await" in step:
                    by_check.add(kinds.get(_way(step), ""), "due", case.id)
                    for name in step.get("expect") or ():
                        by_check.add(kinds.get(_way(step), ""), name, case.id)
                answered = step.get("answered")
                if isinstance(answered, dict) and answered.get("alert"):
                    kind = str(answered["alert"]).rsplit(".", 1)[-1]
                    for name in step.get("expect") or ():
                        by_check.add(kind, name, case.id)
                asked = step.get("session") or ""
                if isinstance(asked, str) and asked.replace("-", "") in short:
                    for name in ("due", *(step.get("expect") or ())):
                        by_check.add(asked.replace("-", ""), name, case.id)
                _person(step, case.id, replies, options)
    return [by_check, replies, options] if role == "client" else [by_check, replies]


def _person(step: Step, case: str, replies: Table, options: Table) -> None:
    hook, device, alert = step.get("hook"), step.get("device"), step.get("alert")
    given = hook.get("given") if isinstance(hook, dict) and hook.get("verb") == "answer" else None
    if isinstance(device, dict):
        given = device.get("answer")
    for each in given if isinstance(given, list) else [given]:
        if isinstance(each, dict):
            replies.add(str(each.get("alert")), str(each.get("reply", "accept")), case)
    if isinstance(alert, dict):
        for option in str(alert.get("options", "")).split("&"):
            options.add(str(alert.get("code")), option.partition("=")[0], case)


def form_tables(role: str, cases: list[Case]) -> list[Table]:
    """Wire form by encoding; command by the status that is expected."""
    forms = Table("wire-form", role, "Wire form", [], ["xml", "wbxml"])
    statuses = Table("command-status", role, "Command and expected Status", [], [], True)
    found: dict[tuple[str, str], set[str]] = {}
    for case in cases:
        if case.theme == "encoding":
            for encoding in case.axes.get("encoding") or _encodings(case):
                forms.add(case.suite.rsplit("/", 1)[1], encoding, case.id, grow=True)
        for steps in played(case):
            for step in steps:
                names = [command for command in (*COMMANDS, "alert", "atomic", "sequence") if command in step]
                if isinstance(step.get("answered"), dict):
                    names = [str(step["answered"].get("command"))]
                for name in names:
                    for status in expected(step, "status"):
                        found.setdefault((name[:1].upper() + name[1:], status), set()).add(case.id)
    for (name, status), ids in sorted(found.items()):
        for identity in sorted(ids):
            statuses.add(name, status, identity, grow=True)
    statuses.columns.sort()
    return [forms, statuses]


def _encodings(case: Case) -> tuple[str, ...]:
    name = case.suite.rsplit("/", 1)[1]
    return ("wbxml",) if "wbxml" in name else ("xml",) if "xml" in name else ("xml", "wbxml")


def tables(cases: list[Case]) -> list[Table]:
    """All tables of both roles."""
    made = []
    for role in ROLES:
        own = [case for case in cases if case.role == role]
        for build in (node_tables, state_tables, code_tables, alert_tables, form_tables):
            made += [t for t in build(role, own) if role == "client" or t.name not in ("state-operation", "transition")]
    return made


def reasons() -> list[dict[str, str]]:
    """Why cells have no case: patterns of role, table, row and column, and the reason."""
    value: Any = load(REASONS).value
    return [{key: str(text) for key, text in row.items()} for row in value["reasons"]]


def must_reasons() -> list[dict[str, str]]:
    """Why a MUST that could be tried has no pair of cases: role, id (or several, by commas), and the reason."""
    value: Any = load(REASONS).value
    return [
        {"role": str(row["role"]), "id": each.strip(), "why": str(row["why"])}
        for row in value["musts"]
        for each in str(row["ids"]).split(",")
    ]


def reason(table: Table, row: str, column: str, given: list[dict[str, str]]) -> int | None:
    """The number of the reason for an empty cell, ``None`` where there is none."""
    place = {"role": table.role, "table": table.name, "row": row, "column": column}
    return next((n for n, each in enumerate(given) if all(fnmatchcase(v, each.get(k, "*")) for k, v in place.items())), None)


@dataclass
class Must:
    """How far the MUSTs of a role are covered: by a standing rule, or by a valid case and another one.

    A negative case differs from its declared twin in one thing only (test_twins.py sees to it), so the twin is the positive
    test of the requirement of the negative case, whether or not its row names the requirement: the measure is ``twinned``.
    """

    testable: list[Requirement]
    both: list[Requirement]
    """The strict figure: the valid case has to name the requirement itself."""
    seen: list[Requirement]
    twinned: list[Requirement]

    @property
    def share(self) -> float:
        """Percent with a rule or a pair of cases."""
        return 100 * len(self.twinned) / len(self.testable)

    @property
    def strict(self) -> float:
        """Percent with a rule or cases of both kinds that name the requirement."""
        return 100 * len(self.both) / len(self.testable)

    @property
    def lacking(self) -> list[Requirement]:
        """Those without a rule or a pair of cases."""
        return [row for row in self.testable if row not in self.twinned]


def musts(role: str, cases: list[Case]) -> Must:
    """The testable MUSTs of a role."""
    kinds: dict[str, set[str]] = {}
    twins: set[str] = set()
    for case in cases:
        for identity in required_by(case) if case.role == role else ():
            kinds.setdefault(identity, set()).add(case.kind)
            twins |= {identity} if case.twin and case.kind != "valid" else set()
    ruled = {identity for rule in registered() if role in rule.sides for identity in rule.requirements} | {"SUITE-ALIVE"}
    testable = [
        row for row in load_catalogue(CASES).values()
        if row.level == "must" and row.role in (role, "both") and row.cover not in UNCOVERED
    ]
    full = [
        row for row in testable
        if row.id in ruled or ("valid" in kinds.get(row.id, ()) and kinds[row.id] & {"invalid", "inopportune"})
    ]
    seen = [row for row in testable if row.id in ruled or row.id in kinds]
    return Must(testable, full, seen, [row for row in testable if row in full or row.id in twins])
