"""The one example of the outline and the one of edits that stand in tool descriptions; a test compiles them."""

OUTLINE_EXAMPLE = """\
process: purchase
roles: [buyer, boss]
data: {order: {total: number > 0, item: text}, requester: person}
start: {needs: [order, requester]}
steps:
- rate: {rule: ratings, into: rating}
- if: rating = "bad"
  then: [{end: refused}]
- approve: {ask: buyer, not: requester, within: PT48H, late: {escalate: boss}, into: approved}
- if: not(approved)
  then: [{goto: rate}]
- sign: {when: order.total > 10000, ask: boss, not: approve, form: {note?: text}}
- place: {call: shop.order, with: {item: order.item}, retry: 3, on: {SOLD_OUT: approve}}
- end: ordered
scenarios:
- name: small
  given: {order: {total: 10, item: pen}, requester: ann}
  services: {rate: {rating: good}}
  answers: {approve: {approved: true, by: bob}}
  expect: {end: ordered, path: [approve, place]}
"""
"""A whole process: expressions are FEEL; a step's name is its id; `ask` a role, `call` a service, `rule` a table."""

EDITS_EXAMPLE = """\
[{"add_after": "approve", "step": {"inform": {"send": "approved", "key": "requester"}}},
 {"insert_on_flow": "start -> rate", "steps": [{"check": {"call": "credit.check", "into": "credit"}}]},
 {"branch": "check", "if": "credit < 0", "then": [{"end": "refused"}]},
 {"set": "approve", "within": "PT24H", "not": null},
 {"set": "order.total > 10000?", "if": "order.total > 5000"},
 {"rename": "place", "to": "order it"},
 {"delete": "inform"},
 {"set_data": {"credit": "number"}},
 {"set_scenarios": [{"name": "poor", "like": "small", "services": {"check": {"credit": -1}}, "expect": {"end": "refused"}}]}]
"""
"""A batch: all or none; elements by id or name; words of steps as in the outline, null takes one away."""
