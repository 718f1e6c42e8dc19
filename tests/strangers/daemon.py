"""A stranger's device that runs all the time: the client of oneshot.py behind a web address, with sessions of its own.

    daemon.py PORT WORK_DIR [CRASH_EVERY]

POST /hook/VERB steers it. With CRASH_EVERY its process ends in the middle of the session of every such case.
"""

import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import oneshot

CRASH = int(sys.argv[3]) if len(sys.argv) > 3 else 0
LOCK = threading.Lock()
WORKING = threading.Event()


class Crashing(oneshot.Session):
    def post(self, body, with_cred):
        if CRASH and self.state["cases"] % CRASH == 0 and self.msg == 2:
            os._exit(86)
        return super().post(body, with_cred)


def session():
    with LOCK:
        state = oneshot.load()
        try:
            Crashing(state).run()
            oneshot.STATE.write_text(json.dumps(state))
            if state["todo"]:
                oneshot.work(state)
                oneshot.STATE.write_text(json.dumps(state))
                Crashing(state).run()
        except OSError as trouble:
            print("session ended:", trouble, flush=True)
        oneshot.STATE.write_text(json.dumps(state))
    WORKING.clear()


class Hook(BaseHTTPRequestHandler):
    def do_POST(self):
        verb = self.path.rpartition("/")[2]
        given = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
        code, answer = self.work(verb, given)
        body = json.dumps(answer).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def work(self, verb, given):
        if verb == "start_session" and given.get("kind") == "client":
            WORKING.set()
            threading.Thread(target=session, daemon=True).start()
            return 200, {}
        if verb == "idle":
            return 200, {"idle": not WORKING.is_set()}
        with LOCK:
            state = oneshot.load()
            if verb == "prepare":
                state = oneshot.factory(given)
            elif verb == "reset":
                cases, account = state["cases"] + 1, state["account"]
                state = {**oneshot.factory(account), "cases": cases}
            elif verb == "firmware":
                return 200, {"version": state["firmware"]}
            else:
                return 501, {}
            oneshot.STATE.write_text(json.dumps(state))
        return 200, {}

    def log_message(self, form, *values):
        print(form % values, flush=True)


os.chdir(sys.argv[2])
ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Hook).serve_forever()
