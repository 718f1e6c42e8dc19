"""The words that keys of steps may have as their values, and what may stand in ``with`` of a session."""

from __future__ import annotations

from conformance.download.content import KINDS as FAULTS
from conformance.harness import owndescriptor, ownpush
from conformance.harness.forms import MALFORMED

CERTIFICATES = ("right", "untrusted", "expired", "misnamed")
"""What the suite's servers may show."""
CONTENT_CERTIFICATES = tuple(f"{flaw}-certificate" for flaw in CERTIFICATES[1:])
"""What the content server may show, as faults of the step ``content``."""
REPLIES = (
    "plain", "abort", "cut", "no-final", "challenge", "no-mac", "wrong-mac", "old-mac", "dtd", "protocol",
    "session-id",
)  # fmt: skip
"""How the step ``reply`` may answer a device; :mod:`conformance.harness.mischief` says what each is."""
INTERRUPTIONS = ("cut", "abort", "unavailable", "power")
"""How the step ``interrupt`` breaks a session off; :mod:`conformance.harness.interruption` says what each is."""
WAYS = ("replace", "download", "download-and-update")
"""The ways of an update that ``next-update`` knows."""
_SESSIONS = ("any", "server-initiated", "client", "user-request", "device-request")
CHOICES = {
    ("session", ""): _SESSIONS,
    ("session", "kind"): _SESSIONS,
    ("await", "alert"): ("download", "update", "download-and-update", *_SESSIONS[3:]),
    ("with", "credentials"): ("right", "wrong", "none", "stale", "plain", "empty"),
    ("with", "challenge"): ("nonce", "text-nonce", "basic", "md5", "hmac"),
    ("with", "inside"): ("abort",),
    ("reply", ""): REPLIES,
    ("reply", "how"): REPLIES,
    ("interrupt", "how"): INTERRUPTIONS,
    ("next-update", ""): WAYS,
    ("await", "due"): ("always", "if-accepted"),
    ("content", "fault"): ("none", *FAULTS, *CONTENT_CERTIFICATES),
    ("with", "certificate"): CERTIFICATES,
    ("with", "tls"): ("none",),
    ("with", "redirect"): ("plain",),
    ("device", "certificate"): ("right", "stranger", "none"),
    ("device", "tls"): ("none", "ssl2"),
    ("campaign", "way"): WAYS,
    ("campaign", "host"): ("suite", "server"),
    ("campaign", "consent"): ("none", "confirm", "defer"),
    ("device", "credentials"): ("right", "wrong", "none", "stale", "replayed", "basic", "md5"),
    ("trouble", "when"): ("begin", "commands", "chunk", "last-chunk", "inside", "message", "later", "always"),
    ("trouble", "does"): (
        "abort", "vanish", "repeat", "lost", "no-end", "no-final", "ask-on", "interject", "interrupt",
        "no-mac", "wrong-mac", "old-mac", "no-cred",
        "406", "411", "413", "420", "424", "500",
    ),
    ("content", "challenge"): ("basic", "digest"),
    ("notify", "digest"): ownpush.DIGESTS,
    ("descriptor", "form"): owndescriptor.FORMS,
    ("fetch", "what"): ("url", "object", "report"),
    ("device", "nonce"): ("lost",),
    ("device", "order"): ("reversed",),
    ("device", "resp_uri"): ("followed", "ignored", "own"),
    ("device", "version"): ("1.1.2", "1.2"),
    ("device", "dialect"): ("windows-mobile",),
    ("malformed", ""): MALFORMED,
    ("malformed", "form"): MALFORMED,
}
"""Words that a key of a step may have as its value; the key "" is the step's value itself."""

SESSION_WITH = {
    "max_msg_size": "octets that the suite's server announces to take in a message",
    "max_obj_size": "octets of an object that the suite's server announces to take",
    "inside": "abort: an unfinished package of the device is answered by Alert 1223 instead of 1222",
    "repeat": "true: credentials count for one message only, so that they are due with each",
    "resp_uri": "true: the server gives a RespURI for the rest of the session",
    "credentials": "how the server shows itself: right, wrong, none, stale (a nonce that it made up), plain (basic, always) or empty",
    "tries": "refusals of its credentials after which the suite's server gives up",
    "challenge": "nonce, text-nonce: the server lost the device's nonce (new ones look like Base64); or the type that it asks for first",
    "session_id": "the session id of the trigger, in hexadecimal",
    "certificate": "what the server shows in TLS: right, untrusted, expired or misnamed",
    "tls": "none: the server does no TLS although its address says so",
    "redirect": "plain: the server sends the device on to an address without TLS (HTTP 307)",
    "chunked": "true: the server answers in chunked transfer coding",
    "wbxml": "how the server writes WBXML: keys of WbxmlStyle",
    "xml": "how the server writes XML: keys of XmlStyle",
    "generic_alerts": "Status for every Generic Alert of the device",
}
"""What may stand in ``with`` of a session step of a client case."""
