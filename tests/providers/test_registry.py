"""Which providers there are, where their credentials come from, and how one is built."""

from __future__ import annotations

import gc
import re
import subprocess
import sys
import weakref
from collections.abc import Callable, Mapping
from importlib.metadata import EntryPoint
from typing import Any, ClassVar

import pytest

from pytest_otp.errors import SettingsError
from pytest_otp.offline.provider import FakeProvider
from pytest_otp.providers import registry as providers
from pytest_otp.providers.base import Variable, identifying
from pytest_otp.providers.http import HttpClient
from pytest_otp.providers.otpcepat import OtpcepatProvider
from pytest_otp.providers.otpvirt import OtpvirtProvider
from pytest_otp.providers.push import PushEndpoint
from pytest_otp.providers.registry import (
    Recipe,
    account_variables,
    confidential_variables,
    create,
    credentials,
    is_offline,
    load,
    names,
    push_of,
    recipe_of,
    takes_push,
)
from pytest_otp.redact import Secret, scrub
from tests.scripted import ScriptedProvider

KEY = "an-invented-key-1"
CEPAT = {"API_KEY_OTPCEPAT": KEY}
VIRT = {"OTPVIRT_CLIENT_ID": "an-invented-client", "OTPVIRT_API_PASSWORD": "an-invented-password"}


class ThirdParty(ScriptedProvider):
    """A provider of somebody else's, as far as the registry looks at it."""

    name = "thirdparty"
    variables: ClassVar[tuple[Variable, ...]] = (
        Variable("THIRD_TOKEN", "the token", secret=True, required=True),
        Variable("THIRD_URL", "where it is", default="https://third.example/api"),
        Variable("THIRD_NOTE", "a note"),
    )

    def __init__(self, variables: Mapping[str, str | Secret | None], http: HttpClient) -> None:
        super().__init__()
        self.given = dict(variables)
        self.http = http


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Registers entry points, by name and target."""

    def register(**targets: str) -> None:
        points = [EntryPoint(name, target, providers.GROUP) for name, target in targets.items()]
        monkeypatch.setattr(
            providers, "entry_points", lambda group: [point for point in points if point.group == group]
        )

    return register


class TestNames:
    """What can be asked for."""

    def test_built_in_ones_come_first(self, registered: Callable[..., None]) -> None:
        """The offline default leads, plugins follow in order of the alphabet."""
        registered(zebra="x:Y", ant="x:Y")
        assert names() == ["fake", "otpcepat", "otpvirt", "ant", "zebra"]

    def test_a_plugin_cannot_take_a_built_in_name(self, registered: Callable[..., None]) -> None:
        """Who asks for otpcepat gets ours, whatever is installed."""
        registered(otpcepat=f"{__name__}:ThirdParty")
        assert names() == ["fake", "otpcepat", "otpvirt"]
        assert load("otpcepat") is OtpcepatProvider

    def test_asking_imports_nothing(self) -> None:
        """Listing names loads no provider, no requests and no phonenumbers."""
        code = "import sys; from pytest_otp.providers.registry import names; names(); print(*sys.modules, sep='\\n')"
        loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
        heavy = {"requests", "tenacity", "phonenumbers", "pytest_otp.providers.http", "pytest_otp.providers.otpcepat"}
        assert not heavy & set(loaded)


class TestLoad:
    """From a name to a class."""

    @pytest.mark.parametrize(
        ("name", "kind"), [("fake", FakeProvider), ("otpcepat", OtpcepatProvider), ("otpvirt", OtpvirtProvider)]
    )
    def test_built_in(self, name: str, kind: type) -> None:
        """Each built-in name leads to its class, which bears that name."""
        assert load(name) is kind
        assert kind.name == name

    def test_third_party(self, registered: Callable[..., None]) -> None:
        """A class that an installed package registers is found by the name it registered."""
        registered(thirdparty=f"{__name__}:ThirdParty")
        assert load("thirdparty").variables == ThirdParty.variables

    def test_unknown_name(self, registered: Callable[..., None]) -> None:
        """An unknown name is quoted back with option, variable, and all that there are."""
        registered(thirdparty="x:Y")
        with pytest.raises(SettingsError) as caught:
            load("otpcheap")
        assert str(caught.value) == (
            "--otp-provider (PYTEST_OTP_PROVIDER): unknown provider 'otpcheap'. "
            "Choose from: fake, otpcepat, otpvirt, thirdparty."
        )

    @pytest.mark.parametrize(
        ("target", "reason"),
        [("no_such_module:X", "No module named 'no_such_module'"), ("json:NoSuchClass", "NoSuchClass")],
    )
    def test_a_broken_plugin(self, registered: Callable[..., None], target: str, reason: str) -> None:
        """A plugin that cannot be imported is a setting that does not work, not a traceback."""
        registered(broken=target)
        with pytest.raises(
            SettingsError, match=rf"^--otp-provider broken: its package cannot be imported \(.*{reason}"
        ):
            load("broken")

    @pytest.mark.parametrize(
        ("target", "what"),
        [
            ("json", "a module, not a class"),
            ("json:dumps", "a function, not a class"),
            (f"{__name__}:Variable", "a class without order, messages, resend, cancel, finish, variables"),
        ],
    )
    def test_a_plugin_that_registers_something_else(
        self, registered: Callable[..., None], target: str, what: str
    ) -> None:
        """What cannot rent a number and give it back is refused before any order, and what it lacks is named."""
        registered(odd=target)
        with pytest.raises(SettingsError) as caught:
            load("odd")
        assert str(caught.value) == (
            f"--otp-provider odd: its package registers {what}. See the Provider protocol in pytest_otp.providers.base."
        )


class TestCredentials:
    """Values of a provider's variables."""

    def test_the_environment_wins_over_the_file(self) -> None:
        """A variable in the environment hides the one in .env."""
        given = credentials("otpcepat", {"API_KEY_OTPCEPAT": "from-environment"}, {"API_KEY_OTPCEPAT": "from-file"})
        assert given["API_KEY_OTPCEPAT"] == Secret("from-environment")

    @pytest.mark.parametrize("environ", [{}, {"API_KEY_OTPCEPAT": ""}, {"API_KEY_OTPCEPAT": "  "}])
    def test_an_empty_variable_is_none(self, environ: dict[str, str]) -> None:
        """CI sets a variable to nothing where a secret is missing: then .env counts."""
        assert credentials("otpcepat", environ, CEPAT)["API_KEY_OTPCEPAT"] == Secret(KEY)

    def test_white_space_around_a_value_is_dropped(self) -> None:
        """A key pasted with its line break is the key."""
        assert credentials("otpcepat", {"API_KEY_OTPCEPAT": f" {KEY}\r\n"}, {})["API_KEY_OTPCEPAT"] == Secret(KEY)

    def test_what_otpcepat_takes(self) -> None:
        """Its key is a Secret; address and user agent are plain, the address has a default."""
        assert credentials("otpcepat", CEPAT, {}) == {
            "API_KEY_OTPCEPAT": Secret(KEY),
            "OTPCEPAT_BASE_URL": "https://otpcepat.org/api/handler_api.php",
            "OTPCEPAT_USER_AGENT": None,
        }

    def test_what_otpvirt_takes(self) -> None:
        """Client id and password are Secrets; the address has a default."""
        assert credentials("otpvirt", VIRT, {}) == {
            "OTPVIRT_CLIENT_ID": Secret("an-invented-client"),
            "OTPVIRT_API_PASSWORD": Secret("an-invented-password"),
            "OTPVIRT_BASE_URL": "https://api.otp-service.pro/native",
            "OTPVIRT_WEBHOOK_TOKEN": None,
        }

    def test_the_password_has_no_minimal_length(self) -> None:
        """The document demands eight characters, and its own sample has four."""
        assert credentials("otpvirt", {**VIRT, "OTPVIRT_API_PASSWORD": "four"}, {})["OTPVIRT_API_PASSWORD"]

    def test_fake_takes_nothing(self) -> None:
        """The offline provider has no variables."""
        assert credentials("fake", CEPAT, {}) == {}

    def test_third_parties_get_the_same(self, registered: Callable[..., None]) -> None:
        """Secrets, defaults and None work for a registered class as for ours."""
        registered(thirdparty=f"{__name__}:ThirdParty")
        assert credentials("thirdparty", {}, {"THIRD_TOKEN": "a-third-token"}) == {
            "THIRD_TOKEN": Secret("a-third-token"),
            "THIRD_URL": "https://third.example/api",
            "THIRD_NOTE": None,
        }

    def test_a_value_is_scrubbed_from_then_on(self) -> None:
        """What became a Secret here is masked in any text."""
        credentials("otpcepat", {"API_KEY_OTPCEPAT": "scrubbed-from-now-on"}, {})
        assert scrub("?api_key=scrubbed-from-now-on") == "?api_key=***"

    def test_a_missing_variable(self) -> None:
        """The message names provider, option, variable and what it is, and where it must not be set."""
        with pytest.raises(SettingsError) as caught:
            credentials("otpcepat", {}, {})
        assert str(caught.value) == (
            "--otp-provider otpcepat (PYTEST_OTP_PROVIDER) needs API_KEY_OTPCEPAT (your account's API key). "
            "Set it in the environment or in .env, never on the command line."
        )

    def test_all_missing_variables_at_once(self) -> None:
        """Nobody has to start three times to learn of three variables."""
        with pytest.raises(SettingsError) as caught:
            credentials("otpvirt", {"OTPVIRT_CLIENT_ID": " "}, {})
        assert caught.value.message == (
            "--otp-provider otpvirt (PYTEST_OTP_PROVIDER) needs OTPVIRT_CLIENT_ID (your client ID, a GUID), "
            "OTPVIRT_API_PASSWORD (your API password)"
        )

    def test_a_base_url_without_tls(self) -> None:
        """Plain http to another machine names the variable, and the option that would allow it."""
        environ = {**CEPAT, "OTPCEPAT_BASE_URL": "http://sms.test/api"}
        with pytest.raises(SettingsError) as caught:
            credentials("otpcepat", environ, {})
        assert str(caught.value) == (
            "OTPCEPAT_BASE_URL: 'http://sms.test/api' would send credentials without TLS. "
            "Use https, or allow the host with --otp-allow-http sms.test (PYTEST_OTP_ALLOW_HTTP)."
        )
        allowed = credentials("otpcepat", environ, {}, allow_http=frozenset({"sms.test"}))
        assert allowed["OTPCEPAT_BASE_URL"] == "http://sms.test/api"

    @pytest.mark.parametrize(
        "url", ["sms.test", "ftp://sms.test/", "http://", "https:///api", "http://[::1", "https://x:y/"]
    )
    def test_a_base_url_that_is_none(self, url: str) -> None:
        """What is no URL is quoted back, with the variable."""
        with pytest.raises(SettingsError) as caught:
            credentials("otpvirt", {**VIRT, "OTPVIRT_BASE_URL": url}, {})
        assert str(caught.value) == f"OTPVIRT_BASE_URL: {url!r} is not an http:// or https:// URL"

    @pytest.mark.parametrize("spoilt", [{"OTPVIRT_API_PASSWORD": ""}, {"OTPVIRT_BASE_URL": "nonsense"}])
    def test_no_frame_of_an_error_shows_a_value(self, spoilt: dict[str, str]) -> None:
        """A traceback with locals of a refused setting has neither the values nor the environment."""
        with pytest.raises(SettingsError) as caught:
            credentials("otpvirt", {**VIRT, **spoilt}, {"OTHER": "the-rest-of-the-file"})
        ours = [entry.frame.f_locals for entry in caught.traceback[1:]]
        assert ours
        assert not [shown for shown in map(repr, ours) if re.search("an-invented|the-rest", shown)]


class TestCreate:
    """From a name and its credentials to a provider."""

    @pytest.mark.parametrize(("name", "environ"), [("otpcepat", CEPAT), ("otpvirt", VIRT)])
    def test_built_in(self, name: str, environ: dict[str, str]) -> None:
        """A provider comes into being without a request, and shows no credential."""
        provider = create(name, credentials(name, environ, {}))
        assert provider.name == name
        assert "invented" not in repr(vars(provider))

    def test_third_party(self, registered: Callable[..., None]) -> None:
        """A registered class is called with its variables and our client."""
        registered(thirdparty=f"{__name__}:ThirdParty")
        provider: Any = create("thirdparty", credentials("thirdparty", {"THIRD_TOKEN": "a-third-token"}, {}))
        assert provider.given["THIRD_TOKEN"] == Secret("a-third-token")
        assert isinstance(provider.http, HttpClient)

    def test_fake_exists_only_in_a_pytest_run(self) -> None:
        """A script that asks for `fake` is told what to use in its place, and gets no object that fails later."""
        with pytest.raises(SettingsError) as caught:
            create("fake", credentials("fake", {}, {}))
        assert str(caught.value) == (
            "the provider fake exists only in a pytest run. "
            "Start `pytest-otp sandbox`, and create otpcepat or otpvirt with the variables that it prints."
        )

    def test_the_client_is_told_which_hosts_need_no_tls(self, registered: Callable[..., None]) -> None:
        """The allowance holds for the requests too, not only for the base URL's check."""
        registered(thirdparty=f"{__name__}:ThirdParty")
        provider: Any = create("thirdparty", {}, allow_http=frozenset({"sms.test"}))
        with pytest.raises(SettingsError, match=r"'http://other\.test/' would send credentials without TLS"):
            provider.http.get("http://other.test/", {})


class Comparable(ThirdParty):
    """Compared by value and so without a hash."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Comparable)

    __hash__ = None  # type: ignore[assignment]  # as a data class has none


class TestRecipe:
    """How another process builds the same provider."""

    def test_of_a_provider_that_was_created(self) -> None:
        """It is what `create` was given, each provider's its own, and builds an equal one."""
        values = credentials("otpcepat", CEPAT, {})
        first = create("otpcepat", values, allow_http=frozenset({"sms.test"}))
        second = create("otpvirt", credentials("otpvirt", VIRT, {}))
        recipe = recipe_of(first)
        assert recipe == Recipe("otpcepat", values, frozenset({"sms.test"}))
        assert recipe_of(second) == Recipe("otpvirt", credentials("otpvirt", VIRT, {}), frozenset())
        assert recipe_of(create(recipe.name, recipe.values, allow_http=recipe.allow_http)) == recipe

    def test_it_does_not_change(self) -> None:
        """What the caller does with its mapping afterwards is nobody's business."""
        values = credentials("otpcepat", CEPAT, {})
        provider = create("otpcepat", values)
        values.clear()
        recipe = recipe_of(provider)
        assert recipe
        assert recipe.values["API_KEY_OTPCEPAT"] == Secret(KEY)

    def test_it_shows_no_secret(self) -> None:
        """Neither repr nor text of it has a credential."""
        assert KEY not in repr(recipe_of(create("otpcepat", credentials("otpcepat", CEPAT, {}))))

    def test_of_an_object_of_unknown_making(self) -> None:
        """There is none, though its class be a registered one."""
        http = HttpClient("otpcepat")
        assert recipe_of(OtpcepatProvider(credentials("otpcepat", CEPAT, {}), http)) is None
        assert recipe_of(ScriptedProvider()) is None

    def test_of_a_class_that_cannot_be_looked_up(self, registered: Callable[..., None]) -> None:
        """It can be built all the same, and there is no recipe."""
        registered(comparable=f"{__name__}:Comparable")
        provider = create("comparable", {})
        assert isinstance(provider, Comparable)
        assert recipe_of(provider) is None

    def test_it_goes_with_its_provider(self) -> None:
        """The list of recipes keeps no provider longer than its user does, and a recipe ends with its provider."""
        provider: Any = create("otpcepat", credentials("otpcepat", CEPAT, {}))
        assert recipe_of(provider) is not None
        reference = weakref.ref(provider)
        del provider
        gc.collect()
        assert reference() is None


class Foreign(ThirdParty):
    """A class that declares more about itself."""

    offline = True
    push = PushEndpoint("/foreign/", "THIRD_TOKEN", lambda headers, body, values: None)
    variables: ClassVar[tuple[Variable, ...]] = (
        Variable("THIRD_TOKEN", "the token", secret=True),
        Variable("THIRD_PIN", "a secret that is not sent", secret=True, account=False),
        Variable("THIRD_URL", "where it is"),
        Variable("THIRD_TENANT", "whose numbers", account=True),
        Variable("THIRD_NOTE", "a note"),
    )


class TestDeclarations:
    """What a provider's class declares about itself."""

    @pytest.mark.parametrize("name", providers.BUILT_IN)
    def test_the_table_agrees_with_the_classes(self, name: str) -> None:
        """What the registry knows of a built-in provider without importing it is what its class declares."""
        kind: Any = load(name)
        assert (is_offline(name), takes_push(name)) == (kind.offline, kind.push is not None)
        assert push_of(name) is kind.push
        assert set(account_variables(name)) == {each.name for each in kind.variables if each.identifies_account}
        secret = {each.name for each in kind.variables if each.secret or each.name.endswith("_URL")}
        assert set(confidential_variables(name)) == secret

    def test_asking_imports_no_class(self) -> None:
        """For the built-in ones the table is enough."""
        code = (
            "import sys; from pytest_otp.providers.registry import *;"
            "print([(is_offline(name), takes_push(name)) for name in BUILT_IN]);"
            "print(sorted(name for name in sys.modules if name.startswith('pytest_otp.') and '.registry' not in name))"
        )
        run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        declared, loaded = run.stdout.splitlines()
        assert declared == "[(True, False), (False, False), (False, True)]"
        ground = ["pytest_otp.display", "pytest_otp.errors", "pytest_otp.providers", "pytest_otp.redact"]
        assert loaded == str(ground)

    def test_of_a_third_party(self, registered: Callable[..., None]) -> None:
        """A registered class is asked itself; it is a real provider without a push unless it says otherwise."""
        registered(thirdparty=f"{__name__}:ThirdParty", foreign=f"{__name__}:Foreign")
        assert (is_offline("thirdparty"), takes_push("thirdparty"), push_of("thirdparty")) == (False, False, None)
        assert (is_offline("foreign"), takes_push("foreign"), push_of("foreign")) == (True, True, Foreign.push)

    @pytest.mark.parametrize("ask", [is_offline, takes_push, push_of, account_variables])
    def test_of_an_unknown_name(self, ask: Callable[[str], object]) -> None:
        """It is refused as anywhere else."""
        with pytest.raises(SettingsError, match="'otpcheap'"):
            ask("otpcheap")

    def test_which_variables_identify_an_account(self, registered: Callable[..., None]) -> None:
        """Secrets and URLs do, unless the variable declares otherwise."""
        values: dict[str, str | Secret | None] = {"THIRD_TENANT": "one", "THIRD_URL": None, "THIRD_NOTE": "two"}
        values |= {"THIRD_TOKEN": Secret("a-third-token"), "THIRD_PIN": Secret("a-third-pin")}
        registered(foreign=f"{__name__}:Foreign")
        assert set(account_variables("foreign")) == set(identifying(load("foreign"), values))
        assert identifying(load("foreign"), values) == {
            "THIRD_TENANT": "one",
            "THIRD_URL": None,
            "THIRD_TOKEN": Secret("a-third-token"),
        }

    @pytest.mark.parametrize(
        ("name", "identify"),
        [
            ("fake", []),
            ("otpcepat", ["API_KEY_OTPCEPAT", "OTPCEPAT_BASE_URL"]),
            ("otpvirt", ["OTPVIRT_CLIENT_ID", "OTPVIRT_API_PASSWORD", "OTPVIRT_BASE_URL"]),
        ],
    )
    def test_what_identifies_an_account_of_ours(self, name: str, identify: list[str]) -> None:
        """The keys and the address do; the user agent and the webhook's token, which may change, do not."""
        kind = load(name)
        assert list(account_variables(name)) == identify
        assert list(identifying(kind, dict.fromkeys(variable.name for variable in kind.variables))) == identify

    @pytest.mark.parametrize(
        ("push", "what"),
        [
            ("/odd/", "a class whose push is of type str, not PushEndpoint"),
            (
                PushEndpoint("/odd/", "THIRD_NOTE", Foreign.push.parse),
                "a class whose push.variable, 'THIRD_NOTE', is not",
            ),
            (PushEndpoint("/odd/", "MISSING", Foreign.push.parse), "a class whose push.variable, 'MISSING', is not"),
        ],
        ids=["a text", "no secret", "not its own"],
    )
    def test_a_push_that_cannot_be_used(
        self, registered: Callable[..., None], monkeypatch: pytest.MonkeyPatch, push: object, what: str
    ) -> None:
        """It is refused before any order, with what is wrong."""
        monkeypatch.setattr(Foreign, "push", push)
        registered(foreign=f"{__name__}:Foreign")
        with pytest.raises(SettingsError, match=f"^--otp-provider foreign: its package registers {re.escape(what)}"):
            load("foreign")

    @pytest.mark.parametrize("path", ["", "/", "odd/", "/odd"])
    def test_a_path_that_cannot_stand_before_a_token(self, path: str) -> None:
        """The class is not even made."""
        with pytest.raises(ValueError, match="path must start and end with a slash"):
            PushEndpoint(path, "THIRD_TOKEN", Foreign.push.parse)
