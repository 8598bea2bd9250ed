"""The names that a kept authority may issue certificates for: the SMS services' hosts, as narrow as X.509 allows.

A name constraint covers a name and all below it, and knows no pattern. So `api.*.twilio.com` becomes `twilio.com`. In
the domains of clouds, of which SMS is the smallest part, the regions are filled in, or the pattern is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from ..server.kept_authority import KeptAuthority, KeptFolder, kept_authority
from .hosts import HostTable

_AWS = (
    *("af-south-1", "ap-east-1", "ap-east-2", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1"),
    *("ap-south-2", "ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5"),
    *("ap-southeast-6", "ap-southeast-7", "ca-central-1", "ca-west-1", "eu-central-1", "eu-central-2", "eu-north-1"),
    *("eu-south-1", "eu-south-2", "eu-west-1", "eu-west-2", "eu-west-3", "il-central-1", "me-central-1", "me-south-1"),
    *("me-west-1", "mx-central-1", "sa-east-1", "sa-west-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2"),
    *("us-gov-east-1", "us-gov-west-1"),
)
_AWS_CHINA = ("cn-north-1", "cn-northwest-1")
_AWS_EUROPE = ("eusc-de-east-1",)

_REGIONS: Mapping[str, tuple[str, ...]] = {
    "amazonaws.com": _AWS,
    "api.aws": _AWS,
    "amazonaws.com.cn": _AWS_CHINA,
    "api.amazonwebservices.com.cn": _AWS_CHINA,
    "amazonaws.eu": _AWS_EUROPE,
    "api.amazonwebservices.eu": _AWS_EUROPE,
}
"""The regions below each domain of AWS. Source: `botocore/data/partitions.json`."""
_FIPS_REGIONS = ("us-", "ca-")
"""How the regions begin that have endpoints with FIPS."""
_OTHER_CLOUDS = ("aliyuncs.com", "tencentcloudapi.com")


_TOO_LATE = (
    "Describe the service in a file with --otp-gateway-services, so that it is known at the start, and delete the "
    "folder. The next run makes a new one, whose ca.pem you then have to trust."
)


def opened(ca: KeptFolder, hosts: HostTable, names: Iterable[str]) -> KeptAuthority:
    """The authority in a folder, for these hosts and names. It is made if it is not there.

    Hosts that are added later have to be covered too. Raises `SettingsError` if it cannot be used.
    """
    kept = kept_authority(ca, covered_names([*hosts.patterns(), *names]))

    def check(patterns: Sequence[str]) -> None:
        kept.check(covered_names(patterns), hint=_TOO_LATE)

    hosts.check = check
    return kept


def covered_names(patterns: Iterable[str]) -> list[str]:
    """The names, with all names below them, that cover the hosts of these patterns; sorted, each once."""
    names = {name for pattern in patterns for name in _names(pattern)}
    return sorted(name for name in names if not any(above in names for above in _above(name)))


def _above(name: str) -> Iterator[str]:
    labels = name.split(".")
    yield from (".".join(labels[start:]) for start in range(1, len(labels)))


def _names(pattern: str) -> Iterator[str]:
    pattern = pattern.removeprefix("*.")
    if "*" not in pattern:
        yield pattern
        return
    head, _, tail = pattern.rpartition("*")
    tail = tail.lstrip(".")
    domain = next((domain for domain in _REGIONS if tail == domain or tail.endswith(f".{domain}")), None)
    if domain is not None:
        for region in _REGIONS[domain]:
            if "-fips." not in head or region.startswith(_FIPS_REGIONS):
                yield pattern.replace("*", region)
    elif not tail.endswith(_OTHER_CLOUDS):
        yield tail
