"""Names the kinds of news, which `event_type` of a signal says."""

OTHER = "other"
"""The kind of news whose kind is not known: an older signal, or one of a kind that this version does not know."""

EVENT_TYPES = (
    "regulation",
    "hack",
    "delisting",
    "listing",
    "withdrawal_halt",
    "depeg",
    "enforcement",
    "adoption",
    "macro",
    "technology",
    "market_move",
    OTHER,
)

COSTLY = ("hack", "delisting", "withdrawal_halt", "depeg", "enforcement")
"""The kinds after which a holder of the asset may lose money at once."""
