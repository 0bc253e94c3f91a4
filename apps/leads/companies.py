"""Telling companies apart: a name without its legal form, a domain that is no mail provider's.

Pure functions. The keys stand in columns of their own (`company_key`, `domain`), set wherever a
name or an address is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

# Ends of a company's name that say under which law it is, not who it is.
LEGAL_FORMS = frozenset({
    # German, Austrian, Swiss, Dutch, Nordic
    "gmbh", "mbh", "ggmbh", "ag", "kg", "kgaa", "ohg", "og", "ug", "haftungsbeschrankt", "ev",
    "eg", "ek", "se", "gbr", "bv", "nv", "vof", "cv", "ab", "asa", "oy", "oyj", "aps", "ivs",
    # English
    "ltd", "limited", "llc", "llp", "lp", "plc", "inc", "incorporated", "corp", "corporation",
    "co", "company", "pty", "pte", "pvt", "private", "bhd", "sdn",
    # French, Spanish, Italian, Portuguese
    "sa", "sas", "sasu", "sarl", "eurl", "sprl", "srl", "scrl", "spa", "snc", "sl", "slu", "sau",
    "ltda", "lda", "eireli", "epp",
    # Slavic, Hungarian, Baltic, Turkish, Romanian
    "oo", "doo", "dd", "sro", "spol", "kft", "zrt", "nyrt", "bt", "uab", "sia", "ou", "ooo", "oao",
    "zao", "pao", "ооо", "оао", "зао", "пао", "ао", "ип", "тов", "eood", "ood", "sti",
    "tic", "san",
    # Asian
    "kk", "株式会社", "有限会社", "合同会社", "有限公司", "股份有限公司", "주식회사",
})  # fmt: skip
_ALONE_NO_FORM = frozenset({"sp", "z", "and", "und", "the"})
# Of these it is sure that they say no more at the beginning either.
_IN_FRONT = frozenset({"sa", "sas", "sarl", "gmbh", "ooo", "ооо", "оао", "зао", "пао", "тов"})
_GLUED = ("株式会社", "有限会社", "合同会社", "股份有限公司", "有限公司", "주식회사")
# Everybody's mail: a domain in here says nothing about where somebody works.
FREE_MAIL = frozenset({
    "gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "msn.com",
    "passport.com", "yahoo.com", "ymail.com", "rocketmail.com", "icloud.com", "me.com", "mac.com",
    "aol.com", "aim.com", "mail.com", "email.com", "usa.com", "proton.me", "protonmail.com",
    "pm.me", "zoho.com", "zohomail.com", "fastmail.com", "fastmail.fm", "hey.com", "tutanota.com",
    "tuta.io", "tuta.com", "mailbox.org", "posteo.de", "posteo.net", "gmx.com", "gmx.net",
    "gmx.de", "gmx.at", "gmx.ch", "web.de", "freenet.de", "t-online.de", "arcor.de", "online.de",
    "vodafone.de", "kabelmail.de", "a1.net", "aon.at", "chello.at", "bluewin.ch", "hispeed.ch",
    "sunrise.ch", "orange.fr", "wanadoo.fr", "free.fr", "sfr.fr", "laposte.net", "neuf.fr",
    "bbox.fr", "libero.it", "virgilio.it", "tiscali.it", "alice.it", "tin.it", "telefonica.net",
    "terra.es", "terra.com.br", "uol.com.br", "bol.com.br", "ig.com.br", "globo.com", "sapo.pt",
    "ziggo.nl", "kpnmail.nl", "xs4all.nl", "planet.nl", "home.nl", "telenet.be", "skynet.be",
    "proximus.be", "telia.com", "online.no", "wp.pl", "o2.pl", "onet.pl", "onet.eu", "interia.pl",
    "op.pl", "seznam.cz", "email.cz", "centrum.cz", "centrum.sk", "azet.sk", "freemail.hu",
    "citromail.hu", "abv.bg", "mail.bg", "ukr.net", "i.ua", "mail.ru", "inbox.ru", "list.ru",
    "bk.ru", "internet.ru", "yandex.ru", "yandex.com", "ya.ru", "rambler.ru", "qq.com",
    "foxmail.com", "163.com", "126.com", "yeah.net", "sina.com", "sina.cn", "sohu.com",
    "aliyun.com", "139.com", "naver.com", "daum.net", "hanmail.net", "nate.com", "kakao.com",
    "docomo.ne.jp", "ezweb.ne.jp", "softbank.ne.jp", "nifty.com", "rediffmail.com", "rediff.com",
    "sify.com", "indiatimes.com", "btinternet.com", "btopenworld.com", "sky.com", "talktalk.net",
    "ntlworld.com",
    "virginmedia.com", "blueyonder.co.uk", "tiscali.co.uk", "comcast.net", "verizon.net",
    "att.net", "sbcglobal.net", "bellsouth.net", "charter.net", "cox.net", "earthlink.net",
    "optonline.net", "frontier.com", "juno.com", "netzero.net", "rogers.com", "sympatico.ca",
    "shaw.ca", "telus.net", "videotron.ca", "bigpond.com", "bigpond.net.au", "optusnet.com.au",
    "xtra.co.nz", "walla.co.il", "walla.com", "netvision.net.il", "012.net.il", "mailinator.com",
    "guerrillamail.com", "10minutemail.com", "yopmail.com", "trashmail.com", "temp-mail.org",
})  # fmt: skip
# Providers with a domain in each country: yahoo.co.uk, hotmail.fr, live.nl …
_FREE_FAMILIES = frozenset({"yahoo", "ymail", "hotmail", "live", "outlook", "gmx", "yandex", "aol"})
# Second levels under which a country sells its domains.
_SECOND_LEVELS = frozenset({"co", "com", "net", "org", "ac", "gov", "edu", "or", "ne", "gv"})
_DROPPED = str.maketrans("", "", ".'’`")
_HOST = re.compile(r"(?=.{4,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{1,62}")


def company_key(name: str) -> str:
    """A company's name folded: no case, accents, punctuation or legal form. "" for no name.

    "Müller & Söhne GmbH & Co. KG" and "MULLER SÖHNE" are one.
    """
    bare = unicodedata.normalize("NFKD", name.casefold().translate(_DROPPED))
    kept = "".join(c if c.isalnum() else " " for c in bare if not unicodedata.combining(c))
    for form in _GLUED:
        kept = kept.replace(unicodedata.normalize("NFKD", form), " ")
    words = kept.split()
    core = [word for word in words if word not in _ALONE_NO_FORM] or words
    while len(core) > 1 and core[-1] in LEGAL_FORMS:
        core.pop()
    while len(core) > 1 and core[0] in _IN_FRONT:
        core.pop(0)
    return " ".join(core)[:200]


def domain_of(address: str) -> str:
    """The domain of an e-mail or a web address, if it can be a company's; else ""."""
    address = address.strip().casefold()
    host = address.rpartition("@")[2]
    if "//" in host or "/" in host:
        host = _host_of(host if "//" in host else f"//{host}")
    host = host.removeprefix("www.").rstrip(".")
    try:
        host = host.encode("idna").decode() if not host.isascii() else host
    except UnicodeError:
        return ""
    return host if _HOST.fullmatch(host) and not is_free_mail(host) else ""


def _host_of(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def is_free_mail(domain: str) -> bool:
    """Whether anybody may have an address there, so that it is nobody's company."""
    labels = domain.split(".")
    return domain in FREE_MAIL or (labels[0] in _FREE_FAMILIES and len(labels) <= 3)


def guessed_name(domain: str) -> str:
    """What a company with this domain may be called: of "isarwerk-logistik.de", its words."""
    labels = domain.split(".")[:-1]
    if len(labels) > 1 and labels[-1] in _SECOND_LEVELS:
        labels.pop()
    if not labels or labels[-1].startswith("xn--"):
        return ""
    return " ".join(word.capitalize() for word in labels[-1].split("-") if word)


def company_keys(changes: Mapping[str, Any]) -> dict[str, str]:
    """The keys of a lead's company that follow from these changes of its columns."""
    moved: dict[str, str] = {}
    if "company" in changes:
        moved["company_key"] = company_key(changes["company"] or "")
    if "email_key" in changes:
        moved["domain"] = domain_of(changes["email_key"]) if changes["email_key"] else ""
    return moved
