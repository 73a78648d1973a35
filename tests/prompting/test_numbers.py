"""Numbers are found as they are written, and nothing else is taken for one."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptune.prompting.numbers import numbers, only, value


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("$1,234.50", ["1234.50"]),
        ("12,345,678", ["12345678"]),
        ("1 234 567", ["1", "234", "567"]),
        ("1\u00a0234", ["1234"]),
        ("1,2345", ["1", "2345"]),
        ("1, 2,3", ["1", "2", "3"]),
        ("-3 −3 ﹣3", ["-3", "-3", "-3"]),
        ("$-5 -€5", ["-5", "-5"]),
        ("x=-3", ["-3"]),
        ("10-12", ["10", "12"]),
        ("2024-05-01", ["2024", "05", "01"]),
        ("5 - 3", ["5", "3"]),
        (".5 and -.5", ["0.5", "-0.5"]),
        ("3.", ["3"]),
        ("1.5.", ["1.5"]),
        ("1.2.3 v1.2 B2 x3 a.5", []),
        ("2nd of 21st, 3rd and 4th", []),
        ("12kg 3x 50%", ["12", "3", "50"]),
        ("3e5 1.5E-3", ["3e5", "1.5E-3"]),
        ("1/2 and 10/4=2.5", ["1/2", "10/4", "2.5"]),
        ("1/0", ["1", "0"]),
        ("٣ and ３", ["3", "3"]),
        ("(−3), *7*, #4", ["-3", "7", "4"]),
        ("² ½ Ⅷ", []),
    ],
)
def test_numbers_are_found(text: str, found: list[str]) -> None:
    assert [number.text for number in numbers(text)] == found


@pytest.mark.parametrize(
    ("one", "other"),
    [("1,000.0", "1000"), ("$5", "5.00"), ("-0", "0"), ("1/2", "0.5"), ("12%", "12"), ("“7.”", "7"), ("1e3", "1000"), ("−3", "-3"), ("0.1", "1/10")],
)
def test_numbers_of_one_value_are_equal(one: str, other: str) -> None:
    assert value(one) == value(other) is not None


@pytest.mark.parametrize("text", ["", "seven", "11 apples", "1 2", "10-12", "1.2.3", "9" * 301, "1e9999"])
def test_what_is_not_one_number_alone_has_no_value(text: str) -> None:
    assert only(text) is None and value(text) is None


@given(st.integers(-(10**18), 10**18), st.integers(0, 6))
def test_what_python_writes_is_read_back_exactly(whole: int, places: int) -> None:
    amount = Fraction(whole, 10**places)
    sign, digits = "-" if whole < 0 else "", str(abs(whole)).rjust(places + 1, "0")
    plain = sign + (f"{digits[:-places]}.{digits[-places:]}" if places else digits)
    assert value(plain) == amount and value(f" ${plain}. ".replace("$-", "-$")) == amount
    assert value(f"{whole:,}") == whole


@given(st.text(max_size=60) | st.text("0123456789.,-−$/e %", max_size=40))
def test_numbers_stand_where_they_say_in_order_and_have_a_value(text: str) -> None:
    end = 0
    for number in numbers(text):
        assert end <= number.start < number.end <= len(text)
        end = number.end
        assert value(number.text) is not None
