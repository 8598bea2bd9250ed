"""What verification services write when they send a code of theirs, in many languages.

Twilio's and Vonage's English texts are those of their documentation
(https://www.twilio.com/docs/verify/verification-templates, https://developer.vonage.com/en/verify/templates); neither
publishes its translations. A language without a translation here is answered in English, as both services do.
"""

# ruff: noqa: RUF001 - letters of other alphabets are what this module is about

from __future__ import annotations

from typing import Literal

from ...phone import read

Style = Literal["twilio", "vonage"]

_TWILIO = {
    "en": "Your {name} verification code is: {code}",
    "ar": "{name}: رمز التحقق الخاص بك هو {code}",
    "bg": "Вашият код за потвърждение за {name} е: {code}",
    "ca": "El teu codi de verificació de {name} és: {code}",
    "cs": "Váš ověřovací kód pro {name} je: {code}",
    "da": "Din bekræftelseskode til {name} er: {code}",
    "de": "Dein Bestätigungscode für {name} lautet: {code}",
    "el": "Ο κωδικός επαλήθευσης για {name} είναι: {code}",
    "es": "Tu código de verificación de {name} es: {code}",
    "fi": "{name}-vahvistuskoodisi on: {code}",
    "fr": "Votre code de vérification {name} est : {code}",
    "he": "{name}: קוד האימות שלך הוא {code}",
    "hi": "आपका {name} सत्यापन कोड है: {code}",
    "hr": "Vaš kod za potvrdu za {name} je: {code}",
    "hu": "Az Ön {name} ellenőrző kódja: {code}",
    "id": "Kode verifikasi Anda untuk {name}: {code}",
    "it": "Il tuo codice di verifica {name} è: {code}",
    "ja": "{name} の認証コード: {code}",
    "ko": "{name} 인증번호: {code}",
    "ms": "Kod pengesahan {name} anda ialah: {code}",
    "nb": "Din bekreftelseskode for {name} er: {code}",
    "nl": "Je verificatiecode voor {name} is: {code}",
    "pl": "Twój kod weryfikacyjny {name} to: {code}",
    "pt": "Seu código de verificação {name} é: {code}",
    "ro": "Codul de verificare {name} este: {code}",
    "ru": "Ваш код подтверждения {name}: {code}",
    "sk": "Váš overovací kód pre {name} je: {code}",
    "sv": "Din verifieringskod för {name} är: {code}",
    "th": "{name}: รหัสยืนยันของคุณคือ {code}",
    "tr": "{name} doğrulama kodunuz: {code}",
    "uk": "Ваш код підтвердження {name}: {code}",
    "vi": "Mã xác minh {name} của bạn là: {code}",
    "zh": "您的{name}验证码为：{code}",
}
_VONAGE = {
    "en": "{name} code: {code}. Valid for {minutes} minutes.",
    "ar": "رمز {name}: {code}. صالح لمدة {minutes} دقائق.",
    "bg": "Код за {name}: {code}. Валиден {minutes} минути.",
    "ca": "Codi de {name}: {code}. Vàlid durant {minutes} minuts.",
    "cs": "Kód {name}: {code}. Platí {minutes} minut.",
    "da": "{name}-kode: {code}. Gyldig i {minutes} minutter.",
    "de": "{name}-Code: {code}. Gültig für {minutes} Minuten.",
    "el": "Κωδικός {name}: {code}. Ισχύει για {minutes} λεπτά.",
    "es": "Código de {name}: {code}. Válido durante {minutes} minutos.",
    "fi": "{name}-koodi: {code}. Voimassa {minutes} minuuttia.",
    "fr": "{name} : votre code est {code}. Valable {minutes} minutes.",
    "he": "קוד {name}: {code}. בתוקף למשך {minutes} דקות.",
    "hi": "{name} कोड: {code}. {minutes} मिनट के लिए मान्य।",
    "hr": "Kod za {name}: {code}. Vrijedi {minutes} minuta.",
    "hu": "{name} kód: {code}. {minutes} percig érvényes.",
    "id": "Kode {name}: {code}. Berlaku selama {minutes} menit.",
    "it": "Codice {name}: {code}. Valido per {minutes} minuti.",
    "ja": "{name} コード: {code}。有効期間は{minutes}分です。",
    "ko": "{name} 코드: {code}. {minutes}분 동안 유효합니다.",
    "ms": "Kod {name}: {code}. Sah selama {minutes} minit.",
    "nb": "{name}-kode: {code}. Gyldig i {minutes} minutter.",
    "nl": "{name}-code: {code}. Geldig gedurende {minutes} minuten.",
    "pl": "Kod {name}: {code}. Ważny przez {minutes} minut.",
    "pt": "Código {name}: {code}. Válido por {minutes} minutos.",
    "ro": "Cod {name}: {code}. Valabil {minutes} minute.",
    "ru": "Код {name}: {code}. Действителен {minutes} минут.",
    "sk": "Kód {name}: {code}. Platí {minutes} minút.",
    "sv": "{name}-kod: {code}. Giltig i {minutes} minuter.",
    "th": "รหัส {name}: {code} ใช้ได้ภายใน {minutes} นาที",
    "tr": "{name} kodu: {code}. {minutes} dakika geçerlidir.",
    "uk": "Код {name}: {code}. Дійсний {minutes} хвилин.",
    "vi": "Mã xác minh {name}: {code}. Có hiệu lực trong {minutes} phút.",
    "zh": "{name} 验证码：{code}，{minutes}分钟内有效。",
}
_TEXTS: dict[Style, dict[str, str]] = {"twilio": _TWILIO, "vonage": _VONAGE}

LANGUAGES = tuple(_TWILIO)
"""The languages that there are texts in."""

_OTHER_NAMES = {"no": "nb", "nn": "nb", "iw": "he", "in": "id", "yue": "zh"}
_OF_REGIONS = {
    "ar": "AE BH DZ EG IQ JO KW LB LY MA OM QA SA SD SY TN YE",
    "bg": "BG",
    "cs": "CZ",
    "da": "DK",
    "de": "AT CH DE LI",
    "el": "CY GR",
    "es": "AR BO CL CO CR CU DO EC ES GT HN MX NI PA PE PR PY SV UY VE",
    "fi": "FI",
    "fr": "BE BF BJ CD CG CI CM FR GA GN LU MC ML NE SN TG",
    "he": "IL",
    "hr": "HR",
    "hu": "HU",
    "id": "ID",
    "it": "IT SM",
    "ja": "JP",
    "ko": "KR",
    "ms": "MY",
    "nb": "NO",
    "nl": "NL",
    "pl": "PL",
    "pt": "AO BR MZ PT",
    "ro": "MD RO",
    "ru": "BY KZ RU",
    "sk": "SK",
    "sv": "SE",
    "th": "TH",
    "tr": "TR",
    "uk": "UA",
    "vi": "VN",
    "zh": "CN HK MO TW",
}
_BY_REGION = {region: language for language, regions in _OF_REGIONS.items() for region in regions.split()}


def language_of(locale: str) -> str:
    """The language of a locale such as `pt-BR`, `de_de` or `no`, as the texts are keyed; `en` without a text for it."""
    name = locale.lower().replace("_", "-").partition("-")[0]
    name = _OTHER_NAMES.get(name, name)
    return name if name in _TWILIO else "en"


def language_at(number: str) -> str:
    """The language that a number (E.164) is written to in: that of its country, or English."""
    return _BY_REGION.get(read(number).region or "", "en")


def text_in(language: str, style: Style, *, name: str, code: str, minutes: int) -> str:
    """The text of a message with a code.

    Args:
        language: One of `LANGUAGES`.
        style: Whose text.
        name: The application, as its users know it.
        code: The code.
        minutes: How long the code is valid.
    """
    return _TEXTS[style][language].format(name=name, code=code, minutes=minutes)
