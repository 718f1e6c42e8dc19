"""Rules of challenges and credentials, at their edges: what is held against a side, and what is not."""

from __future__ import annotations

from typing import Any

from judge_builder import (
    Script,
    answers,
    basic,
    challenged,
    dev_info,
    header_status,
    item,
    md5,
    md5_chal,
    update,
    with_mac,
)
from judge_scripts import repeating, retried_md5, right_mac, right_md5, server_challenged, stubborn
from judge_seen import ONCE, TWICE, Row, each_row, said_of
from judge_spoils import at, both, change, code, data, drop, extra, header, seen

from conformance.judge.finding import FAIL, PASS, WARN
from conformance.syncml.model import Alert, Chal, Cred, Get, Results

NEW = "ZmVkY2JhOTg3NjU0MzIxMA=="


def times(n: int) -> list[Any]:
    return [(PASS, None, f"{n} times")]


def nothing(script: Script) -> None:
    """The script as it is."""


def chal(n: int, **values: Any) -> Any:
    """Changes the Chal of a message."""

    def spoil(script: Script) -> None:
        for name, value in values.items():
            setattr(at(script, n).status("SyncHdr").chal, name, value)

    return spoil


def gives(n: int, made: Chal | None) -> Any:
    """Sets or takes away the Chal of a message."""
    return lambda script: setattr(at(script, n).status("SyncHdr"), "chal", made)


def fact(n: int, kind: str, **facts: Any) -> Any:
    return seen(n, **{kind: {"type": "md5" if kind == "credentials" else "hmac", **facts}})


def again(first: str, second: str, cred: Any = None) -> Any:
    """Two sessions, each with a challenge."""

    def made() -> Script:
        script = Script()
        for number, nonce in enumerate((first, second), 1):
            script.open(str(number))
            script.label = str(number)
            one = script.client(Alert(data="1201"), dev_info())
            two = script.server(*answers(one, "407", md5_chal(nonce), Alert="407", Replace="407"))
            three = script.client(header_status(two), Alert(data="1201"), dev_info(), cred=cred or md5(), source_name="dev")
            script.server(*answers(three, "212"))
        return script

    return made


def twice_refused(*nonces: str) -> Script:
    """Challenges one after another, each answered by md5."""
    script = Script()
    last = script.client(Alert(data="1201"), dev_info(), cred=md5(), source_name="dev")
    for nonce in nonces:
        two = script.server(*answers(last, "401", md5_chal(nonce), Alert="401", Replace="401"))
        last = script.client(header_status(two), Alert(data="1201"), dev_info(), cred=md5(), source_name="dev")
    script.server(*answers(last, "212"))
    return script


ROWS: list[tuple[str, str, Any, Any, list[Any]]] = [
    ("DM-STA-008", "server", challenged, nothing, ONCE),
    ("DM-STA-008", "server", challenged, both(code(1, "SyncHdr", "500"), gives(1, None)), []),
    # -- form of challenges and credentials
    ("DM-AUTH-006", "server", challenged, chal(1, type="Syncml:Auth-MD5 ", format=None), [(FAIL, 2, "nothing")]),
    ("DM-AUTH-006", "server", challenged, chal(1, type="syncml:auth-basic", format=None), times(2)),
    ("DM-AUTH-006", "server", challenged, chal(1, type="syncml:auth-MAC", format="bin"), [(FAIL, 2, "bin")]),
    ("DM-AUTH-006", "client", challenged, header(2, cred=Cred("syncml:auth-basic", None, "****")), ONCE),
    ("DM-AUTH-022", "server", challenged, chal(1, next_nonce=" "), [(FAIL, 2, " ")]),
    ("DM-AUTH-022", "server", challenged, chal(1, type="syncml:auth-basic", next_nonce=None), ONCE),
    ("DM-AUTH-022", "server", challenged, chal(3, next_nonce=None), [(WARN, 4, "nothing")]),
    ("DM-AUTH-022", "server", challenged, chal(3, next_nonce=""), [(WARN, 4, "an empty value")]),
    ("DM-AUTH-022", "server", challenged, both(chal(3, next_nonce=""), code(3, "SyncHdr", "200")), [(FAIL, 4, "an empty value")]),
    ("DM-AUTH-022", "server", challenged, both(chal(3, next_nonce=None), code(3, "SyncHdr", "200")), [(WARN, 4, "nothing")]),
    ("DM-AUTH-022", "server", challenged, both(chal(3, next_nonce=""), code(3, "SyncHdr", "200"), header(2, cred=basic())),
     [(WARN, 4, "an empty value")]),
    ("DM-AUTH-022", "server", challenged, lambda s: setattr(at(s, 1).status("Alert"), "chal", Chal("syncml:auth-md5", "b64", "")), TWICE),
    # -- nonces
    ("DM-AUTH-012", "server", challenged, nothing, times(4)),
    ("DM-AUTH-012", "server", challenged, chal(1, next_nonce="MDEyMzQ1Njc4OWFiY2Rl"), [(WARN, 2, "15")]),
    ("DM-AUTH-012", "server", challenged, chal(1, next_nonce="?"), times(3)),
    ("DM-AUTH-012", "server", challenged, chal(1, next_nonce="****"), TWICE),
    ("DM-AUTH-012", "server", challenged, both(chal(1, next_nonce="****"), seen(1, next_nonce={"length": 15, "print": "a"})),
     [(WARN, 2, "15")]),
    ("DM-AUTH-012", "server", challenged, both(chal(1, next_nonce="****"), seen(1, next_nonce={"length": 16, "print": "a"})), times(4)),
    ("DM-AUTH-012", "server", again(NEW, NEW), nothing, [(WARN, 6, "one of an earlier session")]),
    ("DM-AUTH-012", "server", again(NEW, "MDEyMzQ1Njc4OWFiY2RlZg=="), nothing, times(4)),
    ("DM-AUTH-012", "server", challenged, chal(3, next_nonce="MDEyMzQ1Njc4OWFiY2RlZg=="), times(4)),
    ("DM-AUTH-013", "server", lambda: twice_refused("YQ==", "YQ=="), nothing, [(WARN, 4, "the same")]),
    ("DM-AUTH-013", "server", lambda: twice_refused("YQ==", "Yg=="), nothing, TWICE),
    ("DM-AUTH-013", "server", lambda: twice_refused("YQ==", "Yg==", "Yg=="), nothing, [(WARN, 6, "the same")]),
    ("DM-AUTH-013", "server", lambda: retried_md5(NEW), nothing, ONCE),
    ("DM-AUTH-013", "server", lambda: retried_md5(NEW), gives(3, md5_chal()), [(FAIL, 4, "the same")]),
    ("DM-AUTH-013", "server", challenged, nothing, []),
    # -- where Cred stands
    ("DM-AUTH-005", "server", update, change(1, Get, cred=basic()), [(FAIL, 2, "Get")]),
    ("DM-HMAC-006", "client", challenged, header(2, cred=Cred(" SYNCML:auth-mac", "b64", "****")), [(FAIL, 3, "SYNCML:auth-mac")]),
    ("DM-HMAC-006", "client", challenged, nothing, ONCE),
    # -- codes of sessions
    ("DM-AUTH-020", "server", update, both(header(0, cred=None), code(1, "SyncHdr", "200")), ONCE),
    ("DM-AUTH-020", "server", lambda: update(), both(code(3, "SyncHdr", "212")), times(3)),
    ("DM-AUTH-020", "server", update, both(header(0, cred=None), code(3, "SyncHdr", "212"), code(1, "SyncHdr", "200")), [(WARN, 4, "212")]),
    # -- credentials again after 200
    ("DM-AUTH-010", "client", repeating, nothing, ONCE),
    ("DM-AUTH-010", "client", repeating, both(header(2, cred=None), code(1, "SyncHdr", "212")), []),
    ("DM-AUTH-010", "client", repeating, both(header(2, cred=None), header(0, cred=None)), []),
    ("DM-AUTH-010", "client", repeating, both(header(2, cred=None), extra(2, Alert(data="1223"))), []),
    ("DM-AUTH-010", "client", repeating, both(header(2, cred=None), data(1, made=True)), []),
    # -- facts
    ("DM-AUTH-007", "client", right_md5, nothing, ONCE),
    ("DM-AUTH-010", "client", right_md5, nothing, ONCE),
    ("DM-AUTH-010", "client", right_md5, fact(2, "credentials", result="stale"), [(FAIL, 3, "the unknown one")]),
    ("DM-AUTH-007", "client", right_md5, seen(2, credentials={"type": "basic", "result": "wrong"}), []),
    ("DM-AUTH-007", "client", right_md5, both(fact(2, "credentials", result="wrong"), code(1, "SyncHdr", "212")), []),
    ("DM-AUTH-010", "client", right_md5, both(fact(2, "credentials", result="stale", nonce="old"), chal(1, next_nonce=None)),
     [(WARN, 3, "the old one")]),
    ("DM-HMAC-002", "client", right_mac, nothing, TWICE),
    ("DM-HMAC-005", "client", right_mac, fact(2, "integrity", result="stale"), [(FAIL, 3, "the unknown one")]),
    ("DM-HMAC-002", "client", right_mac, both(fact(2, "integrity", result="wrong"), chal(1, next_nonce="")), ONCE),
    ("DM-HMAC-002", "client", right_mac, seen(2, integrity="x"), ONCE),
    # -- one type
    ("DM-AUTH-011", "client", repeating, nothing, ONCE),
    ("DM-AUTH-011", "client", repeating, header(2, cred=None), []),
    ("DM-AUTH-011", "client", challenged, nothing, ONCE),
    ("DM-AUTH-011", "client", repeating, both(header(2, cred=md5()), code(1, "SyncHdr", "500")), []),
    ("DM-AUTH-011", "client", repeating, both(header(2, cred=md5()), gives(1, md5_chal())), ONCE),
    # -- a challenged client
    ("DM-AUTH-001", "client", challenged, chal(1, type=None), []),
    ("DM-AUTH-001", "client", challenged, gives(1, None), []),
    ("DM-AUTH-001", "client", challenged, data(1, made=True), []),
    ("DM-AUTH-001", "client", challenged, extra(2, Alert(data="1223")), []),
    ("DM-AUTH-002", "client", challenged, lambda s: at(s, 2).drop(at(s, 2).one(Alert)), [(FAIL, 3, "a message without")]),
    ("DM-AUTH-001", "client", challenged, both(header(2, cred=None), chal(1, type="syncml:auth-MAC"), data(2, headless=True)), []),
    ("DM-AUTH-001", "client", challenged, both(header(2, cred=None), chal(1, type="syncml:auth-MAC")), [(FAIL, 3, "nothing")]),
    ("DM-AUTH-001", "client", challenged, header(2, cred=Cred("syncml:auth-MAC", "b64", "****")), [(FAIL, 3, "a MAC in Cred")]),
    ("DM-AUTH-003", "client", challenged, nothing, TWICE),
    # -- a challenged server
    ("DM-AUTH-021", "server", server_challenged, nothing, ONCE),
    ("DM-AUTH-021", "server", server_challenged, header(3, cred=basic()), [(FAIL, 4, "syncml:auth-basic")]),
    ("DM-AUTH-021", "server", server_challenged, lambda s: setattr(at(s, 3).message, "commands", at(s, 3).message.commands[:1]), []),
    ("DM-AUTH-021", "server", server_challenged, code(3, "SyncHdr", "401"), []),
    # -- credentials of another type than asked for
    ("DM-AUTH-018", "server", challenged, nothing, ONCE),
    ("DM-AUTH-018", "server", challenged, both(header(2, cred=basic()), code(3, "SyncHdr", "401")), ONCE),
    ("DM-AUTH-018", "server", challenged, both(header(2, cred=basic()), drop(3, "SyncHdr")), []),
    ("DM-AUTH-018", "server", challenged, header(2, cred=None), []),
    ("DM-AUTH-018", "server", challenged, both(header(2, cred=basic()), code(1, "SyncHdr", "200")), []),
    ("DM-AUTH-018", "server", challenged, both(header(2, cred=basic()), chal(1, type="")), []),
    # -- an answer to failed authentication
    ("DM-AUTH-004", "client", server_challenged, extra(2, Results(msg_ref="2", cmd_ref="4", items=[item("./A", "1", source=True)])),
     [(FAIL, 3, "Results")]),
    ("DM-AUTH-004", "server", challenged, both(extra(1, Alert(data="1223"))), TWICE),
    ("DM-AUTH-004", "server", challenged, both(extra(1, Get(items=[item("./A")])), data(0, made=True)), TWICE),
    ("DM-AUTH-016", "client", server_challenged, nothing, ONCE),
    ("DM-AUTH-016", "client", server_challenged, code(2, "Get", "404"), ONCE),
    ("DM-AUTH-019", "client", stubborn(5), nothing, ONCE),
    ("DM-AUTH-019", "client", stubborn(6), nothing, [(WARN, 13, "6")]),
    ("DM-AUTH-019", "client", update, nothing, []),
    # -- MAC
    ("DM-HMAC-003", "server", with_mac, chal(3, type="syncml:auth-md5"), [(FAIL, 4, "200, no NextNonce")]),
    ("DM-HMAC-003", "server", with_mac, chal(3, next_nonce=""), [(FAIL, 4, "200, no NextNonce")]),
    ("DM-HMAC-003", "server", with_mac, code(3, "SyncHdr", "401"), ONCE),
    ("DM-HMAC-005", "server", with_mac, chal(3, next_nonce="MDAwMDAwMDAwMDAwMDAwMQ=="), [(FAIL, 4, "the one before")]),
    ("DM-HMAC-004", "server", with_mac, data(5, headers=[]), [(FAIL, 6, "nothing")]),
    ("DM-HMAC-004", "client", with_mac, both(data(4, headers=[]), data(4, headless=True)), []),
    ("DM-HMAC-004", "server", with_mac, both(data(3, headers=[]), data(5, headers=[])), [(WARN, 4, "nothing")]),
    ("DM-HMAC-004", "server", with_mac, both(data(3, headers=[], headless=True), data(5, headers=[], headless=True)), []),
    ("DM-HMAC-004", "client", update, nothing, []),
]  # fmt: skip


@each_row(ROWS)
def test_what_is_said_of_credentials(row: Row) -> None:
    assert said_of(*row[:4]) == row[4]
