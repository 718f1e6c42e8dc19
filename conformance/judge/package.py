"""Packages of several messages: whose package is open when a message is sent (DM Protocol 6)."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.judge.session import CLIENT, SESSION_ABORT, Said, Session


@dataclass(slots=True, eq=False)
class Turn:
    """One message and the state before it: whether the server's, and the client's, newest package had no Final yet.

    ``asks``: a message of the server that may only ask for the rest of the client's package (state "Next Message").
    """

    said: Said
    server_open: bool
    client_open: bool
    asks: bool = False


def turns(session: Session) -> list[Turn]:
    """The messages of a session with the state before each. What was sent again changes nothing."""
    made: list[Turn] = []
    server_open = client_open = False
    for said in session.said:
        asks = said.side != CLIENT and client_open and not server_open and not said.refuses
        made.append(Turn(said, server_open, client_open, asks))
        if said.copy:
            continue
        if said.side == CLIENT:
            client_open = not said.final and not said.has_alert(SESSION_ABORT)
        elif said.refuses or said.has_alert(SESSION_ABORT):
            server_open = client_open = False
        elif not asks:
            server_open = not said.final
    return made
