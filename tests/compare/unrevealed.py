"""Mutations of the examples that no input reveals, each with the reason.

Those with `_END` are proved by the comparison of the models as well: it finds nothing that touches what instances do.
Changed rows that leave all answers as they are need no entry: the comparison proves that they do.
"""

_END = "The last end of its branch: without it the branch ends all the same, at an end that has no name."
_EMPTY = (
    "Nothing has no sum: the sum of no items is null, so that another check refuses the start all the same."
)

_ANYWAY = "A jump to where the way leads anyway; the models are equal without it."
_NO_SUCH = "No row of the decision answers what lies between the two limits."

UNREVEALED: dict[str, str] = {
    **dict.fromkeys(
        (
            "contract-review removed steps.2.until signed.group.0.else.5.then.5.partner answers.on.0.then.1 partner reminded",
            "contract-review removed steps.2.until signed.on.4.then.1 slowness told",
            "contract-review removed steps.4.countersigned.on.0.then.1 signature reminded",
            "employee-onboarding removed steps.4.before.group.4.prepare.on.0.then.1 reported",
            "employee-onboarding removed steps.12 probation passed",
            "goods-return removed steps.2.await the goods.on.0.then.1 reminded",
            "loan-origination removed steps.0.application.group.0.examine.late.then.1 delay reported",
            "loan-origination removed steps.0.application.group.3.offer open.on.0.then.1 reminded",
            "loan-origination removed steps.2 paid out",
            "merchant-onboarding removed steps.3.know the merchant.group.10.then.1.papers come.on.0.then.1 papers reminded",
            "merchant-onboarding removed steps.3.know the merchant.group.12.then.0.due diligence.on.0.then.1 lateness told",
            "order-fulfilment removed steps.4.fulfil.on.2.then.1 delay admitted",
            "order-fulfilment removed steps.14 returned",
        ),
        _END,
    ),
    **dict.fromkeys(
        (
            "merchant-onboarding boundary start count(owners) > -1",
            "merchant-onboarding boundary start count(owners) >= 0",
            "order-fulfilment boundary start count(order.lines) > -1",
            "order-fulfilment boundary start count(order.lines) >= 0",
        ),
        _EMPTY,
    ),
    **dict.fromkeys(
        (
            "merchant-onboarding removed steps.6.live.on.0.then.2",
            "merchant-onboarding removed steps.6.live.on.2.then.0",
        ),
        _ANYWAY,
    ),
    "goods-return boundary less than the whole price? if terms.percent < 99": _NO_SUCH,
}
