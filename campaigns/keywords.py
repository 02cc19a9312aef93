"""What contacts mean by one-word answers to an SMS, in the languages they are likely to answer in."""

import re
import unicodedata

STOP, START, HELP = "stop", "start", "help"

# Twilio answers these by itself; a second answer of ours would only cost.
ANSWERED_BY_TWILIO = frozenset(
    ["stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout", "start", "unstop", "help", "info"]
)

_STOP = """
stop, stopall, stop all, unsubscribe, cancel, end, quit, revoke, optout, opt out, stop sms, sms stop,
arret, arreter, cesser, desabonner, desinscription, desinscrire, stopp, abmelden, abbestellen,
ende, alto, baja, parar, pare,
cancelar, salir, sair, basta, ferma, disiscrivi, annulla, stoppen, afmelden, uitschrijven, avsluta, avmeld, afmeld,
lopeta, wypisz, wypisz mnie, anuluj, koniec, rezygnuje, durdur, abonelikten cik,
odhlasit, leiratkozas, dezabonare, iptal, dur, стоп, отписаться, отписка, відписатися,
تحرير, توقف, ايقاف, 停止, 退订, 停止配信, 配信停止, 수신거부
"""
_START = """
start, unstop, subscribe, resubscribe, reprendre, abonner, anmelden, iniciar, inicio, comenzar, comecar, iscrivimi,
inizia, aanmelden, wznow, zapisz, zapisz mnie, prihlasit, aloita, baslat, abone ol,
старт, подписаться, 开始, 再開, 시작
"""
_HELP = """
help, info, aide, hilfe, segitseg, ajutor, hjaelp, ayuda, ajuda, aiuto, hulp, hjalp, hjelp, apua, pomoc,
yardim, помощь, مساعدة, 帮助, ヘルプ, 도움말
"""


def meaning(text: str) -> str:
    """STOP, START, HELP, or "" for anything else. Only an answer that says nothing else counts."""
    return _MEANINGS.get(_plain(text), "")


def is_answered_by_twilio(text: str) -> bool:
    return _plain(text) in ANSWERED_BY_TWILIO


def _plain(text: str) -> str:
    """Without case, accents and punctuation: “Arrêt !” is “arret”."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return " ".join(re.sub(r"[\W_]+", " ", unicodedata.normalize("NFC", bare)).split()).replace("ı", "i")


_MEANINGS = {
    _plain(word): means for means, words in ((HELP, _HELP), (START, _START), (STOP, _STOP)) for word in words.split(",")
}
