"""An update of a device of Windows Mobile, as a server drives it: the object is added first, DownloadAndUpdate alone is there.

The order is that of the makers' documentation: Add of PkgURL and PkgName below ``./FwUpdate``, then Exec with a Correlator.
"""

from __future__ import annotations

from conformance.fumo.campaign import Campaign
from conformance.fumo.object import DOWNLOAD_AND_UPDATE
from conformance.fumo.plan import AT_ONCE, Batch
from conformance.syncml.model import Add, Item, Meta
from conformance.syncml.model import Sequence as Ordered

_TEXT = Meta(format="chr", type="text/plain")


class MobileCampaign(Campaign):
    """A campaign for devices of both kinds: the dialect is spoken where the object is not there yet."""

    @property
    def absent(self) -> bool:
        """Whether the device was looked at and has no such object: the server is to add it."""
        return self.tree.operations is None

    def ways(self) -> list[str]:
        """The only way of the dialect, whatever was planned."""
        return [AT_ONCE] if self.absent else super().ways()

    def start(self, operation: str) -> Batch:
        """Adds the object with its address and its name, then starts the operation."""
        if not self.absent or operation != DOWNLOAD_AND_UPDATE:
            return super().start(operation)
        if self._prepared:
            return Batch([self.execute(operation)])
        added = self.added()
        return Batch([added]) if self.facts.small else Batch([Ordered(commands=[added, self.execute(operation)])])

    def added(self) -> Add:
        """One Add with two Items."""
        root, name = self.plan.root, self.plan.name or self.plan.version or "Firmware update"
        url = Item(target=f"{root}/{DOWNLOAD_AND_UPDATE}/PkgURL", meta=_TEXT, data=self.plan.url)
        return Add(items=[url, Item(target=f"{root}/PkgName", meta=_TEXT, data=name)])
