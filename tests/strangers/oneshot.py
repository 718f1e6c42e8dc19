"""A stranger's DM client: standard library only, written from the attach contract, nothing of the suite in it.

It is one-shot: nothing runs between the calls of its hook. A whole session, with the download and the installation that
follow it and the session that reports them, happens inside ``start_session``. XML, MD5, DownloadAndUpdate only.

    oneshot.py VERB < input.json > output.json       (state in oneshot.json of the working directory)
"""

import base64
import hashlib
import json
import os
import sys
import urllib.error
import urllib.request
import xml.etree.ElementTree as ET
from pathlib import Path
from xml.sax.saxutils import escape

STATE = Path("oneshot.json")
CRASH = int(os.environ.get("ONESHOT_CRASH_EVERY", "0"))
ROOT = "./FwUpdate/Main"


def b64(octets):
    return base64.b64encode(octets).decode()


def md5(octets):
    return hashlib.md5(octets).digest()


def local(tag):
    return tag.rsplit("}", 1)[-1]


def child(element, *names):
    for name in names:
        element = next((c for c in element if local(c.tag) == name), None) if element is not None else None
    return element


def text(element, *names):
    found = child(element, *names)
    return (found.text or "") if found is not None else None


def load():
    return json.loads(STATE.read_text()) if STATE.exists() else {}


def factory(account):
    return {
        "account": account, "firmware": "1.0", "state": 10, "url": "", "correlator": None, "todo": False, "report": None,
        "session": 0, "nonce": account["client_credentials"].get("nonce", ""), "cases": 0,
    }


class Session:
    def __init__(self, state):
        self.state, self.account = state, state["account"]
        state["session"] += 1
        self.id = str(state["session"] % 0xFFFF)
        self.url = self.account["server_url"]
        self.msg = 0
        self.trusted = False

    def node(self, uri):
        values = {
            "./DevInfo/DevId": self.account["device_id"], "./DevInfo/Man": "Stranger", "./DevInfo/Mod": "OneShot",
            "./DevInfo/DmV": "1.2", "./DevInfo/Lang": "en", "./DevDetail/FwV": self.state["firmware"], "./DevDetail/SwV": "1",
            "./DevDetail/HwV": "A", "./DevDetail/LrgObj": "false", f"{ROOT}/State": str(self.state["state"]),
            f"{ROOT}/DownloadAndUpdate/PkgURL": self.state["url"], f"{ROOT}?prop=Type": "urn:oma:mo:oma-fumo:1.0",
            f"{ROOT}/State?prop=Format": "int",
        }
        if uri in values:
            return values[uri], {f"{ROOT}/State": "int", "./DevDetail/LrgObj": "bool"}.get(uri, "chr")
        names = sorted({key[len(uri) + 1 :].split("/")[0] for key in values if key.startswith(uri + "/") and "?" not in key})
        return ("/".join(names), "node") if names else (None, "")

    def cred(self):
        who = self.account["client_credentials"]
        inner = b64(md5(f"{who['username']}:{who['password']}".encode()))
        data = b64(md5(inner.encode() + b":" + base64.b64decode(self.state["nonce"])))
        return (
            "<Cred><Meta><Format xmlns='syncml:metinf'>b64</Format><Type xmlns='syncml:metinf'>syncml:auth-md5</Type></Meta>"
            f"<Data>{data}</Data></Cred>"
        )

    def post(self, body, with_cred):
        self.msg += 1
        header = (
            f"<SyncHdr><VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto><SessionID>{self.id}</SessionID><MsgID>{self.msg}</MsgID>"
            f"<Target><LocURI>{escape(self.url)}</LocURI></Target><Source><LocURI>{escape(self.account['device_id'])}</LocURI>"
            f"<LocName>{escape(self.account['client_credentials']['username'])}</LocName></Source>"
            f"{self.cred() if with_cred else ''}<Meta><MaxMsgSize xmlns='syncml:metinf'>65536</MaxMsgSize></Meta></SyncHdr>"
        )
        message = f"<?xml version='1.0'?><SyncML xmlns='SYNCML:SYNCML1.2'>{header}<SyncBody>{body}<Final/></SyncBody></SyncML>"
        request = urllib.request.Request(
            self.url, message.encode(), {"Content-Type": "application/vnd.syncml.dm+xml", "Accept": "application/vnd.syncml.dm+xml"}
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            return ET.fromstring(answer.read())

    def opening(self, extra=""):
        names = ("DevId", "Man", "Mod", "DmV", "Lang")
        items = "".join(
            f"<Item><Source><LocURI>./DevInfo/{n}</LocURI></Source><Data>{escape(self.node('./DevInfo/' + n)[0])}</Data></Item>"
            for n in names
        )
        return f"<Alert><CmdID>{{a}}</CmdID><Data>1201</Data></Alert><Replace><CmdID>{{b}}</CmdID>{items}</Replace>{extra}"

    def run(self):
        report = self.state["report"]
        extra = ""
        if report is not None:
            correlator = f"<Correlator>{escape(report['correlator'])}</Correlator>" if report["correlator"] else ""
            mark = "" if report["code"] < 300 else "<Mark xmlns='syncml:metinf'>critical</Mark>"
            extra = (
                f"<Alert><CmdID>{{c}}</CmdID><Data>1226</Data>{correlator}<Item><Source><LocURI>{ROOT}</LocURI></Source><Meta>"
                "<Format xmlns='syncml:metinf'>int</Format>"
                f"<Type xmlns='syncml:metinf'>org.openmobilealliance.dm.firmwareupdate.downloadandupdate</Type>{mark}</Meta>"
                f"<Data>{report['code']}</Data></Item></Alert>"
            )
        answer = self.post(self.opening(extra).format(a=1, b=2, c=3), True)
        for _ in range(30):
            body, cred = self.answer(answer, extra)
            if body is None:
                break
            answer = self.post(body, cred)
        if report is not None:
            self.state["report"] = None

    def answer(self, message, extra):
        header, body = child(message, "SyncHdr"), child(message, "SyncBody")
        ref = text(header, "MsgID")
        refused = False
        for status in body:
            if local(status.tag) == "Status" and text(status, "CmdRef") == "0":
                nonce = text(status, "Chal", "Meta", "NextNonce")
                if nonce:
                    self.state["nonce"] = nonce
                refused = text(status, "Data") in ("401", "407")
        self.out, self.cmd, self.results = [], 0, []
        self.status(ref, "0", "SyncHdr", "212" if child(header, "Cred") is not None or self.trusted else "200")
        self.trusted = self.trusted or child(header, "Cred") is not None
        if refused:
            opening = self.opening(extra).format(a=self.cmd + 1, b=self.cmd + 2, c=self.cmd + 3)
            return "".join(self.out) + opening, True
        commands = [c for c in body if local(c.tag) not in ("Status", "Final")]
        if not commands:
            return None, False
        for command in commands:
            self.execute(ref, command)
        return "".join(self.out + finish_results(self)), False

    def status(self, ref, cmd_ref, name, code, target=""):
        self.cmd += 1
        where = f"<TargetRef>{escape(target)}</TargetRef>" if target else ""
        self.out.append(
            f"<Status><CmdID>{self.cmd}</CmdID><MsgRef>{ref}</MsgRef><CmdRef>{cmd_ref}</CmdRef><Cmd>{name}</Cmd>{where}<Data>{code}</Data></Status>"
        )

    def execute(self, ref, command):
        name, number = local(command.tag), text(command, "CmdID")
        items = [c for c in command if local(c.tag) == "Item"]
        if name == "Sequence":
            self.status(ref, number, name, 200)
            for inner in command:
                if local(inner.tag) != "CmdID":
                    self.execute(ref, inner)
        elif name == "Atomic":
            self.status(ref, number, name, 406)
            for inner in command:
                if local(inner.tag) != "CmdID":
                    self.status(ref, text(inner, "CmdID"), local(inner.tag), 406)
        elif name == "Get":
            for item in items:
                self.get(ref, number, text(item, "Target", "LocURI"), len(items) > 1)
        else:
            code = {"Replace": self.replace, "Exec": self.start}.get(name, lambda item, command: self.other(name, item))
            for item in items or [command]:
                self.status(ref, number, name, code(item, command), text(item, "Target", "LocURI") if len(items) > 1 else "")

    def get(self, ref, number, uri, many):
        value, form = self.node(uri)
        self.status(ref, number, "Get", 200 if value is not None else 404, uri if many else "")
        if value is not None:
            self.results.append((ref, number, uri, value, form))

    def replace(self, item, command):
        uri = text(item, "Target", "LocURI")
        if uri == f"{ROOT}/DownloadAndUpdate/PkgURL":
            self.state["url"] = text(item, "Data") or ""
            return 200
        return 405 if self.node(uri)[0] is not None else 404

    def start(self, item, command):
        uri = text(item, "Target", "LocURI")
        if uri != f"{ROOT}/DownloadAndUpdate":
            return 405 if self.node(uri)[0] is not None else 404
        if not self.state["url"]:
            return 403
        self.state.update(todo=True, correlator=text(command, "Correlator"))
        return 202

    def other(self, name, item):
        if name == "Alert":
            return 406
        return 405 if self.node(text(item, "Target", "LocURI") or "")[0] is not None else 404


def finish_results(session):
    """Results are numbered after all Statuses."""
    done = []
    for ref, number, uri, value, form in session.results:
        session.cmd += 1
        done.append(
            f"<Results><CmdID>{session.cmd}</CmdID><MsgRef>{ref}</MsgRef><CmdRef>{number}</CmdRef><Item><Source><LocURI>{escape(uri)}</LocURI></Source>"
            f"<Meta><Format xmlns='syncml:metinf'>{form}</Format><Type xmlns='syncml:metinf'>text/plain</Type></Meta><Data>{escape(value)}</Data></Item></Results>"
        )
    return done


def work(state):
    """Downloads and installs; a package is good when it begins with its own digest."""
    state["todo"] = False
    try:
        with urllib.request.urlopen(state["url"], timeout=5) as answer:
            octets = answer.read()
        code = install(state, octets)
    except urllib.error.HTTPError as fault:
        code = {401: 406, 404: 411}.get(fault.code, 500)
    except ValueError:
        code = 411
    except (TimeoutError, urllib.error.URLError) as fault:
        refused = isinstance(getattr(fault, "reason", None), OSError) and not isinstance(fault.reason, TimeoutError)
        code = 412 if refused else 407
    except OSError:
        code = 503
    except Exception:
        code = 503
    state["state"] = 100 if code == 200 else 20 if code in (406, 407, 411, 412, 500, 503) else 80
    state["report"] = {"code": code, "correlator": state["correlator"]}


def install(state, octets):
    head, _, rest = octets.partition(b"\n")
    if not head.startswith(b"ONESHOT "):
        return 405
    _, digest, frm, to = head.decode("latin-1").split()
    if hashlib.sha256(rest).hexdigest() != digest:
        return 402
    if frm != state["firmware"]:
        return 403
    state["firmware"] = to
    return 200


def main():
    verb, given = sys.argv[1], json.load(sys.stdin)
    state = load()
    answer = None
    if verb == "prepare":
        state = factory(given)
    elif verb == "reset":
        cases = state["cases"] + 1
        state = factory(state["account"])
        state["cases"] = cases
    elif verb == "firmware":
        answer = {"version": state["firmware"]}
    elif verb == "idle":
        answer = {"idle": not state.get("todo") and not state.get("report")}
    elif verb == "start_session" and given.get("kind") == "client":
        if CRASH and state["cases"] % CRASH == 0:
            STATE.write_text(json.dumps(state))
            os.abort()
        Session(state).run()
        if state["todo"]:
            work(state)
            Session(state).run()
    else:
        sys.exit(3)
    STATE.write_text(json.dumps(state))
    if answer is not None:
        print(json.dumps(answer))


if __name__ == "__main__":
    main()
