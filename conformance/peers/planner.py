"""The memory of a DM server: its devices, the updates planned for them, and the triggers that are due. No I/O, no clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from conformance.dm.trigger import RESYNC_NONCES, Notification, Push, build, build_push
from conformance.fumo.campaign import ENDED, PLANNED, Campaign
from conformance.fumo.plan import Facts, Plan
from conformance.fumo.report import Report
from conformance.peers.enrolment import Enrolment, Octets, Trigger

REPEATS = (0.0, 60.0, 300.0)
"""Seconds after which a trigger is sent (again) while no session comes."""
MAX_CAMPAIGNS = 512
"""Campaigns that are remembered; the oldest ended ones are forgotten."""
MAX_DEVICES = 1024
LARGEST_ID = 0xFFFF

Make = Callable[[str, Plan], Campaign]


class Planner:
    """What a server knows, apart from sessions. ``make`` builds campaigns, ``octets`` gives random octets."""

    def __init__(self, make: Make, octets: Octets) -> None:
        self.make, self.octets = make, octets
        self.devices: dict[str, Enrolment] = {}
        self.campaigns: list[Campaign] = []
        self.token = octets(3).hex()
        """Keeps names and Correlators of this server apart from those of other runs."""
        self.planned = 0
        self.triggered = int.from_bytes(octets(2), "big") & 0x7FFF

    # -- kept over restarts ------------------------------------------------------------------------------------------

    def dump(self) -> dict[str, Any]:
        """Everything that must survive a restart, as JSON can carry it."""
        return {
            "token": self.token, "planned": self.planned, "triggered": self.triggered,
            "devices": [device.dump() for device in self.devices.values()],
            "campaigns": [campaign.dump() for campaign in self.campaigns],
        }  # fmt: skip

    def load(self, kept: Mapping[str, Any]) -> None:
        """Takes up what :meth:`dump` gave."""
        self.token, self.planned, self.triggered = kept["token"], kept["planned"], kept["triggered"]
        devices = [Enrolment.load(one, self.octets) for one in kept["devices"]]
        self.devices = {device.device_id: device for device in devices}
        self.campaigns = []
        for one in kept["campaigns"]:
            plan = Plan(**{**one["plan"], "minutes": tuple(one["plan"]["minutes"])})
            campaign = self.make(one["name"], plan)
            campaign.load(one)
            self.campaigns.append(campaign)

    # -- planning ----------------------------------------------------------------------------------------------------

    def enrol(self, device: Enrolment) -> None:
        """Makes a device known; what was planned for one of that name is forgotten. Raises ``ValueError`` when full."""
        if len(self.devices) >= MAX_DEVICES and device.device_id not in self.devices:
            raise ValueError(f"more than {MAX_DEVICES} devices")
        self.devices[device.device_id] = device
        self.campaigns = [campaign for campaign in self.campaigns if campaign.plan.device != device.device_id]

    def plan(self, plan: Plan, at: float) -> Campaign:
        """Plans an update; a plan for the same object that was not begun yet is given up for it."""
        self.campaigns = [
            c for c in self.campaigns
            if not (c.plan.device == plan.device and c.plan.root == plan.root and c.status == PLANNED)
        ]  # fmt: skip
        self.planned += 1
        campaign = self.make(f"fw-{self.token}-{self.planned}", plan)
        self.campaigns.append(campaign)
        self._forget()
        self.devices[plan.device].up_to_date = False
        if plan.notify:
            self.notify(self.devices[plan.device], at)
        return campaign

    def _forget(self) -> None:
        ended = [campaign for campaign in self.campaigns if campaign.phase == ENDED]
        for campaign in ended[: max(0, len(self.campaigns) - MAX_CAMPAIGNS)]:
            self.campaigns.remove(campaign)

    def no_newer(self, device: Enrolment) -> None:
        """Nothing newer is to be had for a device: plans that were not begun are given up."""
        device.up_to_date = True
        self.campaigns = [
            c for c in self.campaigns if not (c.plan.device == device.device_id and c.status == PLANNED)
        ]  # fmt: skip

    def of(self, device: Enrolment, root: str = "") -> list[Campaign]:
        """The campaigns of a device, of one object where ``root`` names it, oldest first."""
        return [c for c in self.campaigns if c.plan.device == device.device_id and root in ("", c.plan.root)]

    # -- sessions ----------------------------------------------------------------------------------------------------

    def opened(self, device: Enrolment, facts: Facts) -> None:
        """A session of a device has begun: its triggers have done their work."""
        device.trigger = None
        device.keys.verifier.allowed.discard("default")
        for campaign in self.of(device):
            campaign.open(facts)

    def wanting(self, device: Enrolment, at: float, root: str = "") -> list[Campaign]:
        """The campaigns that have commands for the session that is open."""
        return [campaign for campaign in self.of(device, root) if campaign.wants(at)]

    def request(self, device: Enrolment, report: Report, at: float) -> bool:
        """Whether a request of the client is followed by update commands in this session (FUMO TS 7.1.3)."""
        return bool(self.wanting(device, at, report.root))

    def report(self, device: Enrolment, report: Report) -> Campaign | None:
        """Hands a report to the campaign it is about; ``None`` where it is about none (FUMO TS 6.2.1, 6.2.3).

        The Correlator decides; where there is none, Source and Type do. A Correlator that is not known here belongs to
        something older, and is not guessed at.
        """
        campaigns = self.of(device)[::-1]
        found = None
        if report.correlator:
            found = next((c for c in campaigns if report.correlator in c.correlators), None)
        else:
            waiting = [c for c in campaigns if c.awaits(report.operation)]
            fitting = [c for c in waiting if report.source and c.plan.root == report.root]
            if fitting or (not report.source and len(waiting) == 1):
                found = (fitting or waiting)[0]
        if found is not None:
            found.report(report)
        return found

    # -- triggers ----------------------------------------------------------------------------------------------------

    def notify(self, device: Enrolment, at: float) -> None:
        """Lets a trigger be sent, now and again while no session comes."""
        if device.notify:
            device.trigger = Trigger(self.session_id(), [at + seconds for seconds in REPEATS])

    def session_id(self) -> int:
        """The id of the next session that a trigger asks for: 1 to 65535, each different (DM Notification 6.2.10)."""
        self.triggered = self.triggered % LARGEST_ID + 1
        return self.triggered

    def due(self, at: float) -> list[tuple[str, bytes]]:
        """The triggers that are due: address and WSP push."""
        for campaign in self.campaigns:
            if self._timed(campaign) and campaign.due <= at:
                self.timer_ended(campaign, at)
        sent = []
        for device in self.devices.values():
            trigger = device.trigger
            if trigger is None or not trigger.times or trigger.times[0] > at:
                continue
            trigger.times = [time for time in trigger.times if time > at]
            if trigger.sent and not trigger.times:
                self.heal(device)
            trigger.sent = True
            sent.append((device.notify, self.trigger(device, trigger.session_id)))
        return sent

    def heal(self, device: Enrolment) -> None:
        """No trigger was answered: maybe the nonces of the two have got lost (DM Notification 5.1).

        The last trigger is made with the nonce 0x00000000, and a session that answers with it is taken.
        """
        device.keys.nonce = RESYNC_NONCES[0]
        device.keys.verifier.allowed.add("default")

    @staticmethod
    def _timed(campaign: Campaign) -> bool:
        return campaign.due > 0 and campaign.phase != ENDED

    def timer_ended(self, campaign: Campaign, at: float) -> None:
        """The time to which the user put an update off has come."""
        campaign.due = 0.0
        self.notify(self.devices[campaign.plan.device], at)

    def trigger(self, device: Enrolment, session_id: int) -> bytes:
        """Package #0 in a WSP push (DM Notification 6, 7.1)."""
        notification = Notification(session_id=session_id, server_id=device.server_id)
        return build_push(Push(build(notification, device.keys.account.password, device.keys.nonce)))

    def wake_at(self) -> float | None:
        """When the next trigger is due; ``None`` where none is planned."""
        times = [campaign.due for campaign in self.campaigns if self._timed(campaign)]
        triggers = [device.trigger for device in self.devices.values() if device.trigger is not None]
        times += [trigger.times[0] for trigger in triggers if trigger.times]
        return min(times, default=None)
