"""The .env file: what is read from it, and what is left alone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pytest_otp.env_file import read_env_file
from pytest_otp.errors import SettingsError


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


def test_credentials_of_any_name(tmp_path: Path) -> None:
    """A plugin's provider may call its variables what it likes; the file need not hold a name of ours."""
    (tmp_path / ".env").write_text("SMS_FARM_TOKEN=an-invented-token\nno variable at all\n")
    assert read_env_file(None, tmp_path) == {"SMS_FARM_TOKEN": "an-invented-token"}


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


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"],
)
@pytest.mark.parametrize("key", ["an-invented-key", "sécret ключ 鍵 🔑"])
def test_unicode_in_any_encoding_is_read(tmp_path: Path, encoding: str, key: str) -> None:
    """What `>` of PowerShell writes (UTF-16 with a mark) is read like UTF-8, and so are others, also without a mark."""
    (tmp_path / ".env").write_bytes(f"API_KEY_OTPCEPAT='{key}'\r\nPYTEST_OTP_COUNTRY=ID\r\n".encode(encoding))
    assert read_env_file(None, tmp_path) == {"API_KEY_OTPCEPAT": key, "PYTEST_OTP_COUNTRY": "ID"}


@pytest.mark.parametrize("mark", [b"\xff\xfe", b"\xfe\xff"], ids=["little", "big"])
def test_utf_16_by_its_mark(tmp_path: Path, mark: bytes) -> None:
    """The mark tells which byte comes first."""
    text = "PYTEST_OTP_FAKE=auto".encode("utf-16-le" if mark[0] == 0xFF else "utf-16-be")
    (tmp_path / ".env").write_bytes(mark + text)
    assert read_env_file(None, tmp_path) == {"PYTEST_OTP_FAKE": "auto"}


@pytest.mark.parametrize("encoding", ["latin-1", "cp1251", "shift-jis", "gb18030", "cp437"])
def test_an_older_encoding_is_read_as_far_as_it_is_ascii(tmp_path: Path, encoding: str) -> None:
    """Comments and other variables may be in any encoding; ours are read if they are plain ASCII."""
    word = {"latin-1": "Café", "cp1251": "Кафе", "shift-jis": "表示", "gb18030": "中文", "cp437": "Café"}[encoding]
    (tmp_path / ".env").write_bytes(f"# {word}\nSHOP={word}\nAPI_KEY_OTPCEPAT=an-invented-key\n".encode(encoding))
    assert read_env_file(None, tmp_path) == {"API_KEY_OTPCEPAT": "an-invented-key"}


def test_an_application_s_own_env_file_is_left_alone(tmp_path: Path) -> None:
    """What has nothing of ours may be in any encoding and form; it ends no run."""
    (tmp_path / ".env").write_bytes(b"TOTP_ISSUER=Caf\xe9\n")
    assert read_env_file(None, tmp_path) == {}
    (tmp_path / ".env").write_bytes("TOTP_ISSUER=x".encode("utf-16") + b"x")
    assert read_env_file(None, tmp_path) == {}


def test_a_value_of_ours_is_not_guessed(tmp_path: Path) -> None:
    """A key in an older encoding is refused by its line, without showing what is in it: it might be another key."""
    (tmp_path / ".env").write_bytes(b"PYTEST_OTP_COUNTRY=ID\nAPI_KEY_OTPCEPAT=s\xe4cret\n")
    with pytest.raises(SettingsError) as caught:
        read_env_file(None, tmp_path)
    expected = f"{tmp_path / '.env'}, line 2: API_KEY_OTPCEPAT is not UTF-8 text. Save the file as UTF-8."
    assert str(caught.value) == expected


def test_a_plugin_s_value_is_not_guessed_either(tmp_path: Path) -> None:
    """A variable that only a plugin knows is refused when it is looked up."""
    (tmp_path / ".env").write_bytes(b"SMS_FARM_TOKEN=s\xe4cret\nSMS_FARM_USER=me\n")
    found = read_env_file(None, tmp_path)
    assert found.get("SMS_FARM_USER") == "me"
    with pytest.raises(SettingsError) as caught:
        found.get("SMS_FARM_TOKEN")
    assert str(caught.value) == (
        f"{tmp_path / '.env'}, line 1: SMS_FARM_TOKEN is not UTF-8 text. Save the file as UTF-8."
    )


def test_half_a_file_is_refused(tmp_path: Path) -> None:
    """UTF-16 that ends in the middle of a character is refused with the file's name."""
    (tmp_path / ".env").write_bytes("API_KEY_OTPCEPAT=an-invented-key".encode("utf-16")[:-1])
    with pytest.raises(SettingsError) as caught:
        read_env_file(None, tmp_path)
    assert str(caught.value) == (
        f"{tmp_path / '.env'}: cannot read the file: it begins like UTF-16, but is not. Save the file as UTF-8."
    )


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file without read permission is not passed over: the run might rent no number, and be green."""

    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    (tmp_path / ".env").write_text("API_KEY_OTPCEPAT=an-invented-key")
    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(SettingsError) as caught:
        read_env_file(None, tmp_path)
    assert str(caught.value) == (
        f"{tmp_path / '.env'}: cannot read the file (Permission denied). "
        "Change its permissions, or name another file with --otp-env-file (PYTEST_OTP_ENV_FILE)."
    )
