"""Settings and numbers under pytest-xdist."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.plugin.inner import KEY, XDIST, Run

SAVES_WHAT_IT_SEES = f"""
    import json, pathlib

    def test_it(otp_number, otp_settings, otp_carrier, request):
        numbers = [otp_number() for _ in range(20)]
        workerinput = getattr(request.config, "workerinput", {{}})
        assert {KEY!r} not in repr(workerinput)
        seen = {{
            "numbers": [number.e164 for number in numbers],
            "seed": otp_settings.fake_seed,
            "timeout": otp_settings.timeout,
            "country": otp_settings.country,
            "source": otp_settings.source("timeout"),
        }}
        pathlib.Path("seen-" + workerinput.get("workerid", "main")).write_text(json.dumps(seen))
"""


@pytest.mark.parametrize(
    ("args", "workers"),
    [
        ((), ["main"]),
        ((*XDIST, "-n0"), ["main"]),
        ((*XDIST, "--dist=each", "--tx=2*popen"), ["gw0", "gw1"]),
        (("-p", "no:xdist"), ["main"]),
    ],
    ids=["without", "n0", "two", "no-xdist"],
)
def test_xdist(
    pytester: pytest.Pytester, run: Run, monkeypatch: pytest.MonkeyPatch, args: tuple[str, ...], workers: list[str]
) -> None:
    """With and without xdist the settings reach the tests, the seed is one, and no number is there twice."""
    monkeypatch.setenv("API_KEY_OTPCEPAT", KEY)
    pytester.path.joinpath(".env").write_text(f"PYTEST_OTP_TIMEOUT=33\nOTPVIRT_API_PASSWORD={KEY}\n")
    pytester.makepyfile(SAVES_WHAT_IT_SEES)
    result = run("--otp-country=US", *args)
    result.assert_outcomes(passed=len(workers))
    seen = [json.loads(Path(f"seen-{worker}").read_text()) for worker in workers]
    assert {(run["timeout"], run["country"], run["source"]) for run in seen} == {
        (33.0, "US", "PYTEST_OTP_TIMEOUT in .env")
    }
    assert len({run["seed"] for run in seen}) == 1
    result.stdout.fnmatch_lines([f"otp: *seed {seen[0]['seed']}; timeout 33 s (PYTEST_OTP_TIMEOUT in .env)"])
    numbers = [number for run in seen for number in run["numbers"]]
    assert len(set(numbers)) == 20 * len(workers)


def test_workers_of_a_run_that_sets_nothing(pytester: pytest.Pytester, run: Run) -> None:
    """Workers of a run without settings have the seed that the header shows, and numbers of their own."""
    pytester.makepyfile(SAVES_WHAT_IT_SEES)
    result = run(*XDIST, "--dist=each", "--tx=2*popen")
    result.assert_outcomes(passed=2)
    seen = [json.loads(Path(f"seen-{worker}").read_text()) for worker in ("gw0", "gw1")]
    assert {(run["timeout"], run["country"], run["source"]) for run in seen} == {(120.0, None, "default")}
    assert len({run["seed"] for run in seen}) == 1
    result.stdout.fnmatch_lines([f"otp: *seed {seen[0]['seed']}; timeout 10 s (default)"])
    assert len({number for run in seen for number in run["numbers"]}) == 40
    result.stdout.fnmatch_lines(["*one-time codes by SMS*"])


def test_xdist_with_a_real_provider(pytester: pytest.Pytester, run: Run) -> None:
    """Workers read the credentials for themselves, here from .env; no report shows them."""
    pytester.path.joinpath(".env").write_text(f"API_KEY_OTPCEPAT={KEY}\n")
    pytester.makepyfile(
        """
        import pathlib

        def test_it(otp_provider, request):
            assert otp_provider.name == "otpcepat"
            key = pathlib.Path(".env").read_text().strip().partition("=")[2]
            assert key not in repr(request.config.workerinput)
            assert key == "", request.config.workerinput
        """
    )
    result = run(*XDIST, "-n1", "--otp-provider=otpcepat", "-l", "-vv")
    result.assert_outcomes(failed=1)
    assert KEY not in result.stdout.str() + result.stderr.str()
