"""The options: the names under which each can be set, its default, and its help.

pytest reads this module at each start, so it holds plain data and imports nothing. What a value may be is in `values`.
It has no assertions, so pytest need not rewrite any: PYTEST_DONT_REWRITE.
"""

from __future__ import annotations


class Option:
    """One setting. Not a dataclass: creating one costs more than everything else the plugin does at start-up."""

    __slots__ = ("default", "flag", "help", "ini", "metavar", "name", "repeatable", "variable")

    def __init__(
        self,
        name: str,
        metavar: str | None,
        default: object,
        help: str,  # noqa: A002 - argparse's name for it
        *,
        repeatable: bool = False,
        on_command_line: bool = True,
    ) -> None:
        """Without a `metavar` the option is a switch."""
        self.name = name
        self.metavar = metavar
        self.default = default
        self.help = help
        self.repeatable = repeatable
        self.flag = "--otp-" + name.replace("_", "-") if on_command_line else None
        self.variable = "PYTEST_OTP_" + name.upper()
        self.ini = "otp_" + name

    @property
    def names(self) -> str:
        """Every name under which it can be set, for messages."""
        if self.flag is None:
            return f"{self.variable} (ini {self.ini})"
        return f"{self.flag} ({self.variable}, ini {self.ini})"


OPTIONS = (
    Option(
        "provider",
        "NAME",
        "fake",
        "The service that rents the numbers: fake (offline and free, the default), otpcepat, otpvirt, or one that a "
        "plugin registers. Credentials are read from the environment or .env only: API_KEY_OTPCEPAT; "
        "OTPVIRT_CLIENT_ID and OTPVIRT_API_PASSWORD.",
    ),
    Option(
        "service",
        "NAME",
        None,
        "The service to order numbers for, by the provider's ID or name, unless a test names one.",
    ),
    Option(
        "country",
        "NAME",
        None,
        "The country of the numbers, unless a test names one: the provider's ID or name, an ISO code, or the "
        "country's name in any language.",
    ),
    Option("operator", "NAME", None, "The mobile operator, unless a test names one (default: any)."),
    Option(
        "timeout",
        "SECONDS",
        120.0,
        "How long wait_code() waits (default: 120; 10 with the fake provider if its scenario sends no code).",
    ),
    Option("poll_interval", "SECONDS", 0.75, "Seconds between polls for an SMS (default: 0.75)."),
    Option(
        "fake",
        "SCENARIO",
        "manual",
        "How the fake provider behaves (default: manual). manual: SMS come from the test or the gateway. auto: an SMS "
        "with a code arrives immediately; late: after 5 s; never: no SMS arrives; duplicate: the same SMS arrives "
        "twice; no-code: an SMS without a code. no-numbers, no-balance: orders are refused. down: the provider does "
        "not respond. flaky: it sometimes answers 502 or 429 or resets the connection. cancelled: it cancels the "
        "order. cancel-refused: an SMS arrives while the order is being cancelled.",
    ),
    Option(
        "unavailable",
        "fail|skip|xfail",
        "fail",
        "What happens to a test if no number is available (default: fail).",
    ),
    Option(
        "fake_seed",
        "N",
        0,
        "The seed for the fake provider's numbers, IDs and codes (default: random, shown in the header).",
    ),
    Option("close_timeout", "SECONDS", 20.0, "How long teardown tries to close a test's orders (default: 20)."),
    Option("show_sms", None, False, "Show SMS texts in error messages. They are masked by default."),
    Option(
        "allow_http",
        "HOST",
        (),
        "A host, in addition to loopback, that credentials may be sent to without TLS. Can be repeated.",
        repeatable=True,
    ),
    Option(
        "keeper",
        "on|off",
        "on",
        "Whether a separate process places and closes the orders, so that none stays open if the run is killed "
        "(default: on).",
    ),
    Option(
        "max_orders",
        "N",
        None,
        "The most orders that a run may place, across all xdist workers and reruns (default: no limit).",
    ),
    Option(
        "max_spend",
        '"AMOUNT CURRENCY"',
        None,
        "The most that a run may spend, across all xdist workers and reruns (default: no limit).",
    ),
    Option(
        "ledger",
        "PATH",
        None,
        "The file that records all orders (default: a file in your user state directory, ~/.local/state on Linux).",
    ),
    Option(
        "code_length",
        "LENGTH",
        None,
        "How many characters a code has, unless a test says otherwise: a number such as 6, or a range such as 4-8.",
        on_command_line=False,
    ),
    Option(
        "code_alphabet",
        "CHARACTERS",
        None,
        "The characters that a code may have, such as 0123456789, unless a test says otherwise. Case matters.",
        on_command_line=False,
    ),
    Option("env_file", "PATH", None, "The .env file to read (default: .env in the root directory)."),
    Option(
        "gateway",
        "HOST:PORT",
        None,
        "The address of the SMS gateway for the application under test (default: a free loopback port, opened on "
        "first use).",
    ),
    Option(
        "gateway_services",
        "FILE",
        None,
        "A TOML file that describes more SMS services for the gateway to stand in for (default: none).",
    ),
    Option(
        "gateway_ca",
        "DIR",
        None,
        "A folder that keeps the gateway's certificate authority for 90 days, so that applications outside the run can "
        "trust it once (default: a new authority for each run). It is limited to the hosts of SMS services.",
    ),
    Option(
        "webhook",
        "HOST:PORT",
        None,
        "Where SMS pushed by the provider are received (default: off). The path ends in the provider's webhook token, "
        "or in a random one.",
    ),
)

DEFAULT_HEADER = (
    "otp: provider fake (default), offline: no SMS is sent, nothing is charged; scenario manual (default), "
    "seed {seed}; timeout 10 s (default)"
)
"""The report header of a run that sets nothing, as plain data too: it is what `plugin.header` makes of the defaults."""
