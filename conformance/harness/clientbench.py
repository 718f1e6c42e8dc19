"""What lasts while cases run against one device: its process or adapter, the suite's servers, keys, what it can do."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from conformance.dm.credentials import Account, Verifier
from conformance.dm.serversession import PeerKeys
from conformance.dm.sms import build_parts
from conformance.dm.trigger import DIGEST_SIZE, PORT, session_text
from conformance.harness import outcome
from conformance.harness.attached import Attached
from conformance.harness.cases import Permutation
from conformance.harness.certificates import Unusable
from conformance.harness.clientplayer import ClientPlayer
from conformance.harness.hooks import Outcome, Pending
from conformance.harness.knownstart import firmware_now, recall, remember, settle
from conformance.harness.link import InProcessDevice, Link, SocketDevice
from conformance.harness.ownpush import FORM_KEYS, MOST, Made, Secret, make
from conformance.harness.places import testcases
from conformance.harness.recorder import Recorder
from conformance.harness.selection import claimed, claimed_place, load_claims
from conformance.harness.shelf import Shelf
from conformance.harness.vocabulary import PLACE_CLAIMS
from conformance.transcript import CONTENT, DEVICE, OPERATOR, SERVER, SUITE
from conformance.transport.exchange import Reply, Request
from conformance.transport.tls import Handshake


class ClientBench(Attached):
    """The bench for the client role."""

    link: Link
    shelf: Shelf
    keys: PeerKeys

    def open(self) -> None:
        """Starts servers and implementation. Raises :class:`outcome.Stop` with an error where that cannot be done."""
        self.shelf = Shelf(self.iut, lambda: self.recorder)
        self.claims = load_claims(testcases())
        self._tree: frozenset[str] | None = None
        self._newest: tuple[Made, bytes] | None = None
        """The trigger that was sent last, and the nonce that it was made with."""
        self._lasting = False
        """Whether the device cannot be reset, so that nonces and firmware last from case to case."""
        adapter = self.in_process_adapter()
        self.tls = self.certificates()
        if adapter is not None:
            self.link = InProcessDevice(adapter, self.virtual_clock(), self.shelf.handle)
        else:
            self.link = self._listen()
        self.shelf.serve_at(self.link.content_url)
        ca = {} if self.tls is None else {"ca": str(self.tls.ca)}
        self.start({"server_url": self.link.dm_url, "download_url": self.link.content_url, **ca})
        self.keys = self._keys(self.iut.dm.authentication[0])
        recall(self.iut, self.keys)

    def _listen(self) -> SocketDevice:
        attach = self.iut.attach
        listen = (attach.listen or "http://127.0.0.1:0/dm", attach.advertise or "")
        content = (attach.content_listen or "http://127.0.0.1:0/", attach.content_advertise or "")
        held = self.iut.timeouts.message + self.iut.timeouts.hook
        try:
            return SocketDevice(listen, content, self._serve, held=held, certificates=self.tls, heard=self._heard)
        except Unusable as trouble:
            raise outcome.error(str(trouble), setup=True) from trouble
        except OSError as trouble:
            raise outcome.error(
                f"the suite cannot listen at {listen[0]} and {content[0]}: {trouble}", setup=True
            ) from trouble

    def _heard(self, place: str, handshake: Handshake) -> None:
        self.shook(DEVICE, SERVER if place == "dm" else CONTENT, handshake)

    def _serve(self, request: Request) -> Reply:
        return self.shelf.handle(request)

    def _keys(self, kind: str) -> PeerKeys:
        dm = self.iut.dm
        client, server = dm.client_credentials, dm.server_credentials
        verifier = Verifier(Account(client.username, client.password), client.nonce)
        return PeerKeys(kind, verifier, Account(server.username, server.password), server.nonce)

    # -- a case ------------------------------------------------------------------------------------------------------

    def begin(self, folder: Path, permutation: Permutation) -> Recorder:
        """Takes up a permutation."""
        recorder = super().begin(folder, permutation)
        self.player = ClientPlayer(self, recorder)
        if isinstance(self.link, SocketDevice):
            self.link.show(content="")
        return recorder

    def places(self) -> dict[str, str]:
        """Values of ``{name}`` in the steps."""
        return self._places

    def ready(self, permutation: Permutation) -> None:
        """The known start (attach contract 3.1): idle, reset, spoken as the permutation wants."""
        self.revive()
        # Where a reset follows, there is no need to wait out what an earlier case left open.
        self.idle(self.silence if self.can("reset") else self.iut.timeouts.reset)
        values = permutation.values
        kind = values.get("authentication", self.iut.dm.authentication[0])
        if self.reset():
            self.keys = self._keys(kind)
            if not self.firmware_kept:
                self.shelf.firmware = self.iut.device.get("firmware", "")
        else:
            self.keys.kind = kind
            self._lasting = True
            settle(self)
        self.configure(dict(values))
        if self._lasting or self.firmware_kept:
            self.shelf.firmware = firmware_now(self) or self.shelf.firmware
            self.player.close()
        self._places = self._fill_places()
        self._need_verbs(permutation)
        self._need_claims(permutation)
        if not (self.can("start_session client") or self.can_notify()):
            raise outcome.not_applicable(
                "neither start_session nor a trigger message reaches the device", outcome.STEERING
            )

    def _fill_places(self) -> dict[str, str]:
        objects = self.iut.objects
        return {
            **self.shelf.begin(),
            "object": objects[0],
            "object2": (objects * 2)[1],
            "parent": objects[0].rpartition("/")[0],
            "device_id": self.iut.dm.device_id,
            "server_id": self.iut.dm.server_id,
            "url:refused": f"{self.link.refused_url}package.bin",
            "url:unresolved": "http://no-such-host.invalid/package.bin",
            "correlator": f"corr-{self.cases:05d}",
            "server": self.link.dm_url,
            "content_host": self.shelf.root.partition("://")[2],
            "trigger_id": f"{0xA0 + self.cases % 0x60:X}",
            **{
                name: claimed_place(self.iut, self.claims[claim]) or self.claims[claim].place
                for name, claim in PLACE_CLAIMS.items()
            },
        }

    def _need_claims(self, permutation: Permutation) -> None:
        """Claims that the statement does not mention: looked up in the device's tree, once in a run."""
        unknown = [name for name in permutation.case.needs.claims if claimed(self.iut, self.claims, name) is None]
        for name in unknown:
            claim = self.claims[name]
            if claim.default == "tree" and self._tree is None:
                self._tree = self._discover()
            if not (
                claim.default == "yes" or (claim.default == "tree" and self._tree is not None and name in self._tree)
            ):
                raise outcome.not_applicable(f"the claim {name} is not made ({claim.title})", outcome.CLAIMS)

    def _discover(self) -> frozenset[str]:
        """The claims that the tree of the device bears out. Its session is evidence of its own."""
        mine = self.recorder, self.player
        self.recorder = Recorder(self.folder / "discovery", self.clock, self.masker)
        self.player = player = ClientPlayer(self, self.recorder)
        nodes = [claim.node for claim in self.claims.values() if claim.node and not claim.node.startswith(".")]
        try:
            found = player.present([f"{self.iut.objects[0]}/{node}" for node in dict.fromkeys(nodes)])
            large = player.reads("./DevDetail/LrgObj") == "true"
            player.close()
        except outcome.Stop:
            if not self.dead():
                raise
        finally:
            player.release()
            self.recorder.write({"id": "discovery", "steps": []})
            self.recorder, self.player = mine
        if self.dead() or player.lost:
            raise self._undiscovered(player)
        held = {
            claim.id for claim in self.claims.values() if claim.node and f"{self.iut.objects[0]}/{claim.node}" in found
        }
        return frozenset(held | ({"large-objects"} if large else set()))

    def _undiscovered(self, player: ClientPlayer) -> outcome.Stop:
        """Why the tree could not be read; nothing is concluded from what was."""
        dead, working = self.dead(), player.talk is not None
        if dead:
            self.note_end(working=working)
        make = outcome.error if dead and not working else outcome.inconclusive
        return make(f"while the tree of the device was read: {dead or player.lost}")

    def _need_verbs(self, permutation: Permutation) -> None:
        for verb in permutation.case.needs.verbs:
            if not self.can(verb):
                raise outcome.not_applicable(f"the hook cannot {verb}", outcome.STEERING)

    def play(self, steps: list[dict[str, Any]], recorder: Recorder) -> None:
        """Plays the steps, then serves what the device still has to say."""
        player = self.player
        try:
            player.play(steps)
            if not self.dead():
                player.drain(self.silence)
            player.look_at_content()
        except outcome.Stop:
            if not (self.dead() and player.talk):
                raise
        finally:
            player.release()
        if self.dead():
            self.note_end(working=player.talk is not None)
        self._http_faults(recorder)

    def news(self) -> None:
        """Wakes whoever waits for the device."""
        if hasattr(self, "link"):
            self.link.touch()

    def _http_faults(self, recorder: Recorder) -> None:
        for what in getattr(self.link, "faults", ()):
            recorder.add("note", SUITE, SUITE, text=f"HTTP: {what}")

    def finish(self, pending: Pending) -> Outcome:
        """Waits for a call of the hook and serves the device meanwhile (attach contract 2)."""
        return self.player.serve(pending) if hasattr(self, "player") else pending.outcome()

    # -- triggers ----------------------------------------------------------------------------------------------------

    def can_notify(self) -> bool:
        """Whether a trigger message reaches the device."""
        return isinstance(self.link, InProcessDevice) or bool(self.iut.attach.notify) or self.can("notify")

    def trigger(self, recorder: Recorder, session_id: int = 0) -> None:
        """Sends package #0 as a WSP push by the way of the IUT file (attach contract 1 and 3.6).

        ``session_id`` is the one that it asks for; 0 for the next one in turn.
        """
        given = {"session_id": f"{session_id:X}"} if session_id else {}
        self.push(recorder, given)

    def push(self, recorder: Recorder, given: Mapping[str, Any]) -> set[str]:
        """Sends what a step ``notify`` asks for, by the way of the IUT file; short messages by the hook alone.

        Gives the ids of the sessions that the triggers ask for.
        """
        self._need_reader(given)
        if given.get("replay"):
            return self._replay(recorder)
        ids = set()
        dm = self.iut.dm
        secret = Secret(dm.server_id, self.keys.account.password, self.keys.nonce)
        times, repeats = (min(int(given.get(key, 1)), MOST) for key in ("times", "repeat"))
        for turn in range(times):
            self.triggers += 1
            trigger = make(given, secret, self.triggers % 0xFFFF + 1, self.triggers & 0xFF)
            self.digest = trigger.package[:DIGEST_SIZE].hex()
            self._newest = trigger, secret.nonce
            ids.add(session_text(trigger.fields["session_id"]))
            for again in range(repeats):
                shown: dict[str, Any] = {"sms": [self.without_digest(part.hex()) for part in trigger.sms]} if trigger.sms else {}
                if trigger.made:
                    shown["made"] = True
                recorder.add(
                    "trigger", SERVER, DEVICE, octets=self.without_digest(trigger.datagram.hex()),
                    fields=dict(trigger.fields), **shown,
                )  # fmt: skip
                self._deliver(trigger, (turn, again) == (times - 1, repeats - 1))
        return ids

    def _replay(self, recorder: Recorder) -> set[str]:
        """Sends the newest trigger once more, long after its session. It is wrong where there is a new nonce by now."""
        if self._newest is None or self._newest[1] == self.keys.nonce:
            raise outcome.not_applicable("the device gave no new nonce: the old trigger is still a right one", outcome.CLAIMS)
        trigger = self._newest[0]
        octets = self.without_digest(trigger.datagram.hex())
        recorder.add("trigger", SERVER, DEVICE, octets=octets, fields=dict(trigger.fields), made=True)
        self._deliver(trigger, True)
        return {session_text(trigger.fields["session_id"])}

    def _need_reader(self, given: Mapping[str, Any]) -> None:
        """What is wrong in a push only means something where the device itself reads it."""
        if any(key in given for key in FORM_KEYS) and not (isinstance(self.link, InProcessDevice) or self.iut.attach.notify):
            raise outcome.not_applicable("the hook delivers triggers, the device reads no push", outcome.STEERING)

    def _deliver(self, trigger: Made, last: bool) -> None:
        if trigger.sms:
            self._call_notify({"sms": [part.hex() for part in trigger.sms]})
        elif isinstance(self.link, InProcessDevice):
            self.link.trigger(trigger.datagram)
        elif self.iut.attach.notify:
            parts = urlsplit(self.expand(self.iut.attach.notify))
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                sender.sendto(trigger.datagram, (parts.hostname or "127.0.0.1", parts.port or PORT))
        else:
            sms = [part.hex() for part in build_parts(trigger.datagram)]
            given = {"push": trigger.datagram.hex(), "trigger": trigger.package.hex(), "sms": sms}
            self._call_notify(given, last)

    def _call_notify(self, given: dict[str, Any], last: bool = True) -> None:
        pending = self.steering.call_async("notify", given)
        if "push" in given and last:
            self.player.expect_hook(pending, "notify")  # it may return after the whole session
            return
        result = self.finish(pending)
        if result.kind == "done":
            return
        if "push" not in given:
            # A hook that knows pushes only may as well fail over a call without one.
            raise outcome.not_applicable(f"the hook cannot notify by short messages: {result.note}", outcome.STEERING)
        if result.kind == "cannot":
            self.cannot.add("notify")
            raise outcome.not_applicable(f"the hook cannot notify: {result.note}", outcome.STEERING)
        raise outcome.error(f"notify failed: {result.note}")

    def close(self) -> None:
        """Stops the implementation and the suite's servers."""
        super().close()
        if getattr(self, "_lasting", False):
            remember(self.iut, self.keys)
        if hasattr(self, "link"):
            self.link.close()


__all__ = ["OPERATOR", "ClientBench"]
