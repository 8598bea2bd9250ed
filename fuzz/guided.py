"""`python -m fuzz.guided TARGET SECONDS FOLDER [FOLDER] [OPTION]`: one target, guided by coverage. Needs atheris."""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["pytest_otp"]):
    from fuzz.targets import TARGETS

from fuzz.campaign import CORPUS, FINDINGS, SLOWEST, kept
from fuzz.seeds import WORDS


def main() -> None:
    """Fuzz; ends the process."""
    name, seconds, folder, *more = sys.argv[1:]
    target = TARGETS[name]
    for number, seed in enumerate(target.seeds):
        if not more:
            with open(f"{folder}/seed-{number}", "wb") as file:
                file.write(seed)
    words = f"{folder}.words"
    with open(words, "w", encoding="ascii") as file:
        file.writelines('"' + "".join(f"\\x{byte:02x}" for byte in word) + '"\n' for word in WORDS)
    options = [
        f"-max_total_time={seconds}",
        f"-dict={words}",
        f"-artifact_prefix={FINDINGS}/{name}-",
        f"-timeout={SLOWEST}",
        "-max_len=4096",
        "-print_final_stats=1",
        *more,
    ]
    corpus = [str(CORPUS / name)] if kept(name) and not more else []
    atheris.Setup([sys.argv[0], folder, *corpus, *options], target.check)
    atheris.Fuzz()


main()
