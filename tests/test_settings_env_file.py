"""The .env file: what is read from it, and what is left alone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pytest_otp.errors import SettingsError
from pytest_otp.settings import read_env_file


def test_env_file(tmp_path: Path) -> None:
    """Quotes, comments, `export` and spaces are read as usual, and the environment stays as it is."""
    (tmp_path / ".env").write_text(
        "# credentials\nexport API_KEY_OTPCEPAT='k e y'\nPYTEST_OTP_TIMEOUT = 30 # short\nOTHER=1\nPYTEST_OTP_COUNTRY\n"
    )
    before = dict(os.environ)
    assert read_env_file(None, tmp_path) == {"API_KEY_OTPCEPAT": "k e y", "PYTEST_OTP_TIMEOUT": "30", "OTHER": "1"}
    assert dict(os.environ) == before


def test_env_file_of_a_windows_editor(tmp_path: Path) -> None:
    """A byte-order mark does not hide the first variable, line ends of Windows are no part of a key."""
    (tmp_path / ".env").write_bytes(b"\xef\xbb\xbfAPI_KEY_OTPCEPAT=abc\r\nOTPVIRT_CLIENT_ID=7\r\n")
    assert read_env_file(None, tmp_path) == {"API_KEY_OTPCEPAT": "abc", "OTPVIRT_CLIENT_ID": "7"}


def test_no_env_file(tmp_path: Path) -> None:
    """Without a file there are no variables; a folder of that name is no file."""
    assert read_env_file(None, tmp_path) == {}
    (tmp_path / ".env").mkdir()
    assert read_env_file(None, tmp_path) == {}


def test_env_file_of_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A .env with nothing of ours is not even parsed."""
    (tmp_path / ".env").write_text("DATABASE_URL=postgres://\n")
    monkeypatch.setitem(__import__("sys").modules, "dotenv", None)
    assert read_env_file(None, tmp_path) == {}


def test_a_named_env_file(tmp_path: Path) -> None:
    """A named file is read in place of .env, relative to the root folder."""
    (tmp_path / "ci.env").write_text("PYTEST_OTP_TIMEOUT=5\n")
    assert read_env_file("ci.env", tmp_path) == {"PYTEST_OTP_TIMEOUT": "5"}
    assert read_env_file(str(tmp_path / "ci.env"), Path("/")) == {"PYTEST_OTP_TIMEOUT": "5"}


def test_a_named_env_file_that_is_missing(tmp_path: Path) -> None:
    """Who names a file wants it read."""
    with pytest.raises(SettingsError) as caught:
        read_env_file("ci.env", tmp_path)
    assert str(caught.value) == (
        f"--otp-env-file (PYTEST_OTP_ENV_FILE): no such file: {tmp_path / 'ci.env'}. "
        "Relative paths are resolved against pytest's rootdir."
    )


def test_an_env_file_with_a_line_that_is_none(tmp_path: Path) -> None:
    """A colon in place of the equals sign is refused by its line, and not passed over."""
    (tmp_path / ".env").write_text("API_KEY_OTPCEPAT=an-invented-key\nPYTEST_OTP_FAKE: auto\n")
    with pytest.raises(SettingsError) as caught:
        read_env_file(None, tmp_path)
    assert str(caught.value) == (
        f"{tmp_path / '.env'}, line 2: invalid line. Expected UTF-8 text with one NAME=value per line."
    )


def test_a_key_is_read_as_it_is(tmp_path: Path) -> None:
    """A dollar and a brace in a key mean nothing: it would be another key."""
    (tmp_path / ".env").write_text("API_KEY_OTPCEPAT=an-invented-${HOME}-key\n")
    assert read_env_file(None, tmp_path) == {"API_KEY_OTPCEPAT": "an-invented-${HOME}-key"}


def test_an_application_s_own_env_file_is_left_alone(tmp_path: Path) -> None:
    """What has nothing of ours may be in any encoding and form; it ends no run."""
    (tmp_path / ".env").write_bytes(b"TOTP_ISSUER=Caf\xe9\n")
    assert read_env_file(None, tmp_path) == {}


def test_an_env_file_in_utf_16(tmp_path: Path) -> None:
    """What `>` of PowerShell writes is refused too; passed over, its credentials would be reported as missing."""
    (tmp_path / ".env").write_bytes("API_KEY_OTPCEPAT=an-invented-key\n".encode("utf-16"))
    with pytest.raises(SettingsError, match="Expected UTF-8 text with one NAME=value per line"):
        read_env_file(None, tmp_path)


def test_an_env_file_that_is_no_text(tmp_path: Path) -> None:
    """A file in another encoding is refused without showing what is in it."""
    (tmp_path / ".env").write_bytes(b"API_KEY_OTPCEPAT=s\xe4cret\n")
    with pytest.raises(SettingsError) as caught:
        read_env_file(None, tmp_path)
    said = str(caught.value)
    assert said.startswith(
        f"{tmp_path / '.env'}: cannot read the file ('utf-8' codec can't decode byte 0xe4 in position "
    )
    assert said.endswith("Expected UTF-8 text with one NAME=value per line.")
    assert "cret" not in said
