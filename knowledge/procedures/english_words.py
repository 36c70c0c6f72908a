"""The English words that the rules know: verbs with their forms, and nouns for people, systems and things."""

import re
from functools import cache
from typing import Final


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_VERBS = """
accept acknowledge activate add address adjust agree allocate analyse analyze announce apply appoint approve archive
arrange ask assemble assess assign attach audit authorise authorize block book bring build buy calculate call cancel
carry certify check choose clarify classify clean clear close collect compare compile complete compute conduct confirm
consolidate contact control convert copy correct count create debit decide decline define delete deliver deploy design
destroy determine develop diagnose disburse discuss dispatch display distribute document download draft draw email
enable encrypt enrol enroll enter escalate estimate evaluate examine execute explain export extract fax file fill find
fix follow forward generate get give grant hand handle hire hold identify implement import inform initiate inspect
install instruct interview investigate invite invoice issue keep label launch lock log maintain make mail mark match
measure mix monitor move negotiate note notify obtain offer open order organise organize pack park pay perform pick place
plan post prepare present print prioritise prioritize process produce propose provide publish purchase put quote rank
read receive recommend reconcile record recruit refund register reject release remind remove renew repair replace reply
report request reserve reset resolve respond restart restore retrieve return review revise revoke route run save scan
schedule screen seal search select sell send serve set settle ship show sign sort specify start stop store submit
supervise supply suspend take terminate test thank track train transfer transmit treat unlock unpack update upload use
validate verify visit wash weigh withdraw write
"""
_IRREGULAR = {
    "bring": "brought", "build": "built", "buy": "bought", "choose": "chosen", "draw": "drawn", "find": "found",
    "get": "got", "give": "given", "hold": "held", "keep": "kept", "make": "made", "pay": "paid", "put": "put",
    "quote": "quoted", "read": "read", "run": "run", "sell": "sold", "send": "sent", "set": "set", "show": "shown",
    "take": "taken", "withdraw": "withdrawn", "write": "written", "reset": "reset",
}  # fmt: skip
ROLES: Final = _set(
    """
accountant accounting accounts admin administration administrator adviser advisor agency agent analyst applicant
approver architect assistant auditor authority bank board boss buyer caller candidate cashier ceo cfo cio clerk
client colleague commission committee company compliance consultant contractor controller controlling coo
coordinator council counsel courier court cto customer department dept designer desk developer director division
doctor driver employee employer engineer everyone expert finance foreman guard handler head helpdesk hr
inspector insurer it lab laboratory lawyer lead leader legal librarian logistics maintenance management manager
marketing mechanic member notary nurse office officer operations operator owner partner patient payable payables
payroll personnel pharmacist physician pilot planner president procurement producer production programmer
purchasing qa receivable receivables reception receptionist recruiter rep representative requester requestor
researcher reviewer sales scientist secretary security seller sender specialist staff steward student submitter
supervisor supplier surgeon teacher team technician technologist tester therapist trainee trainer treasury
underwriter unit user vendor warehouse worker
"""
)
"""Heads of noun phrases that name people or parts of a house."""
THINGS: Final = _set(
    """
amount answer application calendar checklist color colour computer container copier counter cover data date
deliverer disorder document draft error factor fault filter folder form header indicator invoice layer ledger
letter list matter monitor motor newsletter number offer order paper parameter printer process register reminder
request router scanner sector sensor server shower transfer vector visitor voucher water weather
"""
)
"""Nouns that end as those of people do, and name things."""
SYSTEMS: Final = _set(
    """
api app bot cms crm database dms engine erp interface jira lims mes platform portal robot salesforce sap
scheduler server servicenow software system tool website workflow
"""
)
"""Heads of noun phrases that name programs."""
BE: Final = _set(
    """
are be been being get gets is
"""
)
"""Forms that a participle stands behind."""
MODALS: Final = _set(
    """
can could has have may must need needs shall should will would
"""
)
"""Verbs that help another verb."""
ADVERBS: Final = _set(
    """
additionally afterwards again also always automatically briefly carefully directly either electronically finally
first formally immediately jointly manually next normally now only promptly subsequently then thereby therefore
thoroughly to usually
"""
)
"""Words between a subject and its verb."""
DETERMINERS: Final = _set(
    """
a all an any both each every her his its one our some that the their these this those your
"""
)
"""Words that open a noun phrase."""
PREPOSITIONS: Final = _set(
    """
about against as at between by for from in into of on per to via with
"""
)
"""Words that end a noun phrase."""
PRONOUNS: Final = _set(
    """
he he/she s/he she they
"""
)
"""Words that stand for the one who acted before."""
NOBODY: Final = _set(
    """
i we you
"""
)
"""Words that name no role."""


def _third(base: str) -> str:
    if base.endswith(("s", "x", "z", "ch", "sh", "o")):
        return f"{base}es"
    return f"{base[:-1]}ies" if re.search(r"[^aeiou]y$", base) else f"{base}s"


def _past(base: str) -> str:
    if base in _IRREGULAR:
        return _IRREGULAR[base]
    if base.endswith("e"):
        return f"{base}d"
    if re.search(r"[^aeiou]y$", base):
        return f"{base[:-1]}ied"
    doubled = base in (
        "cancel",
        "ship",
        "stop",
        "plan",
        "log",
        "refer",
        "submit",
        "drop",
        "control",
        "label",
        "enrol",
    )
    return f"{base}{base[-1]}ed" if doubled or base == "transfer" else f"{base}ed"


@cache
def forms() -> tuple[frozenset[str], dict[str, str], dict[str, str], dict[str, str]]:
    """Return the verbs, and their third persons, participles and gerunds with the verb of each."""
    bases = frozenset(_VERBS.split())
    third = {_third(base): base for base in bases}
    past = {_past(base): base for base in bases} | {
        f"{base}ed": base for base in bases if not base.endswith("e")
    }
    past |= {"e-mailed": "e-mail"}
    gerund = {
        (base[:-1] if base.endswith("e") and not base.endswith("ee") else base) + "ing": base
        for base in bases
    }
    return bases, third, past, gerund
