"""The contender's spelling: it is in every URL, file and database, so it must mean the same everywhere and for ever."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptune.core.contender import MAX_SPELLING, NUMBER, Contender, slugify
from promptune.core.decoding import Decoding
from promptune.errors import UserError
from tests.core.test_decoding import decodings

slugs = st.from_regex(r"[a-z0-9][a-z0-9._-]{0,20}", fullmatch=True)
names = slugs.filter(lambda slug: not NUMBER.fullmatch(slug))
values = st.one_of(names, st.integers(-(10**15) + 1, 10**15 - 1), st.integers(-(10**9), 10**9).map(lambda millionths: millionths / 10**6))
keys = st.from_regex(r"[a-z][a-z0-9_]{0,10}", fullmatch=True)


@st.composite
def contenders(draw: st.DrawFn) -> Contender:
    run = draw(st.none() | slugs)
    return Contender(
        model=draw(slugs),
        strategy=draw(slugs),
        run=run,
        strength=draw(st.integers(0, 10**6).map(lambda millionths: millionths / 10**6)) if run else 1.0,
        args=tuple(draw(st.lists(values, max_size=3))),
        options=tuple(draw(st.dictionaries(keys, values, max_size=3)).items()),
        decoding=draw(decodings),
    )


@given(contenders())
def test_what_is_printed_parses_back_to_the_same(contender: Contender) -> None:
    """A kept comparison or a job names its contenders by their spelling alone: nothing may be lost in it."""
    assert Contender.parse(str(contender)) == contender


@given(contenders())
def test_one_contender_has_one_spelling(contender: Contender) -> None:
    """Spellings are compared as text in the database: printing what was parsed must not change it again."""
    spelling = str(contender)
    assert str(Contender.parse(spelling)) == spelling
    assert str(Contender.parse(f"  {spelling}\n")) == spelling


@given(st.text(max_size=60) | st.text("tiny+@/:,=?&.-_09 %é", max_size=60))
def test_any_text_is_a_contender_or_a_helpful_error(text: str) -> None:
    """The spelling is typed by people and comes in URLs: nothing typed may end in anything but a UserError that quotes it."""
    result = parsed(text)
    if isinstance(result, UserError):
        assert result.where.startswith("contender")
        assert result.what
    else:
        assert Contender.parse(str(result)) == result


def parsed(text: str) -> Contender | UserError:
    try:
        return Contender.parse(text)
    except UserError as error:
        return error


@pytest.mark.parametrize(
    "spelling",
    [
        "tiny/zero-shot",
        "tiny/few-shot:4,by=nearest,seed=3",
        "tiny+reviews-lora@0.8/cot?t=0.7&max=64&seed=1",
        "tiny/retrieve:3,from=handbook",
        "tiny/custom:my-prompt?stop=%0A%0A&stop=Q%3A",
    ],
)
def test_documented_spellings_stay_as_they_are(spelling: str) -> None:
    assert str(Contender.parse(spelling)) == spelling


def test_the_pieces_of_a_spelling() -> None:
    contender = Contender.parse("tiny+reviews-lora@0.8/few-shot:4,by=nearest?t=0.7&max=64&seed=1")
    assert contender == Contender(
        model="tiny",
        run="reviews-lora",
        strength=0.8,
        strategy="few-shot",
        args=(4,),
        options=(("by", "nearest"),),
        decoding=Decoding(t=0.7, max=64, seed=1),
    )
    assert contender.weights == "tiny+reviews-lora@0.8"


def test_what_says_nothing_new_is_not_spelled() -> None:
    """`@1` and `4.0` are other ways to write what is already said: one of them is the spelling."""
    assert str(Contender.parse("tiny+run@1.0/few-shot:4.0?t=0.70")) == "tiny+run/few-shot:4?t=0.7"


WRONG = [  # a spelling, what names the wrong piece, what would be right
    ("", "empty", "tiny/zero-shot"),
    ("tiny", "no '/'", "tiny/zero-shot"),
    ("My Model", "no '/'", "my-model/zero-shot"),
    ("/zero-shot", "the model is missing", "'tiny'"),
    ("My Model/zero-shot", "model 'My Model'", "'my-model'"),
    ("tiny/", "no strategy", "tiny/zero-shot"),
    ("tiny/Zero Shot", "strategy 'Zero Shot'", "'zero-shot'"),
    ("tiny+/cot", "'+'", "model+run/strategy"),
    ("tiny+My Run/cot", "run 'My Run'", "'my-run'"),
    ("tiny@0.5/cot", "no run is named", "model+run@0.8/strategy"),
    ("tiny+run@/cot", "strength ''", "from 0 to 1"),
    ("tiny+run@half/cot", "strength 'half'", "from 0 to 1"),
    ("tiny+run@1.5/cot", "strength 1.5", "from 0 to 1"),
    ("tiny+run@0.12345678/cot", "strength 0.12345678", "decimals"),
    ("tiny/few-shot:", "':'", "few-shot:4"),
    ("tiny/few-shot:4,", "argument ''", "number or a name"),
    ("tiny/few-shot:by=", "'by='", "number or a name"),
    ("tiny/few-shot:by=nearest,4", "'4'", "unnamed arguments first"),
    ("tiny/few-shot:by=a,by=b", "given twice", "one of them"),
    ("tiny/few-shot:BY=a", "'BY'", "by=nearest"),
    ("tiny/few-shot:Four", "'Four'", "lower-case"),
    ("tiny/few-shot:0.1234567", "0.1234567", "decimals"),
    ("tiny/cot?", "'?'", "?t=0.7"),
    ("tiny/cot?temperature=1", "'temperature'", "t, top_p, max, seed, stop"),
    ("tiny/cot?t=hot", "t=hot", "0.7"),
    ("tiny/cot?t=9", "t=9", "from 0 to 5"),
    ("x" * (MAX_SPELLING + 1), str(MAX_SPELLING + 1), str(MAX_SPELLING)),
]


@pytest.mark.parametrize(("spelling", "names", "right"), WRONG, ids=[spelling[:30] or "nothing" for spelling, _, _ in WRONG])
def test_every_error_names_the_piece_and_what_would_be_right(spelling: str, names: str, right: str) -> None:
    with pytest.raises(UserError) as caught:
        Contender.parse(spelling)
    assert names in caught.value.what
    assert right in str(caught.value)


@pytest.mark.parametrize("wrong", [{"model": "Tiny"}, {"strategy": ""}, {"run": "a/b"}, {"strength": 0.5}, {"args": ("4",)}, {"args": (0.1234567,)}])
def test_a_contender_made_in_code_is_checked_like_a_typed_one(wrong: dict[str, object]) -> None:
    """Otherwise a form could make a contender whose spelling does not parse back: the text '4' would come back as the number."""
    with pytest.raises(UserError):
        Contender(**{"model": "tiny", "strategy": "cot"} | wrong)


@given(st.text(max_size=200))
def test_a_suggested_slug_is_a_slug_or_nothing(text: str) -> None:
    """An error suggests it as the right spelling, so typing it must work."""
    slug = slugify(text)
    assert not slug or Contender.parse(f"{slug}/zero-shot").model == slug
