"""What the sandbox offers: countries, operators, services and prices, as each provider names them.

They include those of the providers' documents; the rest makes the lists as long as real ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class OtpcepatCountry:
    """A country as otpcepat lists it."""

    name: str
    region: str
    """ISO 3166 code."""
    operators: tuple[str, ...] = ()
    """In addition to `random`, which every country has."""
    price_factor: Decimal = Decimal(1)
    """Factor on the price in Indonesia."""


@dataclass(frozen=True, slots=True)
class OtpcepatService:
    """A service as otpcepat lists it."""

    name: str
    price: Decimal
    """Price in Indonesia, in Indonesian rupiah."""
    only_in: str | None = None
    """The ID of the only country that offers it; None for all."""


OTPCEPAT_COUNTRIES = {
    "0": OtpcepatCountry("Russia", "RU", ("beeline", "megafon", "mts", "tele2"), Decimal("1.5")),
    "1": OtpcepatCountry("Ukraine", "UA", ("kyivstar", "life", "vodafone"), Decimal("1.5")),
    "2": OtpcepatCountry("Kazakhstan", "KZ", ("activ", "beeline", "tele2")),
    "3": OtpcepatCountry("China", "CN", ("china_mobile", "china_unicom"), Decimal(2)),
    "4": OtpcepatCountry("Philippines", "PH", ("globe_telecom", "smart", "tnt")),
    "5": OtpcepatCountry("Myanmar", "MM", ("mpt", "ooredoo")),
    # The real service uses this name, so clients must not search for "Indonesia" only.
    "6": OtpcepatCountry("Wakanda (Indo)", "ID", ("axis", "indosat", "smartfren", "telkomsel", "three")),
    "7": OtpcepatCountry("Malaysia", "MY", ("celcom", "digi", "maxis")),
    "8": OtpcepatCountry("Kenya", "KE", ("airtel", "safaricom")),
    "10": OtpcepatCountry("Vietnam", "VN", ("mobifone", "viettel", "vinaphone")),
    "11": OtpcepatCountry("Kyrgyzstan", "KG", ("beeline", "megacom")),
    "13": OtpcepatCountry("Israel", "IL", ("cellcom", "pelephone"), Decimal("2.5")),
    "14": OtpcepatCountry("Hong Kong", "HK", ("csl", "smartone"), Decimal("2.5")),
    "15": OtpcepatCountry("Poland", "PL", ("orange", "play", "plus"), Decimal("2.5")),
    "16": OtpcepatCountry("England", "GB", ("ee", "o2", "three", "vodafone"), Decimal(3)),
    "22": OtpcepatCountry("India", "IN", ("airtel", "jio", "vodafone")),
    "32": OtpcepatCountry("Romania", "RO", ("digi", "orange"), Decimal(2)),
    "36": OtpcepatCountry("Canada", "CA", ("bell", "rogers", "telus"), Decimal(3)),
    "43": OtpcepatCountry("Germany", "DE", ("o2", "telekom", "vodafone"), Decimal(4)),
    "48": OtpcepatCountry("Netherlands", "NL", ("kpn", "odido"), Decimal("3.5")),
    "52": OtpcepatCountry("Thailand", "TH", ("ais", "dtac", "truemove")),
    "54": OtpcepatCountry("Mexico", "MX", ("movistar", "telcel"), Decimal(2)),
    "56": OtpcepatCountry("Spain", "ES", ("movistar", "orange", "vodafone"), Decimal(3)),
    "62": OtpcepatCountry("Turkey", "TR", ("turkcell", "vodafone"), Decimal(2)),
    "73": OtpcepatCountry("Brazil", "BR", ("claro", "tim", "vivo"), Decimal("1.5")),
    "78": OtpcepatCountry("France", "FR", ("bouygues", "free", "orange", "sfr"), Decimal(4)),
    "143": OtpcepatCountry("Tajikistan", "TJ", ("babilon", "tcell")),
    "187": OtpcepatCountry("USA", "US", ("att", "tmobile", "verizon"), Decimal("4.5")),
}

OTPCEPAT_SERVICES = {
    "1": OtpcepatService("Flip", Decimal(99), only_in="6"),
    "2": OtpcepatService("Gmail/Youtube", Decimal(99)),
    "3": OtpcepatService("Telegram", Decimal(4500)),
    "4": OtpcepatService("WhatsApp", Decimal(3900)),
    "5": OtpcepatService("Facebook", Decimal(850)),
    "6": OtpcepatService("Instagram/Threads", Decimal(750)),
    "7": OtpcepatService("Yahoo", Decimal("412.50")),
    "8": OtpcepatService("Microsoft", Decimal(450)),
    "9": OtpcepatService("Twitter", Decimal("600.25")),
    "10": OtpcepatService("TikTok", Decimal(700)),
    "11": OtpcepatService("Shopee", Decimal(900)),
    "12": OtpcepatService("Tokopedia", Decimal(650), only_in="6"),
    "13": OtpcepatService("Gojek", Decimal(1200), only_in="6"),
    "14": OtpcepatService("Dana", Decimal(1100), only_in="6"),
    "15": OtpcepatService("Grab", Decimal(800)),
    "16": OtpcepatService("Discord", Decimal(400)),
    "17": OtpcepatService("Steam", Decimal(500)),
    "18": OtpcepatService("Viber", Decimal(550)),
    "19": OtpcepatService("Amazon", Decimal(650)),
    "20": OtpcepatService("Any other", Decimal(1000)),
}

OTPCEPAT_SPECIAL_SERVICES = {
    "1001": OtpcepatService("Telegram (fresh)", Decimal(9900)),
    "1002": OtpcepatService("WhatsApp (fresh)", Decimal("8750.5")),
    "1003": OtpcepatService("Gmail/Youtube (fresh)", Decimal(1500)),
}


@dataclass(frozen=True, slots=True)
class OtpvirtCountry:
    """A country at OTP-virt: in the document's list, in the price list, or in both."""

    region: str
    """ISO 3166 code."""
    providers: tuple[str, ...] = ("any",)
    prices: dict[str, Decimal] | None = None
    """Price of each service in US dollars; None if the country can be ordered but is not in the price list."""


OTPVIRT_SERVICES = {
    "wa": "WhatsApp",
    "hw": "Alipay",
    "mb": "Yahoo",
    "vi": "Viber",
    "fb": "Facebook",
    "go": "Google",
    "ma": "Mail.ru",
    "wb": "WeChat",
    "tg": "Telegram",
    "ig": "Instagram",
    "vk": "VK",
    "wx": "Apple",
    "wv": "WV",
    "am": "Amazon",
    "ds": "Discord",
    "ot": "Any other",
}

OTPVIRT_UNLISTED_PRICE = Decimal("0.11")
"""US dollars, for a country that is not in the price list."""


def _prices(factor: str) -> dict[str, Decimal]:
    base = {
        "wa": "0.30",
        "fb": "0.06",
        "go": "0.09",
        "tg": "0.28",
        "ig": "0.06",
        "vi": "0.05",
        "am": "0.08",
        "ot": "0.20",
    }
    return {service: (Decimal(price) * Decimal(factor)).quantize(Decimal("0.01")) for service, price in base.items()}


_TAJIKISTAN = {
    "wa": Decimal("0.32"),
    "hw": Decimal("0.06"),
    "mb": Decimal("0.03"),
    "vi": Decimal("0.05"),
    "fb": Decimal("0.06"),
    "go": Decimal("0.09"),
    "ma": Decimal("0.03"),
    "wb": Decimal("0.14"),
    "tg": Decimal("0.29"),
    "ig": Decimal("0.06"),
    "vk": Decimal("0.03"),
    "wx": Decimal("0.03"),
}

OTPVIRT_COUNTRIES = {
    "tajikistan": OtpvirtCountry("TJ", ("indigo",), _TAJIKISTAN),
    "laos": OtpvirtCountry("LA", (), {"wv": Decimal("1.23")}),
    "iran": OtpvirtCountry("IR", ("mci",)),
    "libyan": OtpvirtCountry("LY", ("any",)),
    "afghanistan": OtpvirtCountry("AF", ("roshan",), _prices("0.8")),
    "latvia": OtpvirtCountry("LV", ("xomobile",), _prices("1.9")),
    "serbia": OtpvirtCountry("RS", ("mts",)),
    "indonesia": OtpvirtCountry("ID", (), _prices("1.1")),
    "kazakhstan": OtpvirtCountry("KZ", (), _prices("1.4")),
    "kenya": OtpvirtCountry("KE", (), _prices("0.9")),
    "philippines": OtpvirtCountry("PH", (), _prices("1.2")),
    "usa": OtpvirtCountry("US", (), _prices("3.3")),
    "vietnam": OtpvirtCountry("VN", (), _prices("1.3")),
}
