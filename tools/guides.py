"""The languages of FlowMaster, each on one page that an agent reads once: what `operation_find` answers when it is asked.

The pages are whole examples with what else is possible in comments; the tests compile and play them.
"""

OUTLINE = """\
# OUTLINE: a process as YAML or JSON. Expressions are FEEL, texts in double quotes: kind = "paid".
# Durations: ISO 8601 (P3D, PT4H) or =expression. A step's name is its label and id; blanks are fine.
process: trip-request                 # id; also: name, about, version_tag, tool: what it does
roles: [clerk, boss, head]            # or {clerk: Accounts payable, mill: {kind: third_party}}
types: {Money: number >= 0}           # names for types
calendars: {office: {zone: Europe/Berlin, hours: {mon-fri: 09:00-17:00}, closed: [12-25]}}   # P2D@office: working time
data:
  cost: Money                         # number, integer 1..5, number > 0 <= 10, text <= 200, boolean, person, email
  kind: train|plane                   # one of these texts
  first_day: date                     # date, time, datetime, duration: FEEL computes with them
  stops: [{city: text, nights?: integer}]   # list of objects; ? = may be missing
  requester: person
start:                                # also: message: name | signal | condition | every: R/P1D, missed: once | at: date, with key, into
  needs: [cost, kind, first_day, requester, stops?]
  checks: {the first day is not past: first_day >= today()}   # message: condition; false refuses the start
result: outcome                       # each end of the process writes its name into this variable
steps:                                # in this order; steps with a name may have `when: condition` (else skipped), title, about
- check seats:                        # call: a service or outside worker (job) does it
    call: seats.check                 # agent: what it shall do | rule: decision table | run: other process | set: {a: 1}
    with: {kind: kind}                # what it gets beside the variables of the process
    into: [free, price]               # what it answers, checked against data; price? may be missing (null); {price: amount} renames
    retry: {times: 3, wait: PT5M}
    on: {SOLD_OUT: approve, "*": [{end: failed}]}   # business errors: a step's name, or steps
- if: free < 1
  then: [{end: no seats}]             # else: [...]; what does not end goes on behind
- approve:                            # ask: a role, [roles], or a variable of type person
    ask: boss
    not: requester                    # these may not: variables, steps (all who ever did them), or a list
    form: {approved: boolean, reason?: text}        # without: those of `into`, reason? may be missing (types from data, else boolean)
    checks: {a no needs a reason: approved or reason != null}
    into: [approved, reason]
    remind: P1D
    within: P2D                       # alone: a due date
    late: {escalate: head}            # [boss, head]: both | step name | [steps]: instead | {then: [steps], keep: true}: beside
                                      # in stages, without within and late: escalate: {P2D: head, P4D: [boss, head]}
- choose:                             # the first that holds
  - if: not(approved)
    then: [{end: refused}]
  - if: cost > 1000
    then: [{sign: {ask: head, not: [requester, approve], into: signed}}]
  - else: []
- all:                                # side by side; any: [{if, then}, ...] takes all that hold
  - [{book: {call: seats.book, into: ticket}}]
  - [{tell: {send: booked, key: requester, via: mail}}]   # a message; `via` hands it to a worker
- first:                              # the first event wins
  - [{wait: {message: paid, key: ticket, into: {amount: amount}}}]
  - [{wait: P14D}, {end: unpaid}]
- before: {wait: {until: 'first_day - duration("P3D")'}}   # a wait for a message may have within, late and on
- prepare:                            # steps with handlers of their own
    group: [{pack: {ask: requester, form: {bags: integer}, into: bags}}]   # an `end` in here ends the group alone
    on:                               # as in events; also after: P1D, every: PT1H, at: date, error, escalation
    - {after: P1D, keep: true, then: [{remind: {call: mail.send}}]}    # keep: the step goes on
# Any step several times: each: stop in stops (side by side; {item: stop, in: stops, sequential: true}: one by one), or a vote:
#   vote: {ask: m, into: ok, each: {item: m, in: board, collect: votes, from: ok, quorum: 2, veto: true}}
# repeat: {while: not(done), max: 3}: the step again. undo: {free: {call: seats.free}}: how a done step is undone, last one first,
#   by {throw: {compensate: true}} or {end: {compensate: true}}.
- if: bags > 9
  then: [{goto: prepare}]             # to a step of the same process or group
- {end: travelled, set: {done: true}}       # also {end: {error: CODE}}; terminate: true stops all else
events:                               # at any time in the whole process; without keep all else stops
- {message: withdrawn, key: requester, then: [{free seats: {call: seats.free}}, {end: withdrawn}]}
always: {the requester never approves: not(requester = approve.by)}   # laws, for every case after every step;
never: {booked twice: book.times > 1} # step.by, .done, .times; null breaks none; publishing refuses with the case
scenarios:                            # tests; publishing refuses while one fails
- name: a cheap trip
  at: 2030-01-31                      # for today(); start: the event it begins by
  given: {cost: 90, kind: train, first_day: 2030-05-01, requester: ann}
  answers:                            # by step; a list answers visit by visit; null: nobody does; by: who; after: when
    approve: {approved: true, by: bob, after: PT25H}
    pack: {bags: 1}
  services:                           # what services, rules, agents answer; {error: CODE}, {fail: text}; null: never
    check seats: {free: 3, price: 80}
    book: {ticket: T1}
  messages: [{name: paid, key: T1, after: book}]    # also variables; after: a step or a duration
  clock: [next]                       # when nothing else can go on: to what is due next, or PT49H on
  expect:
    end: travelled                    # or waits_at: [steps], incident: step
    path: [approve, book]             # in this order; exactly: true allows no others
    skips: [sign]                     # never entered
    variables: {bags: 1}
    reminded: [approve]               # escalated: {approve: head}, or [boss, head]; [] and {}: nobody, nothing; refused: [approve]: not allowed
- {name: it costs too much, like: a cheap trip, given: {cost: 5000}, expect: {waits_at: [sign], skips: [book]}}
- {name: it began before, like: a cheap trip, at: 2031-01-01, expect: {refused: start}}   # `like` merges field by field; errors whole
"""

RULES = """\
# RULES: a decision table for rule_save. Cells are FEEL tests; - is any value; texts stand in double quotes.
table:
  decision: approval                  # its id, which a `rule` step names
  hit: U                              # U unique, F first, A any, P priority, C collect (C+ sum, C> max, C< min, C# count), R rule order
  inputs: [{name: amount, expression: order.total, type: number}, {name: country, type: string}]
  outputs: [{name: approver, type: string, values: [clerk, boss]}, {name: second, type: boolean}]
  rules:                              # a cell for each input, then for each output
  - ["<= 1000", "-", '"clerk"', "false"]
  - ["(1000..5000]", '"DE", "FR"', '"clerk"', "true"]
  - ["> 5000", "-", '"boss"', "true"]
  - ["(1000..5000]", 'not("DE", "FR")', '"boss"', "false"]
tests: [{name: limit, inputs: {order: {total: 1000}, country: DE}, expect: {approver: clerk, second: false}}]
# One output alone answers its value, several answer an object: `approval.second`. No rule: null. CSV text is taken too:
# table: "amount;country;=> approver\\n<= 1000;;clerk\\n> 1000;DE, FR;boss\\n"
"""

_PAGES = (
    (
        OUTLINE,
        "outline language words word syntax grammar yaml scenario scenarios form forms types steps process design",
    ),
    (RULES, "table tables matrix rows cells dmn hit policy"),
)


def guide_for(query: str) -> str:
    """Return the page of the language that a query asks for, empty if it asks for none."""
    asked = set(query.lower().replace(",", " ").replace(":", " ").split())
    counted = [(len(asked.intersection(words.split())), page) for page, words in _PAGES]
    most, page = max(counted, key=lambda pair: pair[0])
    return page if most else ""
