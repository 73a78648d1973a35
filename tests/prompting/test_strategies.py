"""A strategy renders a prompt of named parts and reads an answer, saying how."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptune.core.contender import Contender
from promptune.core.prompt import Message, Prompt, PromptPart
from promptune.core.task import Example
from promptune.errors import UserError
from promptune.prompting.material import NOTHING, Material, Parts
from promptune.prompting.strategies import STRATEGIES, build, form
from tests.prompting.samples import LABELS, SPELLINGS, material, questions, strategy, text_of

GIVEN = material()
SUM = Example("Q: 2 plus 3?\nA:", answer_type="number", split="test", row=1)
MOOD = Example("Review: fine\nMood:", choices=LABELS, answer_type="choice", split="test", row=1)


def parts(spelling: str, example: Example, given_: Material = GIVEN) -> list[tuple[str, str]]:
    (message,) = strategy(spelling, given_).render(example).messages
    return [(part.kind, part.text) for part in message.parts]


@given(questions, st.sampled_from(SPELLINGS), st.integers(0, 4))
def test_rendering_changes_no_text(question: Example, spelling: str, drop: int) -> None:
    """The question stands in a part of its own, what is shown stands in its own as it was, and earlier turns stay."""
    built = strategy(spelling, GIVEN)
    turns = (Message("user", (PromptPart("question", "before"),)), Message("assistant", (PromptPart("context", "so"),)))
    made = built.render(question, turns, drop=drop)
    assert made.messages[:2] == turns and len(made.messages) == 3
    assert [part.text for part in made.messages[-1].parts if part.kind == "question"] == [question.prompt]
    shown = text_of("examples", made)
    held = [shot for shot in GIVEN.shots if shot.prompt in shown and (shot.completion or "") in shown]
    passages = [text for text in GIVEN.passages["book"] if text and f"{text}\n\n" in text_of("context", made)]
    left = max(0, built.extras(question) - drop)
    if "shot" in spelling and "zero" not in spelling:
        assert left <= len(held) and shown.count("Mood:") == left
    elif "retrieve" in spelling:
        assert left - 1 <= len(passages) <= left, "an empty passage shows nothing"
    else:
        assert built.extras(question) == 0 and not shown


def test_every_strategy_is_tried_here() -> None:
    assert {Contender.parse(spelling).strategy for spelling in SPELLINGS} == set(STRATEGIES.names())


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_strategy_tells_what_it_does(spelling: str) -> None:
    """Its form is a contender's spelling, and what it is called is what it is registered as."""
    built, name = strategy(spelling, GIVEN), Contender.parse(spelling).strategy
    assert built.name == name and built.summary.endswith(".") and built.summary.count(". ") == 0
    assert form(name).startswith(name) and Contender.parse(f"tiny/{form(name)}").strategy == name


def test_the_forms_are_those_of_the_guide() -> None:
    assert [form(name) for name in STRATEGIES.names()] == [
        *("zero-shot", "instruct", "few-shot:k,by=balanced,seed=0", "cot", "few-shot-cot:k,by=balanced,seed=0"),
        *("self-consistency:n", "retrieve:k,from=name", "custom:name"),
    ]


@pytest.mark.parametrize(
    ("spelling", "words"),
    [
        ("tiny/zeroshot", "Did you mean 'zero-shot'"),
        ("tiny/zero-shot:4", "takes none"),
        ("tiny/cot:by=nearest", "takes no arguments"),
        ("tiny/cot:material=x", "takes no arguments"),
        ("tiny/few-shot", "needs k"),
        ("tiny/few-shot:many", "k=many should be a whole number"),
        ("tiny/few-shot:1.5", "should be a whole number"),
        ("tiny/few-shot:0", "from 1 to 1000"),
        ("tiny/few-shot:3,seed=-1", "seed=-1"),
        ("tiny/few-shot:3,by=neares", "Did you mean 'nearest'"),
        ("tiny/few-shot:3,k=4", "given twice"),
        ("tiny/few-shot:25", "24 train rows, and 25 examples"),
        ("tiny/few-shot:3,material=x", "no argument 'material'"),
        ("tiny/self-consistency:65", "from 1 to 64"),
        ("tiny/retrieve:3", "needs from"),
        ("tiny/retrieve:3,from=bok", "Did you mean 'book'"),
        ("tiny/retrieve:3,from_=book", "no argument 'from_'"),
        ("tiny/custom", "needs parts"),
        ("tiny/custom:min", "Did you mean 'mine'"),
        ("tiny/instruct:min", "Did you mean 'mine'"),
    ],
)
def test_a_wrong_strategy_or_argument_says_what_would_be_right(spelling: str, words: str) -> None:
    with pytest.raises(UserError, match=words) as caught:
        strategy(spelling, GIVEN)
    assert caught.value.todo and (caught.value.where or "zeroshot" in spelling)


@pytest.mark.parametrize("name", ["few-shot:2", "few-shot-cot:2"])
def test_without_train_rows_there_is_nothing_to_show(name: str) -> None:
    only_test = Material(tuple(Example("q", "a", rationale="r", split="test", row=row) for row in range(9)))
    for given_ in (NOTHING, only_test):
        with pytest.raises(UserError, match=r"train row"):
            strategy(f"tiny/{name}", given_)


def test_without_worked_steps_there_are_none_to_show() -> None:
    with pytest.raises(UserError, match="no train row has worked steps"):
        strategy("tiny/few-shot-cot:2", Material((Example("q", "a", split="train", row=1),)))


def test_zero_shot_is_the_question() -> None:
    assert parts("tiny/zero-shot", SUM) == [("question", SUM.prompt)]


def test_instruct_says_what_form_the_answer_takes() -> None:
    assert parts("tiny/instruct", MOOD)[0] == ("instruction", "You are a careful assistant.\nAnswer with exactly one of: good, bad, so-so.\n\n")
    assert parts("tiny/instruct", SUM)[0] == ("instruction", "You are a careful assistant.\nAnswer with a number only.\n\n")
    assert parts("tiny/instruct:mine", SUM) == [
        ("instruction", "You are a cook.\nName the mood.\nOne word only.\n\n"),
        ("context", "It rains.\n\n"),
        ("question", SUM.prompt),
    ]
    half = Material(parts={"half": Parts(context="Be here.")})
    assert [kind for kind, _ in parts("tiny/instruct:half", SUM, half)] == ["instruction", "context", "question"]


def test_custom_is_the_users_words_and_nothing_else() -> None:
    assert parts("tiny/custom:mine", SUM)[-1] == ("cue", " Mood:")
    bare = Material(parts={"bare": Parts(instruction="Do it."), "none": Parts()})
    assert parts("tiny/custom:bare", SUM, bare) == [("instruction", "Do it.\n\n"), ("question", SUM.prompt)]
    assert parts("tiny/custom:none", SUM, bare) == [("question", SUM.prompt)]


def test_a_custom_cue_that_asks_for_the_answer_is_read_at_its_beginning() -> None:
    given_ = Material(parts={"now": Parts(cue="Mood:"), "later": Parts(cue="Think first.")})
    assert strategy("tiny/custom:now", given_).read("good, not bad at all. It is bad weather.", MOOD).value == "good"
    assert strategy("tiny/custom:later", given_).read("It seems good. In the end it is bad.", MOOD).value == "bad"


@pytest.mark.parametrize(("prompt", "joint"), [("Q: x\nA:", " "), ("答案：", " "), ("2 + 2 =", " "), ("Why?", "\n"), ("so ", ""), ("so\n", ""), ("word", "\n")])
def test_what_follows_a_prompt_is_joined_as_its_end_asks_for(prompt: str, joint: str) -> None:
    """Behind "A:" on the same line, else on one of its own: the cue and the shots alike."""
    assert parts("tiny/cot", Example(prompt))[-1] == ("cue", f"{joint}Let's think step by step.")
    shots = Material((Example(prompt, "yes", split="train", row=1),))
    assert parts("tiny/few-shot:1", Example("other"), shots)[0] == ("examples", f"{prompt}{joint}yes\n\n")


def test_worked_examples_end_with_their_answer_once() -> None:
    steps = {"3 + 4 = 7. The answer is 7.": "3 + 4 = 7. The answer is 7.", "3 + 4 = 7.": "3 + 4 = 7. The answer is 7.", "The answer is 8, no": None}
    for rationale, wanted in steps.items():
        shots = Material((Example("Q: 3 plus 4?\nA:", "7", answer_type="number", rationale=rationale, split="train", row=1),))
        (kind, shown), _ = parts("tiny/few-shot-cot:1", SUM, shots)
        assert kind == "examples" and shown == f"Q: 3 plus 4?\nA: {wanted or f'{rationale} The answer is 7.'}\n\n"


def test_without_an_example_left_the_steps_are_asked_for_in_words() -> None:
    made: Prompt = strategy("tiny/few-shot-cot:2", GIVEN).render(MOOD, drop=2)
    assert [part.kind for part in made.messages[0].parts] == ["question", "cue"]


def test_steps_are_read_at_the_end_and_the_rest_at_the_beginning() -> None:
    text = "It looks good. It is bad."
    for spelling in SPELLINGS:
        wanted = "bad" if any(word in spelling for word in ("cot", "self")) else "good"
        assert strategy(spelling, GIVEN).read(text, MOOD).value == wanted, spelling


def test_passages_come_best_first_and_no_more_than_there_are() -> None:
    (kind, text), _ = parts("tiny/retrieve:2,from=book", Example("wood for a boat, and a horse"))
    assert kind == "context" and text.startswith("What may help:\n\nA boat is made of wood.\n\n") and len(text.split("\n\n")) == 4
    assert strategy("tiny/retrieve:99,from=book", GIVEN).extras(SUM) == 4
    assert parts("tiny/retrieve:3,from=none", SUM, Material(passages={"none": ()})) == [("question", SUM.prompt)]


def test_build_needs_no_material_where_none_is_used() -> None:
    assert build(Contender.parse("tiny/cot")) == strategy("tiny/cot", GIVEN)
