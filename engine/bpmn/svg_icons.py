"""The small pictures inside BPMN shapes, as SVG fragments.

Icons of tasks are drawn in a square of 18, markers in a square of 14, icons of events round the origin of a circle
with radius 18. `{line}` and `{fill}` stand for the colours of the pen and of the inside.
"""

_THIN = 'fill="{fill}" stroke="{line}" stroke-width="1.2" stroke-linejoin="round"'
_OPEN = 'fill="none" stroke="{line}" stroke-width="1.2" stroke-linecap="round"'
_SOLID = 'fill="{line}" stroke="none"'

TASK_ICONS: dict[str, str] = {
    "userTask": (
        f'<path d="M2 17v-2.5c0-3 2.2-4.5 4.4-5h5.2c2.2 .5 4.4 2 4.4 5V17z" {_THIN}/>'
        f'<circle cx="9" cy="5.5" r="4" {_THIN}/>'
        f'<path d="M5 4.8c.8-4 7.2-4 8 0c-1.5 .3-2.5-.2-3.5-1.2c-1 1-2.5 1.4-4.5 1.2z" {_SOLID}/>'
        f'<path d="M5.5 14.5V17M12.5 14.5V17" {_OPEN}/>'
    ),
    "serviceTask": (
        '<circle cx="7" cy="7" r="5.6" fill="none" stroke="{line}" stroke-width="2" stroke-dasharray="2.2 2.2"/>'
        f'<circle cx="7" cy="7" r="4.6" {_THIN}/><circle cx="7" cy="7" r="1.8" {_THIN}/>'
        '<circle cx="12" cy="12" r="5.6" fill="none" stroke="{line}" stroke-width="2" stroke-dasharray="2.2 2.2"/>'
        f'<circle cx="12" cy="12" r="4.6" {_THIN}/><circle cx="12" cy="12" r="1.8" {_THIN}/>'
    ),
    "scriptTask": (
        f'<path d="M6 1h10c-4 3-3 5-1.5 8s1 6-2.5 8H2c3.5-2 4-5 2.5-8S3 4 6 1z" {_THIN}/>'
        f'<path d="M6.5 5h5M6 8.5h6M7.5 12h5M6 15h5.5" {_OPEN}/>'
    ),
    "manualTask": (
        f'<path d="M1 8.5L6.5 3.5c1-.8 2.2 .2 1.6 1.2L6.8 6.5H15.5c1.3 0 1.3 2 0 2H10h6.5c1.2 0 1.2 2 0 2H10'
        f'h5.5c1.2 0 1.2 2 0 2H10h4c1.1 0 1.1 1.9 0 1.9H5.5C3 16.4 1 14.5 1 12.5z" {_THIN}/>'
    ),
    "businessRuleTask": (
        f'<rect x="1" y="3" width="16" height="12.5" {_THIN}/>'
        f'<rect x="1" y="3" width="16" height="3.5" {_SOLID}/><path d="M1 11h16M6 6.5v9" {_OPEN}/>'
    ),
    "sendTask": (
        f'<rect x="1" y="4" width="16" height="11" {_SOLID}/>'
        '<path d="M1.5 4.5L9 10.5l7.5-6" fill="none" stroke="{fill}" stroke-width="1.3"/>'
    ),
    "receiveTask": f'<rect x="1" y="4" width="16" height="11" {_THIN}/><path d="M1 4l8 6.5L17 4" {_OPEN}/>',
}

_MESSAGE_OPEN = f'<rect x="-9" y="-6" width="18" height="12" {_THIN}/><path d="M-9 -6L0 1.5L9 -6" {_OPEN}/>'
_MESSAGE_SOLID = (
    f'<rect x="-9.5" y="-6.5" width="19" height="13" {_SOLID}/>'
    '<path d="M-9 -6L0 1L9 -6" fill="none" stroke="{fill}" stroke-width="1.4"/>'
)
_TIMER = (
    f'<circle r="10" {_THIN}/>'
    f'<path d="M0 -10v2.5M0 10v-2.5M-10 0h2.5M10 0h-2.5M7.1 -7.1l-1.4 1.4M-7.1 -7.1l1.4 1.4'
    f'M7.1 7.1l-1.4 -1.4M-7.1 7.1l1.4 -1.4M0 0L3.5 -6.5M0 0L5.5 1" {_OPEN}/>'
)
_CONDITION = (
    f'<rect x="-7" y="-9" width="14" height="18" {_THIN}/><path d="M-5 -6H5M-5 -2H5M-5 2H5M-5 6H5" {_OPEN}/>'
)
_SHAPES = {
    "signalEventDefinition": "M0 -9.5L9 6.5H-9z",
    "errorEventDefinition": "M-9 8L-4 -8L2 2.5L8.5 -9L4.5 8.5L-2.5 -1.5z",
    "escalationEventDefinition": "M0 -10L7.5 8.5L0 1.5L-7.5 8.5z",
    "compensateEventDefinition": "M-10 0L-1 -6.5V6.5zM-1 0L8 -6.5V6.5z",
    "linkEventDefinition": "M-9 -3.5H2V-8L10.5 0L2 8V3.5H-9z",
    "cancelEventDefinition": "M-8.5 -6L-6 -8.5L0 -2.5L6 -8.5L8.5 -6L2.5 0L8.5 6L6 8.5L0 2.5L-6 8.5L-8.5 6L-2.5 0z",
    "multiple": "M0 -10L9.5 -3L6 8H-6L-9.5 -3z",
    "parallelMultiple": "M-3 -9.5H3V-3H9.5V3H3V9.5H-3V3H-9.5V-3H-3z",
}
_TERMINATE = f'<circle r="10.5" {_SOLID}/>'

MARKERS: dict[str, str] = {
    "loop": (f'<path d="M4.5 12.2A5.6 5.6 0 1 1 9 12.4" {_OPEN}/><path d="M1.5 12.8h3.5V9.3" {_OPEN}/>'),
    "parallel": '<path d="M3.5 2v10M7 2v10M10.5 2v10" fill="none" stroke="{line}" stroke-width="2"/>',
    "sequential": '<path d="M2 3.5h10M2 7h10M2 10.5h10" fill="none" stroke="{line}" stroke-width="2"/>',
    "compensation": f'<path d="M1 7L7 2.5v9zM7 7l6-4.5v9z" {_THIN}/>',
    "adHoc": f'<path d="M1 8.5c2-5 4-4 6-2s4 2.5 6-2v2.5c-2 4.5-4 4-6 2s-4-2-6 2z" {_SOLID}/>',
    "collapsed": f'<rect x=".6" y=".6" width="12.8" height="12.8" {_THIN}/><path d="M7 3v8M3 7h8" {_OPEN}/>',
    "collection": '<path d="M3.5 2v10M7 2v10M10.5 2v10" fill="none" stroke="{line}" stroke-width="2"/>',
}


def task_icon(kind: str, line: str, fill: str) -> str:
    """Return the icon in the corner of a task, empty for a plain one."""
    return _coloured(TASK_ICONS.get(kind, ""), line, fill)


def marker(name: str, line: str, fill: str) -> str:
    """Return one of the marks at the lower side of an activity."""
    return _coloured(MARKERS[name], line, fill)


def event_icon(name: str, line: str, fill: str, *, is_solid: bool) -> str:
    """Return what stands in an event's circle; thrown events are solid."""
    if name == "messageEventDefinition":
        return _coloured(_MESSAGE_SOLID if is_solid else _MESSAGE_OPEN, line, fill)
    if name == "timerEventDefinition":
        return _coloured(_TIMER, line, fill)
    if name == "conditionalEventDefinition":
        return _coloured(_CONDITION, line, fill)
    if name == "terminateEventDefinition":
        return _coloured(_TERMINATE, line, fill)
    if name not in _SHAPES:
        return ""
    pen = _SOLID if is_solid else _THIN
    return _coloured(f'<path d="{_SHAPES[name]}" {pen}/>', line, fill)


def envelope(line: str, fill: str, *, is_solid: bool) -> str:
    """Return the envelope on a message flow."""
    return _coloured(_MESSAGE_SOLID if is_solid else _MESSAGE_OPEN, line, fill)


def gateway_icon(kind: str, line: str, fill: str, *, starts_process: bool, is_parallel: bool) -> str:
    """Return the mark inside a gateway's diamond, round its middle."""
    strong = f'fill="none" stroke="{line}" stroke-width="3.5"'
    if kind == "exclusiveGateway":
        return f'<path d="M-7 -8.5L7 8.5M7 -8.5L-7 8.5" {strong}/>'
    if kind == "parallelGateway":
        return f'<path d="M0 -11V11M-11 0H11" {strong}/>'
    if kind == "inclusiveGateway":
        return f'<circle r="10.5" fill="none" stroke="{line}" stroke-width="3"/>'
    if kind == "complexGateway":
        return (
            f'<path d="M0 -12V12M-12 0H12M-8 -8L8 8M8 -8L-8 8" fill="none" stroke="{line}" stroke-width="3"/>'
        )
    rings = f'<circle r="13" {_THIN}/>' + ("" if starts_process else f'<circle r="10.5" {_THIN}/>')
    inner = _SHAPES["parallelMultiple" if is_parallel else "multiple"]
    return _coloured(f'{rings}<g transform="scale(.68)"><path d="{inner}" {_THIN}/></g>', line, fill)


def _coloured(fragment: str, line: str, fill: str) -> str:
    return fragment.replace("{line}", line).replace("{fill}", fill)
