"""The test suites of the inner runs: what fails inside of them, and what they write where it does not belong."""

from __future__ import annotations

HELPERS = """
import base64, copy, dataclasses, html, json, logging, os, pickle, signal, threading, urllib.request, warnings
from urllib.parse import quote, quote_plus
import pytest
from pytest_otp.providers.http import HttpClient
from pytest_otp.providers.registry import credentials, load
from pytest_otp.providers.base import Order
from pytest_otp.providers.deadline import time_limit

def provider(name, case):
    base = os.environ["SERVER"] if case != "refused" else os.environ["NOBODY"]
    urls = {"OTPCEPAT_BASE_URL": f"{base}/{case}/api", "OTPVIRT_BASE_URL": f"{base}/{case}"}
    client = HttpClient(name, sleep=lambda seconds: None)
    return load(name)(credentials(name, {**os.environ, **urls}, {}), client)

def limit(case):
    return time_limit(0.3 if case == "stall" else 60)

ORDER = Order("order-1", "12015550123", None, None, None, None, None, None)
BOTH = pytest.mark.parametrize("name", ["otpcepat", "otpvirt"])
SECRETS = ["API_KEY_OTPCEPAT", "OTPVIRT_CLIENT_ID", "OTPVIRT_API_PASSWORD", "OTPVIRT_WEBHOOK_TOKEN", "SHELF_KEY"]
"""

CLIENT = """
@BOTH
@pytest.mark.parametrize("case", CASES)
def test_read(name, case):
    acme = provider(name, case)
    with limit(case):
        acme.balance()
    raise RuntimeError("it went well")

@BOTH
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("call", CALLS)
def test_call(name, case, call):
    acme = provider(name, case if case == "refused" else "late-" + case)
    arguments = {"count": ("7", "6", None), "services": ("6",), "operators": ("6",), "countries": ()}
    with limit(case):
        try:
            getattr(acme, call)(*arguments.get(call, (ORDER,)))
        except Exception as error:
            print(error, repr(error), vars(error))
            raise
    raise RuntimeError("it went well")

@BOTH
@pytest.mark.parametrize("case", CASES)
def test_order_and_more(name, case):
    acme = provider(name, case if case == "refused" else "late-" + case)
    kept = [acme, vars(acme), [vars(part) for part in vars(acme).values() if hasattr(part, "__dict__")]]
    with limit(case):
        try:
            acme.messages(ORDER)
        except Exception as error:
            chained = error
            print(error, repr(error), vars(error))
        try:
            order = acme.order("7", "6", None)
        except Exception as error:
            raise ValueError("while ordering") from error
        assert order is None, order.price

@pytest.fixture
def set_up_fails():
    return provider("otpcepat", "html").balance()

def test_set_up(set_up_fails):
    pass

@pytest.fixture
def teardown_fails():
    acme = provider("otpvirt", "late-reset")
    yield
    acme.cancel(ORDER)

def test_teardown(teardown_fails):
    pass

def test_thread():
    thread = threading.Thread(target=provider("otpcepat", "drop").balance)
    thread.start()
    thread.join()
    raise RuntimeError("see the thread's exception above")

class Dying:
    def __del__(self):
        provider("otpcepat", "html").balance()

def test_finaliser():
    Dying()

def test_shown(record_property, caplog):
    acme = provider("otpvirt", "html")
    record_property("provider", repr(vars(acme)))
    print(acme, vars(acme), f"{[*vars(acme).values()]}", copy.copy(acme), [copy.copy(v) for v in vars(acme).values()])
    with pytest.raises(Exception) as caught:
        acme.balance()
    warnings.warn(str(caught.value))
    print(caplog.text, [vars(record) for record in caplog.records], pickle.dumps(caught.value))
    assert vars(acme) == caught.value, vars(acme)
"""

FIXTURES = """
@pytest.mark.parametrize("call", ["balance", "countries", "otp_number"])
@pytest.mark.parametrize("case", CASES)
def test_through_fixtures(otp_provider, otp_number, case, call):
    urllib.request.urlopen(f"{os.environ['SERVER']}/case/{case}").read()
    print(otp_provider, vars(otp_provider))
    with limit(case):
        if call == "otp_number":
            number = otp_number(service="7", country="6")
            number.wait_code(timeout=0.1)
        else:
            getattr(otp_provider, call)()
    raise RuntimeError("it went well")

def test_processes(otp_number):
    urllib.request.urlopen(f"{os.environ['SERVER']}/case/order").read()
    with pytest.raises(Exception):
        otp_number(service="7", country="6").wait_code(timeout=0.1)
    children = open(f"/proc/self/task/{os.getpid()}/children").read().split()
    assert children
    with open("processes.bin", "wb") as seen:
        for child in children:
            for name in ("cmdline", "environ"):
                seen.write(open(f"/proc/{child}/{name}", "rb").read() + b"\\n")
    raise RuntimeError("they were written")
"""

CARELESS = """
FORMS = {
    "plain": str, "percent": quote, "strict": lambda value: quote(value, safe=""), "form": quote_plus,
    "twice": lambda value: quote(quote(value, safe=""), safe=""),
    "base64": lambda value: base64.b64encode(value.encode()).decode(),
    "basic": lambda value: base64.b64encode(b"user:" + value.encode()).decode(),
    "urlsafe": lambda value: base64.urlsafe_b64encode(value.encode()).decode(),
    "json": json.dumps, "json in json": lambda value: json.dumps(json.dumps(value)), "repr": repr, "ascii": ascii,
    "bytes": lambda value: repr(value.encode()), "html": html.escape,
}
EACH = pytest.mark.parametrize("secret", SECRETS)

class Careless(Exception):
    def __init__(self, value):
        super().__init__("careless", value)
        self.value = value

@EACH
@pytest.mark.parametrize("form", FORMS)
def test_a_form(secret, form, record_property):
    value = FORMS[form](os.environ[secret])
    print("printed", value)
    logging.getLogger("app").warning("logged %s", value)
    record_property("recorded", value)
    warnings.warn("warned " + value)
    raise RuntimeError("raised " + value)

@EACH
def test_everything_else(secret):
    environ = dict(os.environ)
    try:
        raise Careless(os.environ[secret])
    except Careless as error:
        error.__dict__["note"] = "as " + os.environ[secret]
        raise ValueError("chained " + os.environ[secret]) from error

@EACH
def test_a_comparison(secret):
    assert dict(os.environ) == {"another": os.environ[secret]}, os.environ[secret]

@EACH
def test_a_skip(secret):
    pytest.skip("for " + os.environ[secret])

@EACH
def test_an_xfail(secret):
    pytest.xfail("for " + os.environ[secret])

@EACH
def test_a_passing_one(secret):
    print("passing", os.environ[secret])

@pytest.fixture(params=SECRETS)
def broken(request):
    print("in a fixture", os.environ[request.param])
    raise LookupError(os.environ[request.param])

def test_set_up_of_its_own(broken):
    pass

def careless():
    raise LookupError(" ".join(os.environ[name] for name in SECRETS))

def test_a_thread_of_its_own():
    thread = threading.Thread(target=careless)
    thread.start()
    thread.join()

class Finalised:
    def __del__(self):
        careless()

def test_a_finaliser_of_its_own():
    Finalised()

def test_output_of_a_process():
    os.write(1, b"by a process " + os.environb[b"API_KEY_OTPCEPAT"] + b"\\n")
"""

TEARDOWN = """
@pytest.fixture(params=SECRETS)
def breaks(request):
    yield
    raise LookupError(os.environ[request.param])

def test_teardown_of_its_own(breaks):
    pass
"""
"""Not with allure, which takes the error of a finaliser inside of it, before any hook; docs/security.md says so."""

PLUGIN_SHELF = """
from pytest_otp import Variable

class Shelf:
    name = "shelf"
    variables = (Variable("SHELF_KEY", "the key of the shelf", secret=True),)
    def __init__(self, variables, http): pass
    def order(self, service, country, operator): raise NotImplementedError
    messages = resend = cancel = finish = order
"""

UNMASKED = """
from pytest_otp.redact import known_values
known_values.ignore()
"""
"""A conftest.py that switches masking off."""
