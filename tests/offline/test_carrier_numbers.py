"""The offline carrier: which numbers it allocates in each region, and what its seed and lane determine."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import phonenumbers
import pytest
from phonenumbers import PhoneNumberType

from pytest_otp.errors import InvalidRequest, NumberUnavailable
from pytest_otp.offline.carrier import Carrier

SMS_KINDS = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)

# These share a numbering plan with a larger neighbour, to which phonenumbers counts every mobile number.
ATTRIBUTED_TO_OTHERS = {"AX", "BL", "CC", "CX", "EH", "MF", "SJ", "VA"}

# phonenumbers knows fixed lines only.
WITHOUT_MOBILES = {"TA"}

FICTIONAL = {
    "US": r"\+1[2-9]\d\d55501\d\d",
    "CA": r"\+1[2-9]\d\d55501\d\d",
    "SE": r"\+467017406(0[5-9]|[1-9]\d)",
    "DE": r"\+49(17139200\d\d|176040690\d\d|152\d{8}|172\d{7}|174\d{7})",
    "AU": r"\+6149157\d{4}",
}


@pytest.fixture(scope="module")
def world() -> Carrier:
    """One carrier for all regions."""
    return Carrier(seed=1)


@pytest.mark.parametrize("region", sorted(phonenumbers.SUPPORTED_REGIONS))
def test_every_region_has_numbers(world: Carrier, region: str) -> None:
    """In each region that phonenumbers knows, numbers are valid, of that region, able to receive SMS, and new."""
    before = {line.e164 for line in world.lines}
    lines = [world.allocate(region) for _ in range(5)]
    assert len(before | {line.e164 for line in lines}) == len(before) + len(lines)
    for line in lines:
        number = phonenumbers.parse(line.e164)
        assert line.region == region
        assert phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) == line.e164
        assert phonenumbers.is_valid_number(number)
        assert phonenumbers.is_valid_number_for_region(number, region)
        assert region in ATTRIBUTED_TO_OTHERS or phonenumbers.region_code_for_number(number) == region
        assert region in WITHOUT_MOBILES or phonenumbers.number_type(number) in SMS_KINDS


@pytest.mark.parametrize("region", FICTIONAL)
def test_fictional_numbers_come_first(carrier: Carrier, region: str) -> None:
    """Where a regulator keeps numbers for fiction that phonenumbers accepts, those are handed out."""
    for _ in range(25):
        assert re.fullmatch(FICTIONAL[region], carrier.allocate(region).e164)


@pytest.mark.parametrize(("region", "fiction"), [("GB", "+447700900"), ("FR", "+33639980"), ("IE", "+3532091")])
def test_fictional_numbers_that_are_not_valid_are_left_out(carrier: Carrier, region: str, fiction: str) -> None:
    """Where phonenumbers rejects the regulator's numbers, valid mobile numbers take their place."""
    assert not phonenumbers.is_valid_number(phonenumbers.parse(fiction.ljust(12, "0")))
    number = carrier.allocate(region)
    assert not number.e164.startswith(fiction)
    assert phonenumbers.number_type(phonenumbers.parse(number.e164)) == PhoneNumberType.MOBILE


def test_when_fiction_runs_out(carrier: Carrier) -> None:
    """After Australia's thirty fictional numbers come made-up ones, none of them twice."""
    numbers = [carrier.allocate("AU").e164 for _ in range(200)]
    assert len(set(numbers)) == 200
    fictional = [number for number in numbers if re.fullmatch(FICTIONAL["AU"], number)]
    assert fictional == numbers[:30]


def test_a_region_that_runs_out() -> None:
    """Tristan da Cunha has a thousand numbers: each is handed out once, and then the error says so."""
    carrier = Carrier(seed=1)
    assert len({carrier.allocate("TA").e164 for _ in range(1000)}) == 1000
    with pytest.raises(NumberUnavailable, match=r"the offline carrier has no more numbers in TA"):
        carrier.allocate("TA")
    assert carrier.allocate("US").region == "US"


def test_a_released_number_is_not_handed_out_again() -> None:
    """Within a run a number stands for one order, also after it was given back."""
    carrier = Carrier(seed=1)
    seen = set()
    for _ in range(1000):
        line = carrier.allocate("TA")
        seen.add(line.e164)
        carrier.release(line)
    assert len(seen) == 1000
    assert carrier.lines == ()


def test_regions_are_read_leniently(carrier: Carrier) -> None:
    """Case and spaces around a region's code do not matter."""
    assert carrier.allocate(" gb ").region == "GB"


@pytest.mark.parametrize("region", ["", "XX", "USA", "001", "Germany"])
def test_an_unknown_region(carrier: Carrier, region: str) -> None:
    """What is no region of phonenumbers is refused with what to give instead."""
    with pytest.raises(InvalidRequest) as caught:
        carrier.allocate(region)
    expected = f"unknown region {region.upper()!r}. Use a two-letter ISO 3166 code, such as US, GB or DE."
    assert str(caught.value) == expected


# Seeds and lanes


def a_little_of_everything(carrier: Carrier) -> list[str]:
    lines = [carrier.allocate(region) for region in ("US", "ID", "US", "GB")]
    carrier.deliver(lines[0], "hello")
    return [*(line.e164 for line in lines), carrier.code(), carrier.new_id(), lines[0].messages()[0].id]


def test_a_seed_decides_everything() -> None:
    """The same seed and calls give the same numbers, codes and ids; another seed gives others."""
    assert a_little_of_everything(Carrier(seed=3)) == a_little_of_everything(Carrier(seed=3))
    assert not set(a_little_of_everything(Carrier(seed=3))) & set(a_little_of_everything(Carrier(seed=4)))


def test_a_region_does_not_depend_on_others() -> None:
    """A region's numbers follow from the seed alone, whatever else was allocated or drawn before."""
    alone, busy = Carrier(seed=3), Carrier(seed=3)
    for region in ("CA", "GB", "DE"):
        busy.allocate(region)
        busy.code()
    assert [alone.allocate("US").e164 for _ in range(5)] == [busy.allocate("US").e164 for _ in range(5)]


def test_a_seed_that_was_drawn_can_be_used_again() -> None:
    """Without a seed one is drawn, another each time, and told."""
    first, second = Carrier(), Carrier()
    assert first.seed != second.seed
    assert Carrier(seed=first.seed).allocate("US").e164 == first.allocate("US").e164


@pytest.mark.parametrize("seed_of_lane", [lambda lane: 5, lambda lane: lane], ids=["one seed", "own seeds"])
@pytest.mark.parametrize("region", ["US", "AU", "TK"])
def test_lanes_never_meet(region: str, seed_of_lane: Callable[[int], int]) -> None:
    """Carriers of different lanes hand out different numbers, as far as a small country's numbers reach."""
    carriers = [Carrier(seed=seed_of_lane(lane), lane=lane, lanes=8) for lane in range(8)]
    numbers = [carrier.allocate(region).e164 for carrier in carriers for _ in range(40)]
    assert len(set(numbers)) == len(numbers)


def test_lanes_differ_in_codes_and_ids() -> None:
    """Two lanes with one seed do not send the same codes, nor give the same ids."""
    one, other = (Carrier(seed=5, lane=lane, lanes=2) for lane in range(2))
    assert [one.code() for _ in range(5)] != [other.code() for _ in range(5)]
    assert one.new_id() != other.new_id()


@pytest.mark.parametrize(("lane", "lanes"), [(1, 1), (-1, 2), (0, 0)])
def test_a_lane_outside_its_lanes(lane: int, lanes: int) -> None:
    """A lane that does not exist is a mistake of the caller."""
    with pytest.raises(ValueError, match=f"lane must be between 0 and lanes - 1; got lane {lane} of {lanes}"):
        Carrier(lane=lane, lanes=lanes)


def test_codes_and_ids_are_well_formed(carrier: Carrier) -> None:
    """A code has six digits, also when it is a small number; an id is a UUID of version 4."""
    assert all(re.fullmatch(r"[0-9]{6}", carrier.code()) for _ in range(200))
    assert UUID(carrier.new_id()).version == 4


def test_threads_get_different_numbers() -> None:
    """Eight threads that allocate at the same time get as many numbers as they ask for, none of them twice."""
    carrier = Carrier(seed=1)
    with ThreadPoolExecutor(8) as pool:
        lines = list(pool.map(carrier.allocate, ["US", "GB", "TK", "AU"] * 50))
    assert len({line.e164 for line in lines}) == 200
    assert len(carrier.lines) == 200
    assert {line.e164 for line in lines} == numbers_of_one_thread()


def numbers_of_one_thread() -> set[str]:
    carrier = Carrier(seed=1)
    return {carrier.allocate(region).e164 for region in ["US", "GB", "TK", "AU"] * 50}


def test_imports_cost_nothing_that_is_heavy() -> None:
    """The carrier and the desk load phonenumbers only when a number is asked for."""
    program = "import sys, pytest_otp.offline.carrier, pytest_otp.offline.desk; sys.exit('phonenumbers' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_copies_in_forked_processes() -> None:
    """Copies of a carrier that diverge have other IDs and codes, the same ones each time, and none of its numbers."""

    def copy(branch: int, taken: list[str]) -> tuple[str, str, str]:
        carrier = Carrier(seed=1)
        carrier.exclude(taken)
        carrier.diverge(branch)
        return carrier.allocate("US").e164, carrier.new_id(), carrier.code()

    first = copy(1, [])
    second = copy(2, [first[0]])
    assert all(one != other for one, other in zip(first, second, strict=True))
    assert second == copy(2, [first[0]])
    original = Carrier(seed=1)
    assert {original.new_id(), original.code()}.isdisjoint({*first, *second})
    original.exclude([first[0], second[0]])
    assert original.allocate("US").e164 not in (first[0], second[0])
