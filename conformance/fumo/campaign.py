"""A firmware update as the server drives it: what to command next, and what is believed of it (FUMO TS 6, 7).

No I/O, no clock. A campaign lasts over many sessions: :meth:`Campaign.open` at the beginning of each, then by turns
:meth:`Campaign.next` for commands and :meth:`Campaign.take` for what the device answered; :meth:`Campaign.report` whenever
a report about it comes. The small methods are there to be overridden by a deviation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from conformance.fumo import question
from conformance.fumo.object import DOWNLOAD, DOWNLOAD_AND_UPDATE, UPDATE, State, is_success
from conformance.fumo.plan import (
    ALONE,
    AT_ONCE,
    BY_DOWNLOAD,
    BY_REPLACE,
    CONFIRM,
    FIRMWARE,
    LARGE_OBJECTS,
    NO_QUESTION,
    OPERATIONS_OF,
    WAYS,
    Answer,
    Batch,
    Facts,
    Plan,
    Tree,
)
from conformance.fumo.report import Report
from conformance.syncml.model import Command, Exec, Get, Item, Meta, Replace
from conformance.syncml.model import Sequence as Ordered

PLANNED, RUNNING, SUCCEEDED, FAILED = "planned", "running", "succeeded", "failed"
LOOK, ASK, TIMES, DELIVER, INSTALL, AWAIT, ENDED = "look", "ask", "times", "deliver", "install", "await", "ended"

TURNS = 40
"""Packages that one campaign sends in one session at most."""
TRIES = 3
"""How often an Exec is sent whose Status never came."""
UNSUPPORTED = (404, 405, 406)
"""Statuses that may mean: this device does not have that operation."""
_KEPT = (
    "status", "phase", "way", "operation", "result", "status_code", "due", "tries", "unsure", "consented", "correlators",
)  # fmt: skip
_PLANNED = tuple(each.name for each in fields(Plan))


class Campaign:
    """One update of one object. ``name`` is unique on the server for ever; Correlators are made from it."""

    def __init__(self, name: str, plan: Plan) -> None:
        self.name, self.plan = name, plan
        self.status, self.phase = PLANNED, LOOK
        self.way = plan.way
        self.operation = ""
        """The operation last commanded."""
        self.result: int | None = None
        self.status_code: int | None = None
        self.due = 0.0
        """The time before which nothing is commanded; moved by a user who puts the update off."""
        self.tries = 0
        self.unsure = False
        """Whether an Exec was sent whose Status is not known."""
        self.consented = plan.consent == NO_QUESTION
        self.correlators: dict[str, str] = {}
        """Operation by Correlator, of all Execs sent."""
        self.lacking: set[str] = set()
        self.open(Facts())

    # -- kept over restarts ------------------------------------------------------------------------------------------

    def dump(self) -> dict[str, Any]:
        """Everything that must survive a restart, as JSON can carry it."""
        return {"name": self.name, "plan": {key: getattr(self.plan, key) for key in _PLANNED}, **{key: getattr(self, key) for key in _KEPT}}

    def load(self, kept: Mapping[str, Any]) -> None:
        """Takes up what :meth:`dump` gave."""
        for key in _KEPT:
            setattr(self, key, kept[key])
        self.correlators = dict(kept["correlators"])

    def outcome(self) -> dict[str, Any]:
        """What the server believes of this campaign (attach contract 2, verb ``outcome``)."""
        operation = self.operation.lower() or None
        return {
            "status": self.status, "result": self.result, "status_code": self.status_code, "operation": operation,
        }  # fmt: skip

    # -- sessions ----------------------------------------------------------------------------------------------------

    def open(self, facts: Facts) -> None:
        """A session of the device begins. What was in flight when an earlier one broke off counts as lost."""
        self.facts, self.tree = facts, Tree()
        self._turns = 0
        self._stopped = self._prepared = self._resent = False
        self._sent: list[Command] = []
        self._looking: list[str] = []
        if self.phase not in (ENDED, AWAIT, INSTALL) or self.unsure:
            self._begin_look()

    def _begin_look(self) -> None:
        self.phase = LOOK
        self._looking = self.interesting()

    def interesting(self) -> list[str]:
        """Nodes that are read before anything is commanded (FUMO TS usage appendix, step 2)."""
        root = self.plan.root
        nodes = [root, f"{root}/State", FIRMWARE]
        if self.plan.path and not self.unsure:
            nodes += [f"{root}/{UPDATE}", LARGE_OBJECTS]
        return nodes

    def wants(self, at: float) -> bool:
        """Whether there is something to command in the session that is open."""
        if self.phase == ENDED or self._stopped or at < self.due:
            return False
        return self.phase != AWAIT or not self.facts.reports

    def next(self, at: float) -> Batch | None:
        """The next commands; ``None`` where nothing more is to be commanded in this session."""
        self._turns += 1
        self._stopped = self._stopped or self._turns > TURNS
        if not self.wants(at):
            return None
        batch = {
            LOOK: self._look, ASK: self._ask, TIMES: self._times, DELIVER: self._deliver, INSTALL: self._install,
            AWAIT: self._poll,
        }[self.phase]()  # fmt: skip
        self._sent = batch.commands if batch else []
        return batch

    def take(self, answers: Sequence[Answer], at: float) -> None:
        """What the device answered to the commands last given."""
        if self.phase == ENDED:
            return
        {
            LOOK: self._took_look, ASK: self._took_ask, TIMES: self._took_times, DELIVER: self._took_delivery,
            INSTALL: self._took_exec, AWAIT: self._took_poll,
        }[self.phase](answers, at)  # fmt: skip

    # -- looking -----------------------------------------------------------------------------------------------------

    def _look(self) -> Batch | None:
        count = 1 if self.facts.small else len(self._looking)
        nodes, self._looking = self._looking[:count], self._looking[count:]
        return Batch([Get(items=[Item(target=node)]) for node in nodes])

    def _took_look(self, answers: Sequence[Answer], at: float) -> None:
        for answer in answers:
            if answer.good and answer.value is not None:
                self.tree.read(self.plan.root, answer.node, answer.value)
        if self._looking:
            return
        if self.unsure:
            self._resolve()
        else:
            self.phase = DELIVER if self.consented else ASK

    def _resolve(self) -> None:
        """Finds out by State what became of an Exec whose Status never came."""
        state, self.unsure = self.tree.state, False
        held = state in (State.DOWNLOAD_COMPLETE, State.READY_TO_UPDATE)
        if held and self.operation == DOWNLOAD:
            self.phase = INSTALL
        elif state not in (None, State.IDLE) and not (held and self.operation == UPDATE):
            self.phase = AWAIT
        elif self.tries >= TRIES:
            self._fail(None)
        else:
            self.phase = INSTALL if self.operation == UPDATE else DELIVER

    def _poll(self) -> Batch | None:
        """A device without Generic Alerts is asked for State once in each session (fumo in DM 1.1)."""
        self._stopped = True
        return Batch([Get(items=[Item(target=node)]) for node in (f"{self.plan.root}/State", FIRMWARE)])

    def _took_poll(self, answers: Sequence[Answer], at: float) -> None:
        for answer in answers:
            if answer.good and answer.value is not None:
                self.tree.read(self.plan.root, answer.node, answer.value)
        state = self.tree.state
        arrived = bool(self.plan.version) and self.tree.firmware == self.plan.version
        if self.operation == DOWNLOAD and state in (State.DOWNLOAD_COMPLETE, State.READY_TO_UPDATE):
            self.phase, self._stopped = INSTALL, False
        elif state in (State.UPDATE_SUCCESSFUL_HAVE_DATA, State.UPDATE_SUCCESSFUL_NO_DATA) or arrived:
            self.status, self.phase = SUCCEEDED, ENDED
        elif state in (State.DOWNLOAD_FAILED, State.UPDATE_FAILED_HAVE_DATA, State.UPDATE_FAILED_NO_DATA):
            self._fail(None)

    # -- asking the user ---------------------------------------------------------------------------------------------

    def _ask(self) -> Batch | None:
        what = " ".join(part for part in ("New firmware", self.plan.name, self.plan.version) if part)
        text = f"{what} is ready to be installed."
        return Batch([question.confirm(text) if self.plan.consent == CONFIRM else question.offer(text)])

    def _took_ask(self, answers: Sequence[Answer], at: float) -> None:
        code, data = _of(answers, self._sent)
        if code != 200:
            self.denied(code or None)
            return
        chosen = question.ACCEPT if self.plan.consent == CONFIRM else question.choice(data, question.REJECT)
        if chosen == question.ACCEPT:
            self.consented, self.phase = True, DELIVER
        elif chosen == question.DEFER and self.plan.minutes:
            self.phase = TIMES
        else:
            self.denied(None)

    def denied(self, code: int | None) -> None:
        """The user did not agree, or could not be asked: without consent nothing is installed."""
        self._fail(code)

    def _times(self) -> Batch | None:
        return Batch([question.times(self.plan.minutes)])

    def _took_times(self, answers: Sequence[Answer], at: float) -> None:
        """The time is kept; where none was chosen the user is asked again in the next session."""
        code, data = _of(answers, self._sent)
        chosen = question.choice(data, len(self.plan.minutes)) if code == 200 else 0
        self._stopped = True
        if chosen:
            self.due = at + self.plan.minutes[chosen - 1] * 60

    # -- delivering and installing -----------------------------------------------------------------------------------

    def ways(self) -> list[str]:
        """The planned way first, then those that would do as well."""
        others = [way for way in (AT_ONCE, BY_DOWNLOAD, BY_REPLACE) if way != self.plan.way]
        return [self.plan.way, *(others if self.plan.way in WAYS else [])]

    def possible(self, way: str) -> bool:
        """Whether device and package allow a way, as far as that is known (FUMO TS 6.3, DM Protocol 7)."""
        if way in self.lacking:
            return False
        known = self.tree.operations
        if known is not None and not known.issuperset(OPERATIONS_OF[way]):
            return False
        if way == ALONE:
            return True
        if way != BY_REPLACE:
            return bool(self.plan.url)
        return bool(self.plan.path) and self.tree.pkgdata is not False and self.fits()

    def fits(self) -> bool:
        """Whether the package can go as a value: large objects, MaxObjSize (DM Protocol 7)."""
        transferred = (self.plan.size + 2) // 3 * 4
        if self.facts.max_obj_size is not None and transferred > self.facts.max_obj_size:
            return False
        return self.tree.large_objects is not False or transferred <= self.facts.room

    def _deliver(self) -> Batch | None:
        way = next((way for way in self.ways() if self.possible(way)), "")
        if not way:
            self._fail(self.status_code)
            return None
        if way != self.way:
            self._prepared = False
        self.way, self.status = way, RUNNING
        if way == ALONE:
            self.phase = INSTALL
            return self._install()
        if way == BY_REPLACE:
            item = Item(target=f"{self.plan.root}/{UPDATE}/PkgData", meta=Meta(format="bin", type=self.plan.type))
            return Batch([Replace(items=[item])], self.plan.path)
        return self.start(DOWNLOAD if way == BY_DOWNLOAD else DOWNLOAD_AND_UPDATE)

    def start(self, operation: str) -> Batch:
        """Sets the address, then starts a download: in one Sequence, or where that cannot be in two packages."""
        target = f"{self.plan.root}/{operation}/PkgURL"
        item = Item(target=target, meta=Meta(format="chr", type="text/plain"), data=self.plan.url)
        if not self.facts.small:
            return Batch([Ordered(commands=[Replace(items=[item]), self.execute(operation)])])
        if self._prepared:
            return Batch([self.execute(operation)])
        return Batch([Replace(items=[item])])

    def execute(self, operation: str) -> Exec:
        """Exec on an operation, with a Correlator where the device knows it (DM RepPro 6.6.6)."""
        self.operation, self.unsure = operation, True
        self.tries += 1
        command = Exec(items=[Item(target=f"{self.plan.root}/{operation}")])
        if self.facts.reports:
            command.correlator = f"{self.name}.{len(self.correlators) + 1}"
            self.correlators[command.correlator] = operation
        return command

    def _install(self) -> Batch | None:
        if self.operation != UPDATE:
            self.tries = 0
        self.status = RUNNING
        return Batch([self.execute(UPDATE)])

    def _took_delivery(self, answers: Sequence[Answer], at: float) -> None:
        if any(isinstance(answer.command, Exec) for answer in answers):
            self._took_exec(answers, at)
            return
        code = answers[-1].code if answers else 0
        if self.way == BY_REPLACE and code == 200:
            self.phase, self.status_code = INSTALL, None
        elif self.way == BY_REPLACE and code in (0, 424) and not self._resent:
            self._resent = True  # the whole object once more (DM Protocol 7)
        elif code == 200:
            self._prepared = True
        else:
            self.refused(code)

    def _took_exec(self, answers: Sequence[Answer], at: float) -> None:
        codes = [answer.code for answer in answers if isinstance(answer.command, Exec)]
        code = codes[-1] if codes else 0
        if not self.unsure:
            return  # its report came first
        if not code:
            self._stopped = True
            return
        self.unsure = False
        if code in (200, 202):
            self.accepted()
        elif any(isinstance(a.command, Ordered) and a.code in (405, 406) for a in answers) and code in (215, 405, 406):
            self.facts.small, self._prepared = True, False
        else:
            earlier = [a.code for a in answers if isinstance(a.command, Replace) and a.code and not a.good]
            self.refused(earlier[0] if earlier else code)

    def accepted(self) -> None:
        """The device took the Exec: the outcome comes with its report (FUMO TS 6.1)."""
        self.phase, self.status_code = AWAIT, None

    def refused(self, code: int) -> None:
        """An error Status ends the attempt. Where the tree could not be read it may mean that this way is not there."""
        self.status_code = code
        if code in UNSUPPORTED and self.tree.operations is None and self.phase == DELIVER:
            self.lacking.add(self.way)
            self._prepared = False
        else:
            self._fail(code)

    def _fail(self, code: int | None) -> None:
        self.status, self.phase, self.status_code, self.unsure = FAILED, ENDED, code, False

    # -- reports -----------------------------------------------------------------------------------------------------

    def awaits(self, operation: str) -> bool:
        """Whether the report of that operation is what comes next."""
        return self.phase != ENDED and operation == self.operation and (self.phase == AWAIT or self.unsure)

    def report(self, report: Report) -> None:
        """Takes a report that belongs to this campaign. One that came before changes nothing."""
        operation = self.correlators.get(report.correlator, report.operation)
        if not self.awaits(operation):
            return
        self.result, self.unsure = report.result, False
        if not self.good(report.result):
            self._fail(None)
        elif operation == DOWNLOAD:
            self.downloaded()
        else:
            self.status, self.phase = SUCCEEDED, ENDED

    def good(self, result: int) -> bool:
        """Whether a ResultCode means success; vendor codes count by their range (FUMO TS 6.2.4)."""
        return is_success(result)

    def downloaded(self) -> None:
        """The package is on the device: Exec on Update is next (FUMO TS 6.1.1)."""
        self.phase = INSTALL


def _of(answers: Sequence[Answer], sent: Sequence[Command]) -> tuple[int, tuple[str, ...]]:
    """Code and Data of the answer to the first command that was sent."""
    for answer in answers:
        if sent and answer.command is sent[0]:
            return answer.code, answer.data
    return 0, ()
