"""Conformance test suite for firmware update over the air with OMA Device Management."""

__version__ = "0.1.0"
