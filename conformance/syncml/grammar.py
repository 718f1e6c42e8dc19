"""Content models: which children an element may have, in which order, how often (RepPro DTD as DM uses it)."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.syncml.tokens import TOKENS

COMMANDS = ("Add", "Alert", "Atomic", "Copy", "Delete", "Exec", "Get", "Replace", "Results", "Sequence", "Status")
"""Commands of DM."""
UNUSED_COMMANDS = ("Map", "Move", "Put", "Search", "Sync")
"""Commands that the DTD has and DM does not use."""
NOT_USED = frozenset((
    "Archive", "Lang", "NoResp", "NoResults", "NumberOfChanges", "SftDel", "Map", "MapItem", "Put", "Search", "Sync",
))
"""Elements that are not sent in DM (DM RepPro 6)."""


@dataclass(frozen=True, slots=True)
class Model:
    """Children of one element. ``rank`` gives the place of each, equal ranks may mix; ``many`` may stand repeatedly."""

    rank: dict[str, int]
    required: tuple[str, ...]
    many: frozenset[str]


def _model(text: str) -> Model:
    """Reads ``"CmdID! NoResp Item+ (A|B)*"``: ``!`` one, ``+`` one or more, ``*`` any number, else at most one."""
    rank: dict[str, int] = {}
    required, many = [], []
    for place, part in enumerate(text.split()):
        mark = part[-1] if part[-1] in "!+*" else ""
        names = part.rstrip("!+*").strip("()").split("|")
        rank.update(dict.fromkeys(names, place))
        if mark in ("!", "+"):
            required.extend(names)
        if mark in ("+", "*"):
            many.extend(names)
    return Model(rank, tuple(required), frozenset(many))


_ALL = "|".join(COMMANDS + UNUSED_COMMANDS)
_PLAIN = "CmdID! NoResp Cred Meta Item+"

MODELS = {
    "SyncML": _model("SyncHdr! SyncBody!"),
    "SyncHdr": _model("VerDTD! VerProto! SessionID! MsgID! Target! Source! RespURI NoResp Cred Meta"),
    "SyncBody": _model(f"({_ALL})* Final"),
    "Target": _model("LocURI! LocName Filter"),
    "Source": _model("LocURI! LocName"),
    "SourceParent": _model("LocURI!"),
    "TargetParent": _model("LocURI!"),
    "Cred": _model("Meta Data!"),
    "Chal": _model("Meta!"),
    "Status": _model("CmdID! MsgRef! CmdRef! Cmd! TargetRef* SourceRef* Cred Chal Data! Item*"),
    "Results": _model("CmdID! MsgRef CmdRef! Meta TargetRef SourceRef Item+"),
    "Alert": _model("CmdID! NoResp Cred Data Correlator Item*"),
    "Add": _model(_PLAIN),
    "Replace": _model(_PLAIN),
    "Copy": _model(_PLAIN),
    "Delete": _model("CmdID! NoResp Archive SftDel Cred Meta Item+"),
    "Get": _model("CmdID! NoResp Lang Cred Meta Item+"),
    "Exec": _model("CmdID! NoResp Cred Meta Correlator Item+"),
    "Atomic": _model(f"CmdID! NoResp Meta ({_ALL})*"),
    "Sequence": _model(f"CmdID! NoResp Meta ({_ALL})*"),
    "Put": _model("CmdID! NoResp Lang Cred Meta Item+"),
    "Map": _model("CmdID! Target! Source! Cred Meta MapItem+"),
    "Search": _model("CmdID! NoResp NoResults Cred Target Source+ Lang Meta! Data!"),
    "Sync": _model(f"CmdID! NoResp Cred Target Source Meta NumberOfChanges ({_ALL})*"),
    "Item": _model("Target Source SourceParent TargetParent Meta Data MoreData"),
    "Meta": _model(
        "FieldLevel Format Type Mark Size Anchor Version NextNonce MaxMsgSize MaxObjSize EMI* Mem "
        "FreeMem FreeID SharedMem"
    ),
}
"""Content model by name of the element."""
ELEMENTS = (
    frozenset(MODELS) | frozenset(name for model in MODELS.values() for name in model.rank) | TOKENS[0].keys() | TOKENS[1].keys()
)
"""All elements that stand in some content model, or are of the languages and have no place in a message of DM."""
