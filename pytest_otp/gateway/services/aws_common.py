"""What the AWS services have in common: the form of a version 4 signature, and the regions in it.

Source: https://docs.aws.amazon.com/general/latest/gr/sigv4-signed-request-examples.html and CommonErrors.html of each
service's API reference. Only the form of a signature is checked: any key is accepted.
"""

from __future__ import annotations

import re

from werkzeug.wrappers import Request

ACCOUNT = "123456789012"
"""The account that owns everything: the one of AWS's own examples."""

_SIGNATURE = re.compile(r"AWS4-[A-Z0-9-]+\s+(.*)")
_PARTS = ("Credential", "Signature", "SignedHeaders")


class UnsignedRequest(Exception):
    """Raised if a request has no signature for a service.

    Attributes:
        code: AWS's code, without the suffix `Exception` that it has in some protocols.
        message: AWS's words.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def signed_for(request: Request) -> str | None:
    """The service in a request's signature, such as `sns`; None if there is none."""
    scope = _scope(_signature_parts(request.headers.get("Authorization", "")) or {})
    return scope[-2] if len(scope) >= 5 else None


def signed_region(request: Request, service: str) -> str:
    """The region that a request to a service is signed for. Raises `UnsignedRequest`."""
    given = request.headers.get("Authorization", "")
    if not given:
        raise UnsignedRequest("MissingAuthenticationToken", "Request is missing Authentication Token")
    parts = _signature_parts(given)
    if parts is None:
        raise UnsignedRequest("IncompleteSignature", "Authorization header is not AWS Signature Version 4.")
    missing = [f"Authorization header requires '{name}' parameter." for name in _PARTS if name not in parts]
    if missing:
        raise UnsignedRequest("IncompleteSignature", " ".join(missing))
    scope = _scope(parts)
    if len(scope) < 5 or scope[-1] != "aws4_request":
        message = f"Credential must have at least 5 elements: {parts['Credential']}"
        raise UnsignedRequest("IncompleteSignature", message)
    if scope[-2] != service:
        message = f"Credential should be scoped to correct service: '{service}'."
        raise UnsignedRequest("SignatureDoesNotMatch", message)
    return scope[-3]


def arn(service: str, region: str, resource: str) -> str:
    """The Amazon Resource Name of something in the account."""
    partition = "aws-cn" if region.startswith("cn-") else "aws-us-gov" if region.startswith("us-gov-") else "aws"
    return f"arn:{partition}:{service}:{region}:{ACCOUNT}:{resource}"


def _signature_parts(given: str) -> dict[str, str] | None:
    match = _SIGNATURE.fullmatch(given.strip())
    return None if match is None else dict(re.findall(r"(\w+)=([^,\s]+)", match[1]))


def _scope(parts: dict[str, str]) -> list[str]:
    return parts.get("Credential", "").split("/")
