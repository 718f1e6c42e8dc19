"""A stranger's device that is steered by lines on a console: the client of oneshot.py behind a TCP port.

    console.py PORT WORK_DIR

One line in, one line out: set NAME VALUE (url, id, username, password, nonce), factory, sync, busy, version.
"""

import json
import os
import socketserver
import sys
import threading

import oneshot

LOCK = threading.Lock()
WORKING = threading.Event()
ACCOUNT = {"client_credentials": {}}


def session():
    with LOCK:
        state = oneshot.load()
        try:
            oneshot.Session(state).run()
            if state["todo"]:
                oneshot.work(state)
                oneshot.Session(state).run()
        except OSError as trouble:
            print("session ended:", trouble, flush=True)
        oneshot.STATE.write_text(json.dumps(state))
    WORKING.clear()


class Console(socketserver.StreamRequestHandler):
    def handle(self):
        words = self.rfile.readline(4096).decode().strip().split(maxsplit=2)
        if words:
            self.wfile.write(self.obey(*words).encode() + b"\n")

    def obey(self, command, name="", value=""):
        if command == "set" and name in ("url", "id"):
            ACCOUNT[{"url": "server_url", "id": "device_id"}[name]] = value
        elif command == "set" and name in ("username", "password", "nonce"):
            ACCOUNT["client_credentials"][name] = value
        elif command == "factory":
            with LOCK:
                oneshot.STATE.write_text(json.dumps(oneshot.factory(ACCOUNT)))
        elif command == "sync":
            WORKING.set()
            threading.Thread(target=session, daemon=True).start()
        elif command == "busy":
            return "ok yes" if WORKING.is_set() else "ok no"
        elif command == "version":
            return f"ok {oneshot.load()['firmware']}"
        else:
            return f"unknown {command} {name}"
        return "ok"


socketserver.ThreadingTCPServer.allow_reuse_address = True
os.chdir(sys.argv[2])
with socketserver.ThreadingTCPServer(("127.0.0.1", int(sys.argv[1])), Console) as server:
    server.serve_forever()
