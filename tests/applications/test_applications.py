"""Applications and libraries that send their codes themselves: a sign-up or a login from end to end."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from pytest_otp.gateway.address import GatewayAddress
from pytest_otp.numbers.ordering import Numbers
from tests.applications.running import HERE, PATIENCE, PYTHON, node, variables
from tests.applications.site import Site, running, served

PASSWORD = "correct-horse-battery"
Start = Callable[..., AbstractContextManager[Site]]


@pytest.fixture
def site(otp_gateway: GatewayAddress, tmp_path: Path) -> Start:
    """Starts an application with `otp_gateway.environ()`."""

    @contextmanager
    def start(program: str, *args: str) -> Iterator[Site]:
        command = [str(PYTHON), str(HERE / "programs" / program), *args]
        with served(command, variables(otp_gateway, tmp_path), tmp_path) as started:
            yield started

    return start


@pytest.mark.short
@pytest.mark.parametrize(
    "method",
    [
        pytest.param("sms", marks=pytest.mark.application("django-two-factor-auth", "Twilio Messages, by twilio")),
        pytest.param("call", marks=pytest.mark.application("django-two-factor-auth", "Twilio Calls, by twilio")),
    ],
)
def test_two_factor(site: Start, otp_number: Numbers, method: str) -> None:
    """django-two-factor-auth: a user turns the second factor on, and then logs in with it."""
    number = otp_number()
    with site("two_factor_site.py") as visitor:
        visitor.visit("/account/login/")
        visitor.submit("/account/login/", auth__username="alice", auth__password=PASSWORD)
        setup = "/account/two_factor/setup/"
        visitor.visit(setup)
        visitor.submit(setup)
        visitor.submit(setup, method__method=method)
        visitor.submit(setup, **{f"{method}__number": number.e164})
        visitor.submit(setup, validation__token=number.wait_code(timeout=30))
        visitor.forget()
        visitor.visit("/account/login/")
        visitor.submit("/account/login/", auth__username="alice", auth__password=PASSWORD)
        visitor.submit("/account/login/", token__otp_token=number.wait_code(timeout=30))
        assert "Disable Two-Factor Authentication" in visitor.visit("/account/two_factor/")


@pytest.mark.short
@pytest.mark.application("django-allauth", "Amazon SNS, by boto3")
def test_allauth(site: Start, otp_number: Numbers) -> None:
    """django-allauth: a visitor signs up with a phone number, and verifies it."""
    number = otp_number()
    with site("allauth_site.py") as visitor:
        visitor.visit("/accounts/signup/")
        visitor.submit("/accounts/signup/", phone=number.e164, password1=PASSWORD)
        visitor.submit("/accounts/phone/verify/", code=number.wait_code(timeout=30))
        assert visitor.visit("/profile/") == f"{number.e164} verified: True"


@pytest.mark.application("Flask-Security-Too", "Twilio Messages, by twilio")
def test_flask_security(site: Start, otp_number: Numbers) -> None:
    """Flask-Security-Too: a visitor registers, sets the second factor up, and logs in with it."""
    number = otp_number()
    account = {"email": "alice@harbour.example", "password": PASSWORD}
    with site("flask_security_site.py") as visitor:
        visitor.submit("/register", **account, password_confirm=PASSWORD)
        visitor.forget()
        visitor.submit("/login", **account)
        visitor.submit("/tf-setup", setup="sms", phone=number.e164)
        visitor.submit("/tf-validate", code=number.wait_code(timeout=30))
        visitor.forget()
        visitor.submit("/login", **account)
        visitor.submit("/tf-validate", code=number.wait_code(timeout=30))
        assert "Currently setup two-factor method: SMS" in visitor.visit("/tf-setup")


@pytest.mark.parametrize(
    "backend",
    [
        pytest.param("twilio", marks=pytest.mark.application("django-phone-verify", "Twilio Messages, by twilio")),
        pytest.param("nexmo", marks=pytest.mark.application("django-phone-verify", "Vonage SMS, by nexmo")),
    ],
)
def test_phone_verify(site: Start, otp_number: Numbers, backend: str) -> None:
    """django-phone-verify: an app registers a number, and verifies it."""
    number = otp_number()
    with site("phone_verify_site.py", backend) as app:
        session = app.post("/api/phone/register", {"phone_number": number.e164})["session_token"]
        answer = {"session_token": str(session), "phone_number": number.e164}
        said = app.post("/api/phone/verify", {**answer, "security_code": number.wait_code(timeout=30)})
        assert said == {"message": "Security code is valid."}


@pytest.mark.application("drfpasswordless", "Twilio Messages, by twilio")
def test_drfpasswordless(site: Start, otp_number: Numbers) -> None:
    """drfpasswordless: an app logs in with a code instead of a password, and gets its token."""
    number = otp_number()
    with site("drfpasswordless_site.py") as app:
        app.post("/auth/mobile/", {"mobile": number.e164})
        said = app.post("/auth/token/", {"mobile": number.e164, "token": number.wait_code(timeout=30)})
        assert len(str(said["token"])) == 40


@pytest.mark.application("django-otp-twilio", "Twilio's API, by requests")
def test_otp_twilio(site: Start, otp_number: Numbers) -> None:
    """django-otp-twilio: a login form asks its device for a code, and takes it."""
    number = otp_number()
    account = {"username": "alice", "password": PASSWORD, "otp_device": "otp_twilio.twiliosmsdevice/1"}
    with site("otp_twilio_site.py") as visitor:
        visitor.visit(f"/enrol/?phone={number.digits}")
        visitor.visit("/login/")
        visitor.submit("/login/", **account, otp_challenge="Get OTP Challenge")
        said = visitor.submit("/login/", **account, otp_token=number.wait_code(timeout=30))
        assert said == "verified by TwilioSMSDevice"


@pytest.mark.parametrize(
    "service",
    [
        pytest.param("vonage", marks=pytest.mark.application("fastapi", "Vonage Messages, by vonage")),
        pytest.param("sns", marks=pytest.mark.application("fastapi", "Amazon SNS, by aioboto3")),
    ],
)
def test_fastapi(site: Start, otp_number: Numbers, service: str) -> None:
    """FastAPI on uvicorn: an app signs up, however the application sends the code, and verifies its number."""
    number = otp_number()
    with site("fastapi_site.py") as app:
        app.post(f"/sign-up/{service}", {"phone": number.e164})
        said = app.post("/verify", {"phone": number.e164, "code": number.wait_code(timeout=30)})
        assert said == {"verified": number.e164}


@pytest.mark.parametrize("major", ["20", "24"])
@pytest.mark.application("express", "Twilio Messages, by twilio, started by `npm run dev`")
def test_npm_run_dev(major: str, otp_number: Numbers, otp_gateway: GatewayAddress, tmp_path: Path) -> None:
    """A development server that npm starts: npm, its shell and the server's own child hand the variables on."""
    number = otp_number()
    program = node(major)
    environment = variables(otp_gateway, tmp_path)
    environment["PATH"] = f"{program.parent}{os.pathsep}{environment['PATH']}"
    npm = program.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    command = [str(program), str(npm), "--silent", "run", "dev"]
    with served(command, environment, HERE / "programs" / "express_app", tmp_path / "log") as app:
        app.post("/sign-up", {"phone": number.e164})
        said = app.post("/verify", {"phone": number.e164, "code": number.wait_code(timeout=30)})
        assert said == {"verified": number.e164}


WORKERS = {
    "celery": ("redis+socket", [str(PYTHON), "-m", "celery", "-A", "celery_app", "worker", "--pool", "solo"]),
    "rq": ("unix", [str(PYTHON.parent / "rq"), "worker", "--url", "BROKER"]),
}


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Path]:
    """The socket of a Redis server."""
    socket = tmp_path / "redis"
    command = ["redis-server", "--port", "0", "--unixsocket", str(socket), "--save", ""]
    with running(command, {"PATH": os.environ["PATH"]}, tmp_path, tmp_path / "log") as process:
        assert process.stdout
        assert any("ready to accept connections" in line.lower() for line in process.stdout), (
            tmp_path / "log"
        ).read_text()
        yield socket


@pytest.mark.parametrize(
    ("worker", "sends"),
    [
        pytest.param(
            "celery",
            "celery_app.py",
            marks=[pytest.mark.short, pytest.mark.application("celery", "Twilio Messages in a task, by twilio")],
        ),
        pytest.param("rq", "rq_jobs.py", marks=pytest.mark.application("rq", "Twilio Messages in a job, by twilio")),
    ],
)
def test_workers(
    worker: str, sends: str, redis: Path, otp_number: Numbers, otp_gateway: GatewayAddress, tmp_path: Path
) -> None:
    """A worker of a queue sends the code; what puts the task into the queue needs no variables."""
    number = otp_number()
    scheme, words = WORKERS[worker]
    broker = f"{scheme}://{redis}"
    plain = {"PATH": os.environ["PATH"], "BROKER": broker, "PYTHONPATH": str(HERE / "programs")}
    command = [broker if word == "BROKER" else word for word in words]
    environment = {**variables(otp_gateway, tmp_path), **plain}
    with running(command, environment, tmp_path, tmp_path / "worker"):
        task = [str(PYTHON), str(HERE / "programs" / sends), number.e164, "482913 is your code"]
        subprocess.run(task, env=plain, check=True, timeout=PATIENCE)
        assert number.wait_code(timeout=60) == "482913", (tmp_path / "worker").read_text()
