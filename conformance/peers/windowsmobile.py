"""The reference device as one of Windows Mobile: the dialect of its makers' documentation, not that of the enabler.

Update objects are added by the server below ``./FwUpdate``; DownloadAndUpdate is the only operation; the report names its
node and travels in package 1 of a session of its own; packages are fetched by HEAD and then GET with a Range.
"""

from __future__ import annotations

from dataclasses import replace

from conformance.dm.clientsession import ClientSession
from conformance.dm.largeobject import Octets
from conformance.dm.tree import Tree, Written
from conformance.download.fetch import Fetch
from conformance.fumo.agent import Report, UpdateAgent
from conformance.fumo.object import DOWNLOAD_AND_UPDATE, MO_ID, VENDOR_CLIENT_ERROR, VENDOR_SERVER_ERROR, VENDOR_SUCCESS
from conformance.fumo.retrieval import Retrieval
from conformance.peers.deviceparts import DeviceParts
from conformance.peers.profile import DeviceProfile
from conformance.peers.updateobject import UpdateObject
from conformance.syncml.model import Alert
from conformance.transport.exchange import Headers, Request

WINDOWS_MOBILE = "windows-mobile"
"""Name of the dialect, in profiles and on the command line."""
ROOT = "./FwUpdate"
NODES = ("PkgName", "PkgVersion", DOWNLOAD_AND_UPDATE, f"{DOWNLOAD_AND_UPDATE}/PkgURL", "State")
"""Nodes of an object below its root."""
_ADDED = ("PkgName", f"{DOWNLOAD_AND_UPDATE}/PkgURL")
"""Nodes to which the server gives a value by Add."""
_UNUSED = {406: 500, 407: 503, 409: 405, 410: 405, 412: 500, 450: 400, 451: 400}
"""ResultCodes that the dialect does not have, and those that come next to them."""


def become(profile: DeviceProfile) -> None:
    """Makes a profile that of such a device."""
    profile.dialect = WINDOWS_MOBILE
    profile.operations = (DOWNLOAD_AND_UPDATE,)
    profile.package_by_dm, profile.dynamic_objects = False, True


def first_objects(tree: Tree, profile: DeviceProfile) -> tuple[str, ...]:
    """The objects that are there from the beginning: in the dialect none, but the root below which a server adds them."""
    if not profile.dialect:
        return profile.objects
    tree.place(ROOT, format="node", access=frozenset(("Get", "Add")), children={})
    return ()


class MobileTree(Tree):
    """A tree where everything that is added below the root of the dialect is an update object."""

    def add(self, uri: str, written: Written, server: str | None = None) -> int:
        """As the base; a missing object is made first, and its nodes take their first value."""
        root, _, below = _split(uri)
        if not root:
            return super().add(uri, written, server)
        if self.find(root) is None:
            status = super().add(root, Written(Octets(), "node", MO_ID), server)
            if status != 200 or not below:
                return status
        node = self.find(uri)
        if below in _ADDED and node is not None and not node.value.size:
            return self.replace(uri, written, server)
        return super().add(uri, written, server)


def _split(uri: str) -> tuple[str, str, str]:
    """Root of the object, its name, and the path below it; "" where an address lies elsewhere."""
    path = uri if uri.startswith("./") else f"./{uri}"
    if not path.startswith(f"{ROOT}/") or "?" in path:
        return "", "", ""
    name, _, below = path[len(ROOT) + 1 :].partition("/")
    return f"{ROOT}/{name}", name, below


class MobileObject(UpdateObject):
    """An object that a server added."""

    def paths(self) -> list[str]:
        """The few nodes of the dialect."""
        return list(NODES)

    def access(self, path: str) -> frozenset[str]:
        """The server gives the object its name."""
        return frozenset(("Get", "Replace")) if path == "PkgName" else super().access(path)

    def place(self, path: str) -> None:
        """PkgName holds what the server wrote."""
        if path == "PkgName":
            uri = f"{self.uri}/{path}"
            self.tree.place(uri, format="chr", type="text/plain", access=self.access(path), limit=256)
        else:
            super().place(path)

    def exec(self, path: str, correlator: str | None, at: float) -> int:
        """Without a Correlator nothing is updated, where the version of DM has one."""
        if not correlator and not self.profile.version.startswith("1.1"):
            return 403
        return super().exec(path, correlator, at)


class MobileAgent(UpdateAgent):
    """An agent that reports as the dialect does."""

    def retrieve(self, url: str) -> Retrieval:
        """Asks by HEAD how long the package is, then fetches it by ranges."""
        return _Ranges(url, self.firmware.storage, self.firmware.resume_tries, self.firmware.types)

    def report(self, code: int) -> None:
        """Ends the job with a code that the dialect has."""
        super().report(known(int(code)))

    def alert(self, report: Report) -> Alert:
        """The Source is the node that was executed, and there is no Mark."""
        alert = super().alert(report)
        for item in alert.items:
            item.source = f"{self.root()}/{DOWNLOAD_AND_UPDATE}"
            if item.meta is not None:
                item.meta = replace(item.meta, mark=None)
        return alert


def known(code: int) -> int:
    """The ResultCode of the dialect for one of the enabler."""
    if code in VENDOR_SUCCESS:
        return 200
    if code in VENDOR_CLIENT_ERROR or code in VENDOR_SERVER_ERROR:
        return 400 if code in VENDOR_CLIENT_ERROR else 500
    return _UNUSED.get(code, code)


class MobileSession(ClientSession):
    """A session whose Generic Alerts stand in package 1 or nowhere."""

    def _offer_alerts(self) -> None:
        begins = any(isinstance(command, Alert) and command.data == self.alert_code for command in self.packer.commands)
        if begins:
            super()._offer_alerts()


class _Ranges(Retrieval):
    def _begin(self, url: str) -> Fetch:
        self._store.reset(0)
        return RangedFetch(url, limit=self._limit, resume_tries=self._tries, spool=self._store)


class RangedFetch(Fetch):
    """A fetch that begins with HEAD and asks for a range from the first octet on."""

    _asked = False
    _heading = False

    def next_request(self) -> Request | None:
        """HEAD first, then GET with a Range."""
        request = super().next_request()
        if request is None:
            return None
        if not self._asked:
            self._heading = True
            return Request("HEAD", request.url, request.headers)
        if not any(name == "Range" for name, _ in request.headers) and self.total:
            request.headers.append(("Range", f"bytes=0-{self.total - 1}"))
        return request

    def begin(self, status: int, headers: Headers) -> bool:
        """What HEAD is answered with is looked at, and its failure counts as that of a GET."""
        if not self._heading:
            return super().begin(status, headers)
        if status in (405, 501):
            self._asked = True  # no HEAD there
            return False
        wanted = super().begin(status, headers)
        self._asked = status in (200, 206)
        return wanted

    def data(self, chunk: bytes) -> bool:
        """An answer to HEAD has no body, whatever comes."""
        return not self._heading and super().data(chunk)

    def end(self, error: str = "") -> None:
        """After HEAD the GET is due."""
        heading, self._heading = self._heading, False
        if not (heading and self._asked and not error):
            super().end(error)


PARTS = DeviceParts(
    session=MobileSession, tree=MobileTree, agent=MobileAgent, object=MobileObject,
)  # fmt: skip
"""The classes of such a device."""
