"""Languages as the columns of a translation are named: by code or by name."""

from __future__ import annotations

NAMES = {
    "en": "English",
    "de": "German",
    "fr": "French",
    "es": "Spanish",
    "it": "Italian",
    "nl": "Dutch",
    "pt": "Portuguese",
    "pl": "Polish",
    "cs": "Czech",
    "ru": "Russian",
    "uk": "Ukrainian",
    "tr": "Turkish",
    "ar": "Arabic",
    "zh": "Chinese",
    "ja": "Japanese",
    "ko": "Korean",
    "hi": "Hindi",
    "sv": "Swedish",
    "da": "Danish",
    "no": "Norwegian",
    "fi": "Finnish",
    "ro": "Romanian",
    "hu": "Hungarian",
    "el": "Greek",
}
COLUMNS = (*NAMES, *(name.lower() for name in NAMES.values()))  # English first: most people translate from it


def language(column: str) -> str:
    """Its name in English; empty where the column is not named for a language."""
    key = column.strip().lower()
    return NAMES.get(key) or (key.capitalize() if key in COLUMNS else "")
