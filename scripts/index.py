"""Write the index of the word lists; `make index` runs this after a change of languages.ini."""

from __future__ import annotations

from pytest_otp.codes.index import written
from pytest_otp.codes.lexicon import INDEX, Lexicon

lists = INDEX.with_name("languages.ini")
lexicon = Lexicon()
lexicon.add(lists.read_text(encoding="utf-8"), lists.name)
INDEX.write_bytes(written(lexicon.entries()))
