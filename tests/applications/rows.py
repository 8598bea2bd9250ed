"""The rows of docs/clients.md: which clients and applications this suite runs, and what it expects of each."""

from __future__ import annotations

from dataclasses import dataclass

PRELOAD = "with `environ(preload=True)`"


@dataclass(frozen=True)
class Row:
    """One client, or one application."""

    package: str
    """Its name in its registry, or of the program that it comes with."""
    sends: str
    """How it sends: the service's API, and the HTTP client if that decides how it finds the gateway."""
    program: str = ""
    """The file in `clients/`; an application has tests of its own."""
    works: str = "unchanged"
    """Unchanged, with one setting, or "no: " and the reason."""
    preload: bool = False
    """Whether it is run with `environ(preload=True)`."""
    java: bool = False
    """Whether it is run with `environ(java=True)`."""
    verifies: bool = False
    """Whether the service invents the code, and the program checks what it reads from its standard input."""
    installed: str = ""
    """The directory in node_modules, if it is not named like the package."""
    nodes: tuple[str, ...] = ("20", "24")
    """The major versions of Node.js that it is run on."""
    runtime: str = "Python"
    """The language of an application; a client's is told by its program."""
    short: bool = False
    """Whether it is in the short form, which CI runs."""

    def __str__(self) -> str:
        return self.program or self.package

    @property
    def language(self) -> str:
        """The programming language."""
        endings = {"mjs": "Node.js", "php": "PHP", "rb": "Ruby", "go": "Go", "java": "Java", "sh": "Shell"}
        return endings.get(self.program.rpartition(".")[2], self.runtime)


def preloaded(package: str, sends: str, program: str, **more: object) -> Row:
    """A client that ignores proxies."""
    return Row(package, sends, program, works=PRELOAD, preload=True, **more)  # type: ignore[arg-type]


PYTHON = (
    Row("twilio", "Messages", "twilio_messages.py", short=True),
    Row("twilio", "Messages, region and edge", "twilio_region.py"),
    preloaded("twilio", "Messages by `AsyncTwilioHttpClient`", "twilio_async.py", short=True),
    Row("twilio", "Verify v2 by SMS", "twilio_verify.py", verifies=True, short=True),
    Row("twilio", "Verify v2 by call", "twilio_verify_call.py", verifies=True),
    Row("twilio", "Calls with TwiML", "twilio_calls.py"),
    Row("twilio", "Lookup v2, then Messages", "twilio_lookup.py"),
    Row("vonage", "SMS", "send_vonage_sms.py"),
    Row("vonage", "Messages, SMS", "send_vonage_messages.py"),
    Row("vonage", "Messages, WhatsApp", "vonage_whatsapp.py"),
    Row("vonage", "Verify v2", "send_vonage_verify.py", verifies=True, short=True),
    Row("vonage", "Verify (legacy)", "send_vonage_verify_legacy.py", verifies=True),
    Row("nexmo", "SMS", "nexmo_sms.py"),
    Row("nexmo", "Verify (legacy)", "nexmo_verify.py", verifies=True),
    Row("boto3", "Amazon SNS", "boto3_sns.py", short=True),
    Row("boto3", "Amazon SNS, a topic", "boto3_topic.py"),
    Row("boto3", "AWS End User Messaging, text", "boto3_end_user_messaging.py"),
    Row("boto3", "AWS End User Messaging, voice", "boto3_voice.py"),
    Row("aioboto3", "Amazon SNS", "aioboto3_sns.py"),
    preloaded("plivo", "Plivo Messages", "plivo_sms.py"),
    Row("telnyx", "Telnyx Messages", "telnyx_sms.py"),
    Row("messagebird", "MessageBird Messages", "messagebird_sms.py"),
    Row("sinch", "Sinch SMS batches", "sinch_sms.py"),
    preloaded("infobip-api-python-client", "Infobip SMS", "infobip_sms.py"),
    Row("africastalking", "Africa's Talking SMS", "africastalking_sms.py"),
    Row("apprise", "Twilio Messages", "apprise_twilio.py"),
    Row("notifiers", "Twilio Messages", "notifiers_twilio.py"),
    Row("requests", "Twilio's API", "requests_http.py"),
    Row("httpx", "Twilio's API", "httpx_http.py"),
    Row("urllib.request", "Twilio's API", "urllib_http.py"),
    Row("aiohttp", "Twilio's API, `trust_env=True`", "aiohttp_trust_env.py"),
    preloaded("aiohttp", "Twilio's API", "aiohttp_http.py"),
)

NODE = (
    Row("twilio", "Messages", "twilio_messages.mjs", short=True),
    Row("twilio", "Messages", "twilio_messages.mjs", installed="twilio-5"),
    Row("twilio", "Messages", "twilio_messages.mjs", installed="twilio-4"),
    Row("twilio", "Verify v2 by SMS", "twilio_verify.mjs", verifies=True),
    Row("twilio", "Calls with TwiML", "twilio_calls.mjs"),
    Row("fetch", "Twilio's API", "fetch_http.mjs", nodes=("24",)),
    preloaded("fetch", "Twilio's API", "fetch_http.mjs", nodes=("20",), short=True),
    Row("axios", "Twilio's API", "axios_http.mjs"),
    Row("got", "Twilio's API", "got_http.mjs", nodes=("24",)),
    preloaded("got", "Twilio's API", "got_http.mjs", nodes=("20",)),
    Row("undici", "Twilio's API by `EnvHttpProxyAgent`", "undici_http.mjs"),
    Row("@vonage/server-sdk", "SMS", "vonage_sms.mjs", nodes=("24",)),
    Row("@vonage/server-sdk", "Messages, SMS", "vonage_messages.mjs", nodes=("24",)),
    Row("@vonage/server-sdk", "Verify v2", "vonage_verify.mjs", nodes=("24",), verifies=True),
    Row("@vonage/server-sdk", "Verify (legacy)", "vonage_verify_legacy.mjs", nodes=("24",), verifies=True),
    Row("@aws-sdk/client-sns", "Amazon SNS", "aws_sns.mjs"),
    Row(
        "@aws-sdk/client-pinpoint-sms-voice-v2",
        "AWS End User Messaging, text",
        "aws_end_user_messaging.mjs",
    ),
    preloaded("aws-sdk", "Amazon SNS", "aws_v2_sns.mjs"),
    Row("messagebird", "MessageBird Messages", "messagebird_sms.mjs", nodes=("24",)),
    preloaded("messagebird", "MessageBird Messages", "messagebird_sms.mjs", nodes=("20",)),
    Row("plivo", "Plivo Messages", "plivo_sms.mjs"),
    Row("telnyx", "Telnyx Messages", "telnyx_sms.mjs", nodes=("24",)),
    preloaded("telnyx", "Telnyx Messages", "telnyx_sms.mjs", nodes=("20",)),
    Row("africastalking", "Africa's Talking SMS", "africastalking_sms.mjs"),
    Row("@infobip-api/sdk", "Infobip SMS", "infobip_sms.mjs"),
    Row("@sinch/sdk-core", "Sinch SMS batches", "sinch_sms.mjs", nodes=("24",)),
    preloaded("@sinch/sdk-core", "Sinch SMS batches", "sinch_sms.mjs", nodes=("20",)),
)

OTHERS = (
    preloaded("PHP's curl", "Twilio's API", "curl.php", short=True),
    Row("Net::HTTP", "Twilio's API", "net_http.rb", short=True),
    Row("net/http", "Twilio's API", "net_http.go", short=True),
    Row(
        "java.net.http",
        "Twilio's API",
        "HttpClientPost.java",
        works="with `environ(java=True)`",
        java=True,
        short=True,
    ),
    Row("curl", "Twilio's API", "curl.sh"),
)

BLOCKED = (
    Row(
        "bandwidth-sdk",
        "Bandwidth Messages",
        "bandwidth_sms.py",
        works="no: Bandwidth is not served; with `environ(preload=True)` it is blocked",
        preload=True,
    ),
    Row(
        "azure-communication-sms",
        "Azure Communication Services",
        "azure_sms.py",
        works="no: Azure is not served; it is blocked",
    ),
)

CLIENTS = PYTHON + NODE + OTHERS + BLOCKED

APPLICATIONS = (
    Row("django-two-factor-auth", "Twilio Messages, by twilio"),
    Row("django-two-factor-auth", "Twilio Calls, by twilio"),
    Row("django-allauth", "Amazon SNS, by boto3"),
    Row("Flask-Security-Too", "Twilio Messages, by twilio"),
    Row("django-phone-verify", "Twilio Messages, by twilio"),
    Row("django-phone-verify", "Vonage SMS, by nexmo"),
    Row("drfpasswordless", "Twilio Messages, by twilio"),
    Row("django-otp-twilio", "Twilio's API, by requests"),
    Row("better-auth", "Twilio Messages, by twilio", runtime="Node.js"),
    Row("better-auth", "Twilio Verify v2, by twilio", runtime="Node.js"),
    Row("better-auth", "Amazon SNS, by @aws-sdk/client-sns", runtime="Node.js"),
    Row(
        "better-auth",
        "AWS End User Messaging, by @aws-sdk/client-pinpoint-sms-voice-v2",
        runtime="Node.js",
    ),
    Row("celery", "Twilio Messages in a task, by twilio"),
    Row("rq", "Twilio Messages in a job, by twilio"),
    Row("fastapi", "Vonage Messages, by vonage"),
    Row("fastapi", "Amazon SNS, by aioboto3"),
    Row("express", "Twilio Messages, by twilio, started by `npm run dev`", runtime="Node.js"),
)
