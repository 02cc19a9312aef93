"""Tells visits that no person made (scanners, prefetchers, impossible speed) from those of people.

Only what is sure enough counts against a visit: a person who is taken for a machine is a mistake too. No addresses are
looked at, for scanners and relays change theirs every week, and none are kept.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

HEAD, PREFETCH, SCANNER, PREVIEW, PROGRAM, PRIVACY, TOO_SOON, BURST = (
    "head", "prefetch", "scanner", "preview", "program", "privacy", "too_soon", "burst",
)  # fmt: skip
WHY = {
    HEAD: "asked for the headers only",
    PREFETCH: "a look-ahead of a browser",
    SCANNER: "a security scanner",
    PREVIEW: "a preview of the link",
    PROGRAM: "a program, not a browser",
    PRIVACY: "loaded by a mail service before anybody looked",
    TOO_SOON: "sooner after sending than anybody can be",
    BURST: "several links at once, faster than anybody clicks",
}
# Nobody has read a mail that was handed to its server so short a time ago.
SOONEST = timedelta(seconds=2)
# So many different links of one message within so short a time.
BURST_LINKS, BURST_TIME = 3, timedelta(seconds=2)

# What mail gateways and their link checkers call themselves. Most pretend to be browsers: those only speed gives away.
_SCANNERS = re.compile(
    r"barracuda|mimecast|proofpoint|safelinks|microsoft-urlanalyzer|msexchange|exchange online protection|"
    r"symantec|messagelabs|norton safeweb|ironport|cisco ?(?:umbrella|esa|secure)|fireeye|trellix|mcafee|skyhigh|"
    r"trend ?micro|sophos|fortimail|fortinet|fortiguard|forcepoint|websense|check ?point|avanan|zscaler|"
    r"bitdefender|kaspersky|eset ?(?:mail|http)|f-secure|withsecure|webroot|vade ?(?:secure|retro)|hornetsecurity|"
    r"spamassassin|rspamd|spamhaus|urlscan|virustotal|phishtank|google-safebrowsing|yandexsafebrowsing|"
    r"cloudmark|abnormal ?security|ironscales|perception-?point|menlo ?security|area1|inky\b|mailguard|mailscanner",
    re.I,
)
_PREVIEWERS = re.compile(
    r"facebookexternalhit|facebot|twitterbot|slackbot|slack-imgproxy|linkedinbot|whatsapp|telegrambot|discordbot|"
    r"skypeuripreview|bingpreview|embedly|redditbot|vkshare|pinterest|iframely|googlemessages|applebot|snapchat",
    re.I,
)
# Programs that say so at the beginning, crawlers wherever they say so, and browsers without a window.
_PROGRAMS = re.compile(
    r"^(?:curl|wget|python|aiohttp|httpx|go-http-client|java|jakarta|apache-httpclient|okhttp|libwww|lwp|perl|ruby|"
    r"php|guzzlehttp|node|axios|undici|got |postmanruntime|winhttp|http_?client|faraday|scrapy|dalvik)\b|"
    r"headlesschrome|phantomjs|bot\b|crawler|spider",
    re.I,
)
# Google's and Yahoo's proxies fetch a picture when its reader opens the mail (see devices.py): that is a person's open.
_READERS_PROXY = re.compile(r"GoogleImageProxy|YahooMailProxy", re.I)
# Apple's Mail Privacy Protection loads the pictures of every mail that arrives, opened or not, and says no more than
# this; Gmail fetches those of a mail that arrives while somebody is signed in, as a browser that never was.
_PRIVACY = re.compile(r"Mozilla/5\.0|Mozilla/5\.0 .*Chrome/42\.0\.2311\.135 Safari/537\.36 Edge/12\.246 Mozilla/5\.0")


@dataclass(frozen=True)
class Seen:
    """What a request says of who makes it. `purpose` are the words of the headers by which browsers own up."""

    agent: str = ""
    purpose: str = ""
    head: bool = False


def why(seen: Seen, sent_at: datetime | None, now: datetime, opens: bool = False) -> str:
    """A key of WHY, or "" where it may well be a person. Without an agent only speed decides, as some people hide
    theirs."""
    if seen.head:
        return HEAD
    purpose = seen.purpose.lower()
    if "prefetch" in purpose or "preview" in purpose or "prerender" in purpose:
        return PREFETCH
    agent = seen.agent.strip()
    if _READERS_PROXY.search(agent):
        return ""
    if _SCANNERS.search(agent):
        return SCANNER
    if _PREVIEWERS.search(agent):
        return PREVIEW
    if _PRIVACY.fullmatch(agent):
        # For a click neither is anything that a person's browser says.
        return PRIVACY if opens else PROGRAM
    if _PROGRAMS.search(agent):
        return PROGRAM
    if sent_at is not None and now - sent_at < SOONEST:
        return TOO_SOON
    return ""
