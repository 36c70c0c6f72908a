"""Processes whose instances and tasks the views show."""

import json
from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

TRAVEL = """
process: {id}
name: Reisekostenabrechnungsgenehmigungsverfahren der Hauptverwaltung
roles: [sachbearbeitung, leitung]
types: {{Geld: number >= 0}}
data: {{betrag: Geld, antragsteller: person}}
start: {{needs: [betrag, antragsteller]}}
result: ausgang
steps:
- Belege erfassen: {{ask: sachbearbeitung, form: {{betrag: Geld}}, into: betrag, within: P2D}}
- prüfen: {{call: {id}.pruefung, retry: 1}}
- if: betrag > 1000
  then:
  - Genehmigung einholen: {{ask: leitung, not: antragsteller, into: [ok, notiz?]}}
- end: erledigt
"""
"""A person, a service and another person, one of whom is left out of the second step."""


def travel(identifier: str) -> str:
    """Return that process under an id of its own."""
    return TRAVEL.format(id=identifier)


def one_task(
    identifier: str, form: Mapping[str, Any] | None, *, name: str = "Fill in", checks: str = ""
) -> str:
    """Return a BPMN process of one task with a form as JSON Schema."""
    held = (
        ""
        if form is None
        else f'<zeebe:userTaskForm id="form">{escape(json.dumps(form))}</zeebe:userTaskForm>'
    )
    used = "" if form is None else '<zeebe:formDefinition formKey="camunda-forms:bpmn:form"/>'
    label = escape(name, {'"': "&quot;"})
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="urn:t"
    xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" xmlns:fm="https://flowmaster.dev/bpmn/1.0">
  <process id="{identifier}" name="{label}" isExecutable="true">
    <extensionElements>{held}</extensionElements>
    <startEvent id="s"/><sequenceFlow id="f1" sourceRef="s" targetRef="fill"/>
    <userTask id="fill" name="{label}"><extensionElements>{used}
      <zeebe:assignmentDefinition candidateGroups="clerk"/>{checks}</extensionElements></userTask>
    <sequenceFlow id="f2" sourceRef="fill" targetRef="e"/><endEvent id="e"/>
  </process>
</definitions>"""
