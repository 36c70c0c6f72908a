"""The German words that the rules know: verbs with their forms."""

import re
from functools import cache
from typing import NamedTuple

_VERBS = """
abgleichen ab|legen ab|lehnen ab|schließen ab|stimmen ab|warten an|fordern an|legen an|melden an|nehmen=nimmt,angenommen
analysieren ändern an|bieten=bietet,angeboten archivieren auf|bereiten auf|nehmen=nimmt,aufgenommen aus|drucken
aus|füllen aus|händigen aus|liefern aus|lösen aus|stellen aus|wählen aus|werten aus|zahlen bauen beantragen
beantworten beauftragen bearbeiten befragen begleichen=begleicht,beglichen begleiten begründen benachrichtigen
beraten=berät,beraten berechnen bereit|stellen berichten beschaffen bescheinigen beschreiben=beschreibt,beschrieben
bestätigen bestellen bestimmen bewerten bezahlen bitten=bittet,gebeten buchen dokumentieren drucken durch|führen
ein|fordern ein|geben=gibt,eingegeben ein|holen ein|laden=lädt,eingeladen ein|lagern ein|leiten ein|pflegen ein|planen
ein|reichen ein|richten ein|schalten ein|scannen ein|tragen=trägt,eingetragen ein|weisen=weist,eingewiesen
entfernen entgegen|nehmen=nimmt,entgegengenommen entscheiden=entscheidet,entschieden entsorgen entsperren erfassen
erhalten=erhält,erhalten erheben=erhebt,erhoben erinnern erledigen ermitteln eröffnen erstatten erstellen erteilen
fertigen festlegen fest|stellen fest|legen fordern formulieren frei|geben=gibt,freigegeben frei|schalten führen füllen
geben=gibt,gegeben genehmigen gewähren hinterlegen holen hoch|laden=lädt,hochgeladen identifizieren informieren
installieren klären klassifizieren kommissionieren kontaktieren kontieren kontrollieren kopieren korrigieren
kündigen laden=lädt,geladen leisten leiten liefern lochen löschen mahnen markieren melden messen=misst,gemessen
mit|teilen montieren nach|fassen nach|fordern nehmen=nimmt,genommen notieren öffnen organisieren packen pflegen planen
präsentieren priorisieren protokollieren prüfen quittieren recherchieren rechnen registrieren reinigen reparieren
reservieren sammeln scannen schicken schließen=schließt,geschlossen schreiben=schreibt,geschrieben schulen senden
setzen sichern sichten sortieren speichern sperren stellen stempeln stornieren suchen testen teilen
tragen=trägt,getragen treffen=trifft,getroffen überarbeiten übergeben=übergibt,übergeben übermitteln
übernehmen=übernimmt,übernommen überprüfen übersenden übertragen=überträgt,übertragen überwachen überweisen=überweist,überwiesen
um|setzen unterrichten unterschreiben=unterschreibt,unterschrieben unterzeichnen untersuchen validieren veranlassen
vereinbaren vergeben=vergibt,vergeben vergleichen=vergleicht,verglichen verpacken verschicken versenden verständigen
verteilen verwalten veröffentlichen vervollständigen verbuchen verlangen verfassen vor|bereiten vor|legen vor|schlagen=schlägt,vorgeschlagen
vor|nehmen=nimmt,vorgenommen wählen warten weiter|geben=gibt,weitergegeben weiter|leiten wiegen=wiegt,gewogen
zahlen zeichnen ziehen=zieht,gezogen zurück|geben=gibt,zurückgegeben zurück|senden zurück|weisen=weist,zurückgewiesen
zusammen|fassen zusammen|stellen zu|ordnen zu|stellen zu|weisen=weist,zugewiesen zu|senden zählen desinfizieren
verladen=verlädt,verladen beladen=belädt,beladen entladen=entlädt,entladen anfordern eskalieren signieren
"""


class Verb(NamedTuple):
    """A verb and the particle that stands apart from it in a main clause."""

    infinitive: str
    particle: str


@cache
def forms() -> tuple[dict[str, list[Verb]], dict[str, str], frozenset[str]]:
    """Return the finite forms, the participles and the infinitives."""
    finite: dict[str, list[Verb]] = {}
    participles: dict[str, str] = {}
    infinitives: set[str] = set()
    for entry in _VERBS.split():
        word, _, irregular = entry.partition("=")
        third, _, past = irregular.partition(",")
        particle, bar, verb = word.rpartition("|")
        infinitive = f"{particle}{verb}" if bar else verb
        stem = verb.removesuffix("en") if verb.endswith("en") else verb.removesuffix("n")
        third = third or f"{stem}{'et' if stem.endswith(('t', 'd', 'chn', 'ffn', 'gn')) else 't'}"
        closed = re.match(r"(?:be|ge|er|ver|zer|ent|emp|über|unter|hinter|wider)\w", verb) or verb.endswith(
            "ieren"
        )
        ended = "et" if stem.endswith(("t", "d", "chn", "ffn", "gn")) else "t"
        past = past or f"{particle}{'' if closed else 'ge'}{stem}{ended}"
        for form in (third, verb):
            finite.setdefault(form, []).append(Verb(infinitive, particle))
        participles[past] = infinitive
        infinitives.add(infinitive)
        if particle:
            infinitives.add(f"{particle}zu{verb}")
    return finite, participles, frozenset(infinitives)
