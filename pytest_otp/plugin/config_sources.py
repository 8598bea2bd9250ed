"""What a `pytest.Config` holds of our settings: options, ini values, and where the .env file is."""

from __future__ import annotations

import os
import warnings

import pytest

from ..env_file import EnvFile, read_env_file
from ..options import Option
from ..settings import Lookup, env_file_name

__tracebackhide__ = True


def lookups(config: pytest.Config) -> tuple[Lookup, Lookup]:
    """Return functions that look up an option and its ini value."""

    def ini(option: Option) -> object:
        try:
            return config.getini(option.ini)
        except Exception as error:
            if not isinstance(error.__cause__ or error, TypeError):
                raise
            # pytest 9's [tool.pytest] is typed and insists on text: take the number or list as it is.
            with warnings.catch_warnings():  # deprecated since 9.1, without another way before 9.2
                warnings.simplefilter("ignore")
                value = config.inicfg[option.ini]
            return getattr(value, "value", value)

    return lambda option: None if option.flag is None else config.getoption(option.flag), ini


def env_file_of(config: pytest.Config) -> EnvFile:
    """Return the variables of the run's .env file. Raises SettingsError as `read_env_file` does."""
    return read_env_file(env_file_name(*lookups(config), os.environ), config.rootpath)
