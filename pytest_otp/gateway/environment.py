"""The environment variables that make an application send its SMS to the gateway."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

_AWS_VARIABLES = {"AWS_ENDPOINT_URL_SNS": "sns", "AWS_ENDPOINT_URL_PINPOINT_SMS_VOICE_V2": "sms-voice"}
"""The endpoint of each AWS service that is served, and how its hosts begin. SDKs that ignore proxies read these."""
_AWS_VARIABLE = "AWS_ENDPOINT_URL"
"""The endpoint of all AWS services."""
_NPM_PROXIES = ("npm_config_https_proxy", "npm_config_proxy", "npm_config_http_proxy")  # npm knows the first two
_NPM_NO_PROXY = "npm_config_no_proxy"
_PRELOAD = Path(__file__).parent / "preload"


def aws_endpoints(
    url: str, environ: Mapping[str, str] | None = None, *, real_sms: Collection[str] = ()
) -> dict[str, str]:
    """The variables that lead the AWS SDKs to the gateway, except for services that the environment leads elsewhere.

    Args:
        url: The gateway's URL.
        environ: Defaults to `os.environ`.
        real_sms: Hosts that are allowed to send real SMS; the variables of their services are left out.
    """
    kept = set(aws_endpoints_kept(url, environ))
    if _AWS_VARIABLE in kept:
        return {}
    kept |= {name for name, start in _AWS_VARIABLES.items() if any(host.startswith(start) for host in real_sms)}
    return {name: url for name in _AWS_VARIABLES if name not in kept}


def aws_endpoints_kept(url: str, environ: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """The variables of an environment that lead AWS SDKs elsewhere: `GatewayAddress.environ` leaves them alone.

    Args:
        url: The gateway's URL.
        environ: Defaults to `os.environ`.
    """
    present = os.environ if environ is None else environ
    return tuple(name for name in (_AWS_VARIABLE, *_AWS_VARIABLES) if present.get(name) not in (None, "", url))


def npm_variables(url: str, no_proxy: str) -> dict[str, str]:
    """The variables by which npm passes the proxy settings of its own files on to scripts.

    Some clients, such as those with proxy-from-env 1, prefer them to `HTTPS_PROXY` and `NO_PROXY`. npm prefers those of
    its environment to its files.

    Args:
        url: The gateway's URL.
        no_proxy: The value of `NO_PROXY`.
    """
    present = {name: url for name in os.environ if name.lower() in _NPM_PROXIES}
    excepted = {name: no_proxy for name in os.environ if name.lower() == _NPM_NO_PROXY}
    return {**dict.fromkeys(_NPM_PROXIES[:2], url), **present, **excepted}


def preload_variables(hosts: Iterable[str], bundle: str, php_folder: str) -> dict[str, str]:
    """The variables that load the preloads into each Node.js and Python process, and the ini folder into PHP.

    Each is extended, so that what an application or its tools load themselves stays.

    Args:
        hosts: The hosts of the SMS services; `*` matches any part of a name. One after a `!` is left alone.
        bundle: The file with all trusted certificates.
        php_folder: A folder with an ini file.
    """
    return {
        "PYTEST_OTP_GATEWAY_HOSTS": ",".join(hosts),
        "PYTEST_OTP_GATEWAY_BUNDLE": bundle,
        "NODE_OPTIONS": _extended("NODE_OPTIONS", f"--require {node_quoted(_PRELOAD / 'node.cjs')}", " ", last=True),
        "PYTHONPATH": _extended("PYTHONPATH", str(_PRELOAD / "python"), os.pathsep),
        # An empty entry, here the first, stands for the folder that PHP was built with.
        "PHP_INI_SCAN_DIR": _extended("PHP_INI_SCAN_DIR", php_folder, os.pathsep, last=True, unset=os.pathsep),
    }


def java_options(host: str, port: int, no_proxy: Iterable[str], trust_store: str) -> dict[str, str]:
    """The variable from which each Java virtual machine takes its proxy and trust store.

    Args:
        host: The gateway's host.
        port: Its port.
        no_proxy: What is reached directly, as in `NO_PROXY`.
        trust_store: The path of a PKCS #12 file.
    """
    properties = {
        "https.proxyHost": host,
        "https.proxyPort": str(port),
        "http.proxyHost": host,
        "http.proxyPort": str(port),
        "http.nonProxyHosts": "|".join(dict.fromkeys(_java_host(entry) for entry in no_proxy)),
        "javax.net.ssl.trustStore": trust_store,
        "javax.net.ssl.trustStoreType": "PKCS12",
    }
    options = " ".join(_java_quoted(f"-D{name}={value}") for name, value in properties.items())
    # Of two values for one property the last holds.
    return {"JAVA_TOOL_OPTIONS": _extended("JAVA_TOOL_OPTIONS", options, " ", last=True)}


def no_proxy_entries() -> Iterator[str]:
    """The entries of this process's NO_PROXY: both spellings, as a program that finds one does not read the other."""
    for name in ("no_proxy", "NO_PROXY"):
        # curl and Node's proxy-from-env separate them at spaces too.
        yield from os.environ.get(name, "").replace(",", " ").split()


def _extended(name: str, value: str, separator: str, *, last: bool = False, unset: str = "") -> str:
    """A variable of this process with a value added, unless it is there already."""
    present = os.environ.get(name)
    if not present:
        return unset + value if present is None else value
    if f"{separator}{value}{separator}" in f"{separator}{present}{separator}":
        return present
    return f"{present}{separator}{value}" if last else f"{value}{separator}{present}"


def node_quoted(path: Path) -> str:
    """A path for `NODE_OPTIONS`, in which a backslash is an escape, but only inside quotes."""
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _java_quoted(option: str) -> str:
    # The virtual machine reads spaces inside quotes as part of the option. It knows no escapes.
    return f'"{option}"' if " " in option else option


def _java_host(entry: str) -> str:
    bare = entry.lstrip("*")
    if bare == "127.0.0.1":
        return "127.*"
    if ":" in bare and not bare.startswith("["):
        bare = f"[{bare}]" if bare.count(":") > 1 else bare.partition(":")[0]
    return f"*{bare}" if bare.startswith(".") else bare or "*"
