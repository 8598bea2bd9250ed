"""The .env file: found, decoded and parsed, without changing the environment.

It is UTF-8, or UTF-16 or UTF-32 as some Windows programs write it. A file in an older encoding is read as far as it is
ASCII, which is the same in all of them. A value of ours that is not is refused: a guess could be another password.
"""

from __future__ import annotations

import codecs
import io
from pathlib import Path

from .errors import SettingsError
from .providers.registry import BUILT_IN

_FORMAT = "Expected UTF-8 text with one NAME=value per line."
_SAVE = "Save the file as UTF-8."
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before that of UTF-16, with which it begins
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ZEROS: dict[tuple[bool, ...], str] = {
    # Which of the first four bytes are zero if the text begins with an ASCII character.
    (False, True, True, True): "utf-32-le",
    (True, True, True, False): "utf-32-be",
    (False, True, False, True): "utf-16-le",
    (True, False, True, False): "utf-16-be",
}


class EnvFile(dict[str, str]):
    """The variables of a .env file.

    Args:
        values: What could be read.
        unreadable: The variables whose values could not be read, and why. Looking one up raises `SettingsError`.
    """

    def __init__(self, values: dict[str, str], unreadable: dict[str, str]) -> None:
        super().__init__(values)
        self._unreadable = unreadable

    def get(self, name: str, default: str | None = None) -> str | None:  # type: ignore[override]
        """The value of a variable."""
        if name in self._unreadable:
            raise SettingsError(self._unreadable[name], hint=_SAVE)
        return super().get(name, default)


def read_env_file(named: str | None, root: Path) -> EnvFile:
    """Return the variables of a .env file; without a name, of the one in `root`, if there is one.

    Raises `SettingsError` if the named file does not exist, if the file cannot be read, and for a line of ours that is
    not NAME=value or not UTF-8.
    """
    path = root / (named or ".env")
    text, legacy = _decoded(path, _content(path, named), named=bool(named))
    from dotenv.parser import parse_stream  # noqa: PLC0415 - start-up cost: only for a run that sets something of ours

    values: dict[str, str] = {}
    unreadable: dict[str, str] = {}
    for binding in parse_stream(io.StringIO(text)):
        where = f"{path}, line {binding.original.line}"
        if binding.error and "OTP" in binding.original.string:
            raise SettingsError(f"{where}: invalid line", hint=_FORMAT)
        if binding.error or not binding.key or binding.value is None:
            continue
        if legacy and not (binding.key + binding.value).isascii():
            if binding.key.startswith("PYTEST_OTP_") or binding.key in _variables():
                raise SettingsError(f"{where}: {binding.key} is not UTF-8 text", hint=_SAVE)
            unreadable[binding.key] = f"{where}: {binding.key} is not UTF-8 text"
        values[binding.key] = binding.value
    return EnvFile({name: value for name, value in values.items() if name not in unreadable}, unreadable)


def _content(path: Path, named: str | None) -> bytes:
    try:
        if path.is_file():  # not a named pipe, which could be waited for without end
            return path.read_bytes()
    except OSError as error:
        raise SettingsError(
            f"{path}: cannot read the file ({error.strerror})",
            hint="Change its permissions, or name another file with --otp-env-file (PYTEST_OTP_ENV_FILE).",
        ) from None
    if named:
        raise SettingsError(
            f"--otp-env-file (PYTEST_OTP_ENV_FILE): no such file: {path}",
            hint="Relative paths are resolved against pytest's rootdir.",
        )
    return b""


def _decoded(path: Path, content: bytes, *, named: bool) -> tuple[str, bool]:
    """The text, and whether its encoding is unknown; what is not ASCII is then not what it seems."""
    encoding = _encoding(content)
    try:
        return content.decode(encoding), False
    except UnicodeDecodeError:
        pass  # what it says quotes the file
    if encoding == "utf-8":
        return content.decode("latin-1"), True
    if not named and not any(name.encode() in content.replace(b"\0", b"") for name in ("PYTEST_OTP_", *_variables())):
        return "", False  # an application's own file
    raise SettingsError(f"{path}: cannot read the file: it begins like {encoding.upper()}, but is not", hint=_SAVE)


def _encoding(content: bytes) -> str:
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return encoding
    return _ZEROS.get(tuple(byte == 0 for byte in content[:4]), "utf-8")


def _variables() -> set[str]:
    return {variable for built_in in BUILT_IN.values() for variable in built_in.account}
