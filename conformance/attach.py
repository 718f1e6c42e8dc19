"""What a Python adapter is made of: ``from conformance.attach import Adapter, NotSupported``."""

from conformance.harness.adapter import Adapter, NotSupported

__all__ = ["Adapter", "NotSupported"]
