"""Rules of TLS: what may be seen of every connection, whatever the case is about."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.judge.rule import Hit, View, rule

_TOO_OLD = ("SSLv1", "SSLv2")


@rule("DM-TLS-003", title="no connection is older than SSL 3.0")
def not_too_old(view: View) -> Iterator[Hit]:
    """DM Security 5.5.1.1. Connections that did not come about have no version."""
    for event in view.transcript.of("tls"):
        version = event.data.get("version")
        if version:
            yield view.check(version not in _TOO_OLD, event, "SSL 3.0 or newer", str(version), "the version of the connection")
