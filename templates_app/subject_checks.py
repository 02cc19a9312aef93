"""Hints at what makes a subject look like spam, to filters and to people."""

import re
from collections.abc import Iterator

from templates_app import tokens

LONGEST = 70  # characters that inboxes show on a wide screen; phones show some forty
# Phrases that filters and people have learnt to mistrust. Small letters; each is looked for as whole words.
PHRASES = (
    # English
    "100% free", "act now", "apply now", "as seen on", "buy now", "cash bonus", "click here", "congratulations you",
    "double your", "earn money", "extra income", "free gift", "free money", "get paid", "guaranteed", "limited time",
    "make money", "no obligation", "once in a lifetime", "order now", "risk free", "risk-free", "special promotion",
    "this is not spam", "urgent", "you are a winner", "you have been selected", "winner",
    # French
    "100% gratuit", "argent facile", "cadeau gratuit", "cliquez ici", "félicitations vous", "gagnez de l'argent",
    "offre limitée", "sans engagement", "sans risque", "vous avez gagné",
    # German
    "100% kostenlos", "geld verdienen", "gewinner", "gratis geschenk", "hier klicken", "jetzt kaufen",
    "jetzt zugreifen", "kostenlos testen", "nur heute", "ohne risiko", "sie haben gewonnen",
    # Spanish
    "100% gratis", "compre ahora", "dinero fácil", "gana dinero", "haga clic aquí", "oferta limitada", "regalo gratis",
    "sin riesgo", "usted ha ganado",
    # Italian
    "clicca qui", "guadagna soldi", "hai vinto", "offerta limitata", "senza rischi",
    # Portuguese
    "clique aqui", "compre agora", "ganhe dinheiro", "sem risco", "você ganhou",
    # Dutch
    "klik hier", "koop nu", "u heeft gewonnen", "verdien geld",
    # Polish
    "kliknij tutaj", "kup teraz", "zarabiaj pieniądze",
    # Russian
    "вы выиграли", "жми сюда", "заработай", "купи сейчас", "только сегодня",
)  # fmt: skip
_PHRASES = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, PHRASES))})(?!\w)")
_PRETENDS = re.compile(r"\s*(re|fwd?|aw|wg|tr|rv|antw)\s*:", re.IGNORECASE)
_PICTURES = re.compile("[\U0001f300-\U0001faff\u2600-\u27bf]")


def hints(subject: str) -> Iterator[str]:
    """Sentences, each with what to do about it."""
    text = " ".join(tokens.LIQUID.sub(" ", subject).split())
    letters = [letter for letter in text if letter.isalpha() and letter.upper() != letter.lower()]
    capitals = [letter for letter in letters if letter.isupper()]
    shouted = [word for word in re.findall(r"[^\W\d_]{4,}", text) if word.isupper()]
    if len(letters) >= 8 and (len(capitals) > len(letters) * 0.6 or len(shouted) >= 3):
        yield "The subject is written in capitals, as spam is: write it as a sentence."
    if text.count("!") > 2 or "!!" in text or "??" in text or "?!" in text:
        yield "The subject has many exclamation or question marks: one is enough."
    if re.search(r"[$€£]{2,}", text):
        yield "The subject has several currency signs in a row, as spam has: name the price or leave them out."
    if _PRETENDS.match(text):
        yield "The subject pretends to be an answer or to be forwarded: leave out what stands before the colon."
    found = _PHRASES.search(text.lower().replace("’", "'").replace(" %", "%").replace("\u202f%", "%"))
    if found:
        yield f"“{found[0]}” is a phrase that spam filters look for: say it in other words."
    if len(_PICTURES.findall(text)) > 3:
        yield "The subject has many pictures: one or two are read, more look like spam."
    if len(text) > LONGEST:
        yield f"The subject has {len(text)} characters, and inboxes show {LONGEST} at most: put what matters first."
