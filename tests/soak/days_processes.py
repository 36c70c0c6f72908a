"""The processes that people, workers and senders of messages are busy with for three days."""

from typing import Any, Final

ZONE: Final = "Europe/Berlin"

REQUEST: Final[dict[str, Any]] = {
    "process": "request",
    "roles": ["clerk", "boss"],
    "calendars": {"office": {"zone": ZONE, "hours": {"mon-fri": "09:00-17:00"}}},
    "data": {"ok": "boolean"},
    "steps": [
        {
            "decide": {
                "ask": "clerk",
                "into": "ok",
                "on": [{"after": "PT1H", "keep": True, "then": [{"nudge": {"set": {"nudged": True}}}]}],
                "within": "PT2H@office",
                "late": "rescue",
            }
        },
        {"if": "not(ok)", "then": [{"end": "denied"}]},
        {"end": "granted"},
        {"rescue": {"ask": "boss", "into": "ok"}},
        {"end": "escalated"},
    ],
}
"""A clerk decides; after an hour somebody is nudged, after two hours of office time the boss decides instead."""

ORDER: Final[dict[str, Any]] = {
    "process": "order",
    "calendars": {"office": {"zone": ZONE, "hours": {"mon-fri": "09:00-17:00"}}},
    "steps": [
        {
            "pack": {
                "call": "shop.pack",
                "retry": {"times": 3, "wait": "PT10M"},
                "on": {"SOLD_OUT": [{"end": "sold out"}]},
            }
        },
        {"rest": {"wait": "PT2H@office"}},
        {"ship": {"call": "shop.ship"}},
        {"end": "shipped"},
    ],
}
"""A worker packs, with tries that fail; two hours of office time later it is shipped."""

LETTER: Final[dict[str, Any]] = {
    "process": "letter",
    "data": {"number": "text"},
    "start": {"needs": ["number"]},
    "steps": [
        {
            "first": [
                [{"reply": {"wait": {"message": "answer"}, "key": "number"}}, {"end": "answered"}],
                [{"patience": {"wait": "P1D"}}, {"end": "unanswered"}],
            ]
        },
    ],
}
"""An answer is waited for, for a day."""

PARENT: Final[dict[str, Any]] = {
    "process": "bundle",
    "steps": [
        {"inner": {"run": "parcel"}},
        {"end": "bundled"},
    ],
}
"""What it calls takes an hour."""

CHILD: Final[dict[str, Any]] = {
    "process": "parcel",
    "steps": [{"hour": {"wait": "PT1H"}}, {"end": "arrived"}],
}

PATROLS: Final[dict[str, str]] = {
    "patrol": f"TZ={ZONE} 0 */2 * * *",
    "night": f"TZ={ZONE} 30 2 * * *",
    "rounds": "R5/PT7H",
}
"""What begins by the clock alone, and when."""


def patrol(name: str) -> dict[str, Any]:
    """Return a process that begins by the clock."""
    return {
        "process": name,
        "start": {"every": PATROLS[name]},
        "steps": [{"look": {"set": {"seen": True}}}, {"end": "looked"}],
    }


PROCESSES: Final = (CHILD, PARENT, REQUEST, ORDER, LETTER, *map(patrol, PATROLS))
