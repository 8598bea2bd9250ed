"""Decompressing a gzipped body without letting a small one grow without limit."""

from __future__ import annotations

import zlib

_GZIP_FORMAT = 16 + zlib.MAX_WBITS


class TooLarge(ValueError):
    """Raised if the decompressed body would exceed the limit."""


def gunzip(body: bytes, limit: int) -> bytes:
    """Decompress one gzip member of at most `limit` bytes.

    Raises `TooLarge` above the limit, and `ValueError` if the body is not gzip, is cut off, or has anything after it.
    """
    unpacker = zlib.decompressobj(_GZIP_FORMAT)
    try:
        unpacked = unpacker.decompress(body, limit + 1)
    except zlib.error:
        raise ValueError("the body is not valid gzip") from None
    if len(unpacked) > limit:
        raise TooLarge(f"the body is larger than {limit} bytes")
    if not unpacker.eof or unpacker.unused_data:
        raise ValueError("the gzip data is incomplete, or followed by other data")
    return unpacked
