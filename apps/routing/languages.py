"""Languages by the names that people give them: “German”, “Deutsch”, “de-AT” are one."""

from __future__ import annotations

from functools import lru_cache

from apps.routing.values import fold

NAMES = {
    "ar": "arabic, العربية",
    "bg": "bulgarian, български",
    "bn": "bengali, বাংলা",
    "ca": "catalan, català",
    "cs": "czech, čeština",
    "da": "danish, dansk",
    "de": "german, deutsch",
    "el": "greek, ελληνικά",
    "en": "english",
    "es": "spanish, español, castellano, castilian",
    "et": "estonian, eesti",
    "eu": "basque, euskara",
    "fa": "persian, farsi, فارسی",
    "fi": "finnish, suomi",
    "fr": "french, français, francais",
    "ga": "irish, gaeilge",
    "gl": "galician, galego",
    "gu": "gujarati, ગુજરાતી",
    "he": "hebrew, עברית, iw",
    "hi": "hindi, हिन्दी",
    "hr": "croatian, hrvatski",
    "hu": "hungarian, magyar",
    "id": "indonesian, bahasa indonesia",
    "is": "icelandic, íslenska",
    "it": "italian, italiano",
    "ja": "japanese, 日本語",
    "ko": "korean, 한국어",
    "lb": "luxembourgish, lëtzebuergesch",
    "lt": "lithuanian, lietuvių",
    "lv": "latvian, latviešu",
    "mr": "marathi, मराठी",
    "ms": "malay, bahasa melayu",
    "mt": "maltese, malti",
    "nl": "dutch, nederlands, flemish, vlaams",
    "no": "norwegian, norsk, nb, nn, bokmål",
    "pa": "punjabi, ਪੰਜਾਬੀ",
    "pl": "polish, polski",
    "pt": "portuguese, português, portugues",
    "ro": "romanian, română",
    "ru": "russian, русский",
    "sk": "slovak, slovenčina",
    "sl": "slovenian, slovene, slovenščina",
    "sq": "albanian, shqip",
    "sr": "serbian, srpski, српски",
    "sv": "swedish, svenska",
    "sw": "swahili, kiswahili",
    "ta": "tamil, தமிழ்",
    "te": "telugu, తెలుగు",
    "th": "thai, ไทย",
    "tl": "tagalog, filipino, fil",
    "tr": "turkish, türkçe",
    "uk": "ukrainian, українська",
    "ur": "urdu, اردو",
    "vi": "vietnamese, tiếng việt",
    "zh": "chinese, 中文, mandarin, cantonese",
}
CODES = {fold(name): code for code, names in NAMES.items() for name in names.split(", ")}


@lru_cache(maxsize=4096)
def code_of(name: str) -> str:
    """One word for each language: its code if we know it, else the folded name as it came.

    What follows in "de-AT", "pt_BR" or "English (UK)" is left out.
    """
    folded = fold(name)
    if folded in CODES:
        return CODES[folded]
    first = folded.replace("_", "-").split("-")[0].split("(")[0].strip()
    if first in NAMES:
        return first
    return CODES.get(first, folded)
