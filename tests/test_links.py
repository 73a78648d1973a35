"""A link says whom to ask and what: what was spelled is read again, and what somebody pasted never breaks the page."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptune import asked, links
from promptune.core.contender import Contender
from promptune.core.task import SPLITS
from promptune.links import LONGEST_QUESTION, Link, read, spell

SPELLED = ("tiny/zero-shot", "tiny/few-shot:4,by=nearest,seed=3", "tiny+reviews-lora@0.8/cot?max=64&seed=1&t=0.7", "tiny/retrieve:3,from=handbook")
contenders = st.lists(st.sampled_from([str(Contender.parse(one)) for one in SPELLED]), max_size=6).map(tuple)
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=80) | st.sampled_from(["a&b=c;d#e", "+ %20 %", "שלום 👩‍👩‍👧\n<b>", "?q=x"])
whole = st.builds(Link, contenders, st.sampled_from(["", "reviews", "a.b-c_2"]), st.none(), st.none(), text)
with_row = st.builds(Link, contenders, st.just("reviews"), st.sampled_from(SPLITS), st.integers(1, 10**9), text)


@given(whole | with_row)
def test_what_is_spelled_is_read_again(link: Link) -> None:
    assert read(spell(link)) == read(f"?{spell(link)}") == link
    assert spell(link).isascii() and not set(spell(link)) & set(" #<>\"'")


@given(st.text(max_size=300) | st.text("cqrowtask=&%:?+/123", max_size=100))
def test_whatever_is_pasted_is_read(query: str) -> None:
    link = read(query)
    assert len(link.contenders) <= 6 and all(str(Contender.parse(one)) == one for one in link.contenders)
    assert link.row is None or link.split in SPLITS


def test_what_cannot_be_read_is_told_and_the_rest_is_there() -> None:
    link = read("c=tiny&c=tiny/cot&task=../x&row=some:3&q=hi")
    assert (link.contenders, link.task, link.row, link.question) == (("tiny/cot",), "", None, "hi") and len(link.wrong) == 3
    many = read("&".join(["c=tiny/cot"] * 8))
    assert len(many.contenders) == 6 and "8 contenders" in many.wrong[0]
    assert read("q=%ff").wrong and read("q=\ud800").wrong and not read("").wrong and not read("utm=1&q=x").wrong
    walls = read(f"c={'x' * 9000}&c=tiny/{'y' * 1500}&c=tiny/{'z' * 150}&task={'a b' * 9000}&row={'z' * 9000}").wrong
    assert len(walls) == 5 and all(0 < len(told) < 600 for told in walls), "what is wrong is told in a sentence"


def test_a_question_too_long_for_a_link_is_left_out() -> None:
    fits, long = (Link(("tiny/cot",), question="é" * n) for n in (LONGEST_QUESTION, LONGEST_QUESTION + 1))
    assert read(spell(fits)) == fits and read(spell(long)) == Link(("tiny/cot",))


@pytest.mark.parametrize("row", ["12", "test:12"])
def test_a_row_without_a_split_is_of_the_test_rows(row: str) -> None:
    assert (read(f"task=reviews&row={row}").split, read(f"task=reviews&row={row}").row) == ("test", 12)


def test_a_link_names_as_many_as_can_be_asked() -> None:
    assert links.MOST_CONTENDERS == asked.MOST_CONTENDERS
