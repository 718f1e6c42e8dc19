"""Base of deviations in the SyncHdr, for the sessions of either reference peer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.syncml.model import Header

if TYPE_CHECKING:

    class _Session:
        """What both sessions have."""

        def __init__(self, *given: Any) -> None: ...

        def header(self) -> Header:
            """Of the next message."""
else:
    _Session = object


class SpoiltHeader(_Session):
    """Writes the SyncHdr as its session does, then makes it wrong."""

    def header(self) -> Header:
        """SyncHdr of the next message."""
        header = super().header()
        self.spoil(header)
        return header

    def spoil(self, header: Header) -> None:
        """Makes a header wrong."""
        raise NotImplementedError
