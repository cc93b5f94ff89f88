"""What the office remembers: all SQL is in here. `docs/store.md` tells the protocol."""

from pipeline.store.claims import (
    Claim,
    ClaimedFile,
    claim,
    extend,
    fail,
    finish,
    give_back,
    is_done,
    put_off,
    reason_and_advice,
)
from pipeline.store.engine import Store, open_store, utc_now
from pipeline.store.files import (
    Arrival,
    InInbox,
    ToTell,
    counts,
    in_inbox,
    mark_cleared,
    mark_told,
    receipts,
    record_arrival,
    record_blocked,
    telling,
    to_tell,
)
from pipeline.store.hand import ReturnInHand, load_return
from pipeline.store.history import Event, history
from pipeline.store.queue import Listing, ReturnRow, Sort, View, list_returns, next_open, view_counts
from pipeline.store.returns import (
    Export,
    collected,
    last_export,
    record_export,
    set_collection,
    stored_returns,
)
from pipeline.store.saying import correct, decide
from pipeline.store.slots import SlotRow, list_slots, open_by_slot
from pipeline.store.turns import fingerprint
from pipeline.store.undo import Undone, undo_last
from schemas.errors import Conflict, NoSuchReturn
from schemas.office import DecisionKind

__all__ = [
    "Arrival",
    "Claim",
    "ClaimedFile",
    "Conflict",
    "DecisionKind",
    "Event",
    "Export",
    "InInbox",
    "Listing",
    "NoSuchReturn",
    "ReturnInHand",
    "ReturnRow",
    "SlotRow",
    "Sort",
    "Store",
    "ToTell",
    "Undone",
    "View",
    "claim",
    "collected",
    "correct",
    "counts",
    "decide",
    "extend",
    "fail",
    "fingerprint",
    "finish",
    "give_back",
    "history",
    "in_inbox",
    "is_done",
    "last_export",
    "list_returns",
    "list_slots",
    "load_return",
    "mark_cleared",
    "mark_told",
    "next_open",
    "open_by_slot",
    "open_store",
    "put_off",
    "reason_and_advice",
    "receipts",
    "record_arrival",
    "record_blocked",
    "record_export",
    "set_collection",
    "stored_returns",
    "telling",
    "to_tell",
    "undo_last",
    "utc_now",
    "view_counts",
]
