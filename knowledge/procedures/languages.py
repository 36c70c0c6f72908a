"""The languages that procedures are read in: the words that open sections, labels and columns, and tell what a sentence does."""

import re
from collections.abc import Iterable, Mapping

from flowmaster.knowledge.procedures import english, german
from flowmaster.knowledge.procedures.blocks import Block
from flowmaster.knowledge.procedures.language import Language
from flowmaster.knowledge.procedures.splits import split_english, split_german


def _by(kinds: Mapping[str, str]) -> dict[str, str]:
    """Turn `kind: one, other` around."""
    return {word.strip(): kind for kind, words in kinds.items() for word in words.split(",")}


def _any(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)


ENGLISH = Language(
    name="en",
    sections=_by(
        {
            "steps": "procedure,procedures,process,process description,process steps,steps,workflow,instructions,"
            "work instruction,work instructions,method,activities,process flow,detailed procedure,detailed steps,how to,"
            "what to do,step by step,procedure steps",
            "roles": "roles,responsibilities,roles and responsibilities,responsibility,people,participants,who is involved",
            "exceptions": "exceptions,exception handling,special cases,deviations",
            "skip": "purpose,scope,objective,objectives,aim,definitions,terms,abbreviations,terms and definitions,"
            "references,related documents,records,revision history,change history,document history,history,contact,"
            "attachments,appendix,annex,introduction,background,overview,general,policy,distribution,approvals,"
            "applicable documents,document control,safety,equipment,materials,tools,prerequisites,notes,summary,version,"
            "table of contents,contents,glossary,inputs,outputs,metrics,training,frequently asked questions,faq",
        }
    ),
    labels=_by(
        {
            "role": "responsible,responsibility,owner,who,performed by,done by,actor,role,assigned to,responsible party,"
            "responsible person,executed by",
            "approver": "accountable,approver,approved by",
            "deadline": "deadline,due,time limit,duration,sla,timeline,when,time",
            "system": "system,tool,application,it system,systems,tools",
            "document": "document,documents,form,forms,template,input,output,inputs,outputs,record,records,checklist",
            "note": "note,notes,remark,remarks,hint,tip,important,caution,warning,attention,consulted,informed,comment,"
            "example,description",
            "condition": "condition,precondition,only if,applies if",
        }
    ),
    columns=_by(
        {
            "number": "no,no.,nr,nr.,#,step no,step no.,step number,id,seq,seq.,pos,step #",
            "step": "step,activity,activities,action,task,tasks,process step,what,procedure,work step,description of activity,"
            "step / activity,deliverable,deliverables,action item,instruction",
            "role": "responsible,responsibility,role,owner,who,performed by,actor,assigned to,done by,responsible role,"
            "responsible person,department,r",
            "approver": "accountable,approver,approved by,approval,a",
            "deadline": "deadline,due,time,duration,when,sla,time limit,timing,max. duration,due date",
            "system": "system,tool,application,it system,tools,systems",
            "document": "document,documents,form,forms,template,input,output,inputs,outputs,records,record",
            "condition": "condition,only if,if,precondition,applies if",
            "next": "next,next step,then,goes to,followed by,successor",
            "note": "note,notes,remark,remarks,comment,comments,description,details,consulted,informed,detail,c,i",
        }
    ),
    external=frozenset(["customer", "client", "supplier", "vendor", "patient", "candidate", "contractor", "citizen"]),
    clause=english.clause,
    split=split_english,
    role_kind=english.role_kind,
    stopwords=frozenset(["the", "is", "and", "of", "to", "a", "in", "for", "by", "are", "with", "if", "must", "be", "within", "on", "or", "an", "from"]),
    parallel=_any(
        r"(?:at\s+the\s+same\s+time|meanwhile|in\s+the\s+meantime|in\s+parallel|simultaneously|concurrently)\b[,:]?\s*"
    ),
    sequence=_any(
        r"(?:then|next|first(?:ly)?|second(?:ly)?|third(?:ly)?|finally|lastly|after\s+that|afterwards|thereafter|"
        r"subsequently|in\s+addition|additionally|moreover|as\s+a\s+(?:first|next|last)\s+step|in\s+the\s+next\s+step|"
        r"to\s+begin\s+with|please|now|also)\b[,:]?\s+"
    ),
    ending=_any(
        r"(?:the\s+)?(?:process|procedure|workflow|case)\s+(?:is\s+)?(?:ends?|ended|finished|stops?|terminate[sd]?|completed?|complete)\b|"
        r"^(?:end(?:\s+of\s+(?:the\s+)?(?:process|procedure))?|stop|stop\s+(?:here|the\s+process)|end\s+the\s+process)[.!]?$"
    ),
    jump=_any(
        r"\b(?:go(?:es)?\s+back|return(?:s|ed)?|goes?|go\s+on|continues?|proceeds?|jumps?|moves?\s+on|start\s+again|starts\s+again|restart)\s+"
        r"(?:back\s+)?(?:to|with|at|from)\s+step\s+(?P<step>\d{1,3}(?:\.\d{1,3})*|[a-z]\b)"
    ),
    repeat=_any(r"\brepeat(?:s|ed)?\s+(?:from\s+)?(?:steps?\s+(?P<step>\d{1,3}(?:\.\d+)*)(?:\s*(?:to|-|–|and|through)\s*\d[\d.]*)?|this(?:\s+step)?|the\s+(?:last|previous)\s+step)"),
    until=_any(r",?\s*\buntil\s+(?P<condition>[^,;.]{4,120})"),
    remind=_any(r"\bremind(?:er|ers|s|ed)?\b"),
    mail=_any(r"\b(?:e-?mails?|notifications?|messages?|newsletter|sms)\b"),
    automatic=_any(r"\bautomatically\b"),
    escalate=_any(r"\bescalate[sd]?\b.*?\bto\s+(?:the\s+)?(?P<role>[\w &/-]{2,50})"),
    no_answer=_any(
        r"^(?:there\s+is\s+)?(?:no|without)\s+(?:reply|response|answer|decision|feedback|reaction|approval)\b|\bnot\s+(?:been\s+)?(?:done|completed|finished|answered|decided|processed|solved|resolved|approved|received|returned|paid)\s*(?:in\s+time|on\s+time)?$|"
        r"\bdoes\s+not\s+(?:reply|respond|answer|react|decide)\b|\b(?:deadline|time\s+limit)\s+(?:is\s+missed|passes|expires|is\s+exceeded)"
    ),
    message=_any(r"^(?:wait|waits|the\s+[\w ]{2,40}\s+waits)\s+(?:for|until)\s+(?P<what>[^.;]{3,100})"),
    using=_any(
        r"\b(?:using|with|in|via|on|into|see)\s+(?:the\s+)?(?:(?P<document>(?:form|template|checklist|document)\s+[\w./-]{1,30}|(?:[\w-]+\s+){1,2}(?:form|template|checklist))|"
        r"(?P<system>SAP(?:\s+\w+)?|[A-Z]{2,5}\s+system|[\w-]+\s+(?:system|portal|database|software|tool)))"
    ),
    together=_any(r"\b(?:in\s+parallel|at\s+the\s+same\s+time|simultaneously|concurrently|in\s+any\s+order|side\s+by\s+side)\b"),
    exception=_any(r"^(?:exception|in\s+exceptional\s+cases)\b"),
    yes=frozenset({"yes", "so", "this is the case", "it is"}),
    no=frozenset({"no", "not"}),
    said={"check": "Check", "wait": "Wait", "end": "End", "done": "Done", "step": "Step", "process": "Imported process"},
)  # fmt: skip

GERMAN = Language(
    name="de",
    sections=_by(
        {
            "steps": "ablauf,durchführung,vorgehen,vorgehensweise,verfahren,prozess,prozessbeschreibung,prozessablauf,"
            "prozessschritte,schritte,arbeitsschritte,tätigkeiten,arbeitsablauf,beschreibung des ablaufs,verfahrensablauf,"
            "ablaufbeschreibung,anweisung,arbeitsanweisung,beschreibung,ausführung,verfahrensbeschreibung",
            "roles": "rollen,verantwortlichkeiten,zuständigkeiten,rollen und verantwortlichkeiten,verantwortung,beteiligte,"
            "zuständigkeit,verantwortlichkeit",
            "exceptions": "ausnahmen,sonderfälle,ausnahmefälle,abweichungen",
            "skip": "zweck,ziel,ziele,geltungsbereich,anwendungsbereich,begriffe,definitionen,begriffe und definitionen,"
            "abkürzungen,mitgeltende unterlagen,mitgeltende dokumente,referenzen,dokumentation,aufzeichnungen,"
            "änderungshistorie,änderungsverlauf,anlagen,anhang,verteiler,einleitung,allgemeines,hintergrund,hinweise,"
            "grundsätze,zielsetzung,inhalt,inhaltsverzeichnis,revisionsstand,kennzahlen,voraussetzungen,material,"
            "ansprechpartner,kontakt,sicherheit,arbeitsmittel,glossar,literatur,überblick,version",
        }
    ),
    labels=_by(
        {
            "role": "verantwortlich,verantwortung,zuständig,zuständigkeit,wer,durchführung,ausführung durch,rolle,bearbeiter,"
            "durchgeführt von,verantwortlicher,ausführende stelle,durchführender",
            "approver": "genehmiger,freigabe durch,genehmigung durch,freigeber,rechenschaftspflichtig",
            "deadline": "frist,termin,dauer,bis wann,zeit,bearbeitungszeit,wann,zeitvorgabe",
            "system": "system,werkzeug,anwendung,it-system,systeme,tool",
            "document": "dokument,dokumente,formular,formulare,vorlage,eingabe,ausgabe,input,output,unterlagen,nachweis,"
            "checkliste,hilfsmittel",
            "note": "hinweis,hinweise,anmerkung,bemerkung,achtung,wichtig,beispiel,konsultiert,informiert,beschreibung,info,"
            "kommentar",
            "condition": "bedingung,voraussetzung,nur wenn",
        }
    ),
    columns=_by(
        {
            "number": "nr,nr.,#,lfd. nr.,lfd nr,schritt nr.,schritt-nr.,schrittnr.,pos,pos.,id,nummer",
            "step": "schritt,tätigkeit,tätigkeiten,aufgabe,aufgaben,aktivität,aktivitäten,arbeitsschritt,was,prozessschritt,"
            "ablauf,maßnahme,vorgang,prozessschritte,teilprozess,aktion",
            "role": "verantwortlich,verantwortung,zuständig,zuständigkeit,wer,rolle,durchführung,bearbeiter,verantwortlicher,"
            "ausführung,abteilung,stelle,zuständige stelle",
            "approver": "genehmigung,freigabe,genehmiger,freigabe durch,rechenschaftspflichtig",
            "deadline": "frist,termin,dauer,bis wann,zeit,wann,bearbeitungszeit,fristen",
            "system": "system,werkzeug,anwendung,it-system,tool,systeme",
            "document": "dokument,dokumente,formular,formulare,vorlage,input,output,unterlagen,nachweis,nachweise,hilfsmittel",
            "condition": "bedingung,nur wenn,falls,wenn,voraussetzung",
            "next": "weiter mit,nächster schritt,nachfolger,folgeschritt,dann",
            "note": "hinweis,hinweise,anmerkung,bemerkung,bemerkungen,kommentar,beschreibung,details,konsultiert,informiert",
        }
    ),
    external=frozenset(["kunde", "kundin", "lieferant", "bewerber", "bewerberin", "patient", "bürger"]),
    clause=german.clause,
    split=split_german,
    role_kind=german.role_kind,
    stopwords=frozenset(["der", "die", "das", "und", "ist", "wird", "den", "dem", "ein", "eine", "nicht", "mit", "von", "für", "auf", "im", "zu", "bei", "werden", "durch"]),
    parallel=_any(r"(?:gleichzeitig|zeitgleich|parallel(?:\s+dazu)?|währenddessen|zur\s+gleichen\s+Zeit|unterdessen|in\s+der\s+Zwischenzeit)\b,?\s*"),
    sequence=_any(
        r"(?:anschließend|danach|dann|zuerst|zunächst|abschließend|zuletzt|daraufhin|im\s+nächsten\s+Schritt|im\s+Anschluss(?:\s+daran)?|"
        r"nun|schließlich|zusätzlich|außerdem|ferner|weiterhin|hierzu|dazu|als\s+(?:erstes|nächstes|letztes)|bitte|erstens|zweitens|drittens|daneben|hierauf)\b,?\s+"
    ),
    ending=_any(
        r"(?:der\s+)?(?:prozess|vorgang|ablauf|das\s+verfahren)\s+(?:endet|ist\s+(?:damit\s+)?(?:beendet|abgeschlossen)|wird\s+(?:beendet|abgebrochen))|"
        r"(?:endet|ist)\s+(?:damit\s+)?der\s+(?:prozess|vorgang|ablauf)(?:\s+beendet)?|^(?:ende|prozessende|ende\s+des\s+prozesses)[.!]?$"
    ),
    jump=_any(
        r"(?:\bzurück\s+(?:zu|an|bei)|\bweiter\s+(?:mit|bei)|\bwieder\s+(?:bei|mit)|\b(?:geht|gehe|gehen\s+Sie|fahre|fahren\s+Sie|beginnt|beginnen\s+Sie)\s+(?:\w+\s+){0,2}?(?:zu|mit|bei|ab))\s+Schritt\s+(?P<step>\d{1,3}(?:\.\d{1,3})*|[a-z]\b)(?:\s+(?:fort|zurück|weiter|fortgefahren))?"
    ),
    repeat=_any(
        r"\b(?:Schritte?\s+(?P<step>\d{1,3}(?:\.\d+)*)(?:\s*(?:bis|-|–|und)\s*\d[\d.]*)?\s+(?:(?:wird|werden|ist|sind)\s+)?(?:zu\s+)?wiederhol\w+|"
        r"wiederhol\w+\s+(?:Sie\s+)?(?:(?:die\s+)?Schritte?\s+(?P<step2>\d{1,3}(?:\.\d+)*)(?:\s*(?:bis|-|–|und)\s*\d[\d.]*)?|dies|diesen\s+Schritt)|(?:dies|dieser\s+Schritt)\s+wird\s+wiederholt)"
    ),
    until=_any(r",?\s*\b(?:so\s+lange,?\s+bis|solange\s+bis|bis)\s+(?=(?:der|die|das|alle|ein|eine|keine?)\b)(?P<condition>[^;.]{4,120}?(?:ist|sind|wird|werden|hat|haben|vorliegt|vorliegen|eingeht|erfolgt|eintrifft|stimmt|passt))"),
    remind=_any(r"\b(?:erinner\w*|zahlungserinnerung|mahnung)\b"),
    mail=_any(r"\b(?:e-?mails?|mails?|benachrichtigung\w*|nachricht\w*|newsletter|sms)\b"),
    automatic=_any(r"\bautomatisch\b"),
    escalate=_any(r"(?:\beskalier\w*\b.*?\ban\s+(?:den|die|das)?\s*|\ban\s+(?:den|die|das)\s+)(?P<role>[A-ZÄÖÜ][\w&/-]{2,40})(?=.*eskalier|[\s.,;]|$)"),
    no_answer=_any(
        r"^(?:erfolgt\s+|kommt\s+|es\s+erfolgt\s+|es\s+gibt\s+)?keine?\s+(?:antwort|rückmeldung|entscheidung|reaktion|freigabe|genehmigung)\b|"
        r"\bnicht\s+(?:rechtzeitig|fristgerecht)\b|\bfrist\b.*\b(?:überschritten|abgelaufen|verstrichen)"
    ),
    message=_any(r"^(?:(?:es\s+wird\s+)?auf\s+)?(?:den|die|das|der)?\s*(?P<what>[A-ZÄÖÜ][^.;]{3,100}?)\s+(?:ab(?:zu)?warten|abgewartet)\b|^auf\s+(?P<what2>[^.;]{3,100}?)\s+warten"),
    using=_any(
        r"\b(?:mit|im|in|über|aus|auf|anhand|mittels|gemäß|siehe)\s+(?:dem|der|des|das|die)?\s*(?:(?P<document>(?:Formular|Vorlage|Checkliste|Formblatt)\s+[\w./-]{1,30}|\w+(?:formular|vorlage|checkliste|formblatt))|(?P<system>SAP(?:\s\w+)?|\w+(?:-System|system|portal|software|datenbank)))"
    ),
    together=_any(r"\b(?:parallel|gleichzeitig|zeitgleich|nebeneinander|in\s+beliebiger\s+Reihenfolge)\b"),
    exception=_any(r"^(?:ausnahme|in\s+ausnahmefällen)\b"),
    yes=frozenset({"ja", "dies der fall ist", "ja der fall"}),
    no=frozenset({"nein"}),
    said={"check": "Prüfen", "wait": "Warten", "end": "Ende", "done": "Erledigt", "step": "Schritt", "process": "Importierter Prozess"},
)  # fmt: skip

LANGUAGES: Mapping[str, Language] = {"en": ENGLISH, "de": GERMAN}
HEADINGS = frozenset(title for language in LANGUAGES.values() for title in language.sections)
"""Titles that are headings wherever they stand alone in a line."""


def language_of(blocks: Iterable[Block]) -> str:
    """Return the language whose small words stand most often in the blocks; umlauts count as German."""
    counts = dict.fromkeys(LANGUAGES, 0)
    for block in blocks:
        text = " ".join([block.text, *(cell.text for row in block.rows for cell in row)]).lower()
        for name, language in LANGUAGES.items():
            counts[name] += sum(word in language.stopwords for word in re.findall(r"[^\W\d]+", text))
        counts["de"] += len(re.findall(r"[äöüß]", text))
        counts["de"] += 2 * len(re.findall(r"\b\w+(?:ung|keit|lich|ieren|prüfen|stellen)\b", text))
        counts["en"] += 2 * len(
            re.findall(r"\b(?:\w+tion|\w+ing|\w+ment|request|approve|check|owner|activity|step)\b", text)
        )
    return "de" if counts["de"] > counts["en"] else "en"
