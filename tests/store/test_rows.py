"""Models, comparisons and slugs: kept as given, newest first, each owner alone."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from promptune.core.contender import is_slug
from promptune.core.job import JobState
from promptune.errors import NotFound, UserError
from promptune.store import ModelRecord, Store


def add(store: Store, owner: str = "ada", slug: str = "gemma", exact: bool = False) -> ModelRecord:
    return store.models.add(owner, slug=slug, exact=exact, label="Gemma", origin="folder", source="there", folder=Path("there"))


# Everything that takes an owner and an id. What another owner has must answer as what never was.
CALLS: dict[str, Callable[[Store, str, str], object]] = {
    "comparisons.get": lambda store, owner, id: store.comparisons.get(owner, id),
    "comparisons.rename": lambda store, owner, id: store.comparisons.rename(owner, id, "mine"),
    "comparisons.delete_talk": lambda store, owner, id: store.comparisons.delete_talk(owner, id),
    "comparisons.talk": lambda store, owner, id: store.comparisons.talk(owner, id),
    "comparisons.answer": lambda store, owner, id: store.comparisons.answer(owner, id, {}),
    "comparisons.vote": lambda store, owner, id: store.comparisons.vote(owner, id, "tie"),
    "models.get": lambda store, owner, id: store.models.get(owner, id),
    "models.rename": lambda store, owner, id: store.models.rename(owner, id, "mine"),
    "models.delete": lambda store, owner, id: store.models.delete(owner, id),
    "tasks.get": lambda store, owner, id: store.tasks.get(owner, id),
    "tasks.rename": lambda store, owner, id: store.tasks.rename(owner, id, "mine"),
    "tasks.delete": lambda store, owner, id: store.tasks.delete(owner, id),
    "jobs.get": lambda store, owner, id: store.jobs.get(owner, id),
    "jobs.ask_cancel": lambda store, owner, id: store.jobs.ask_cancel(owner, id),
    "jobs.resume": lambda store, owner, id: store.jobs.resume(owner, id),
    "jobs.rename": lambda store, owner, id: store.jobs.rename(owner, id, "mine"),
    "jobs.delete": lambda store, owner, id: store.jobs.delete(owner, id),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("state", [JobState.QUEUED, JobState.CANCELLED])
def test_a_foreign_id_answers_exactly_as_a_missing_one(store: Store, call: str, state: JobState) -> None:
    """An answer that told them apart would tell a stranger what others have."""
    comparison = store.comparisons.save("ada", question="why?", answers=[])
    job = store.jobs.create("ada", kind="batch", label="nightly", spec={}, total=1)
    if state is not JobState.QUEUED:
        store.jobs.move(job.id, state)
    task = store.tasks.add("ada", slug="reviews", label="Reviews", content={"rows": 3})
    id = {"comparisons": comparison.id, "models": add(store).slug, "tasks": task.slug, "jobs": job.id}[call.partition(".")[0]]
    with pytest.raises(NotFound) as foreign:
        CALLS[call](store, "bob", id)
    with pytest.raises(NotFound) as missing:
        CALLS[call](store, "bob", "never-was")
    assert str(foreign.value).replace(id, "never-was") == str(missing.value)
    assert foreign.value.where == missing.value.where
    assert CALLS[call](store, "ada", id) if call.endswith("get") else True
    assert (store.comparisons.get("ada", comparison.id), store.jobs.get("ada", job.id).state, store.models.get("ada", "gemma").label) == (
        comparison,
        state,
        "Gemma",
    )


def test_every_call_that_takes_an_owner_and_an_id_is_checked_above(store: Store) -> None:
    """A new call must join the list, or nobody would notice that it forgot the owner."""
    without_id = {"add", "save", "create", "create_family", "list", "lines", "talks", "voted"}
    for_the_scheduler = {"find", "next_queued", "running", "move", "progress", "folder", "children", "position"}
    names = {f"{table}.{name}" for table in ("comparisons", "models", "tasks", "jobs") for name in dir(getattr(store, table)) if not name.startswith("_")}
    assert {name for name in names if name.partition(".")[2] not in without_id | for_the_scheduler} == set(CALLS)


def test_lists_hold_what_is_the_owners_only(store: Store) -> None:
    add(store)
    store.comparisons.save("ada", question="why?", answers=[])
    store.jobs.create("ada", kind="batch", label="nightly", spec={}, total=1)
    store.tasks.add("ada", slug="reviews", label="Reviews", content={})
    assert store.prompts.list("ada") == []  # each kind for itself
    store.comparisons.vote("ada", store.comparisons.list("ada")[0].id, "bad")
    assert [*store.tasks.list("bob"), *store.models.list("bob"), *store.comparisons.list("bob"), *store.jobs.list("bob")] == []
    assert store.comparisons.talks("bob", bool, 9) == store.comparisons.voted("bob") == []
    assert len(store.comparisons.talks("ada", bool, 9)) == len(store.comparisons.voted("ada")) == 1


def test_a_comparison_comes_back_as_it_was_saved(store: Store) -> None:
    """Every character of a question and an answer, half characters of a model's torn output too."""
    answers = [{"text": "naïve 🦜 ‮عربي \ud83d", "tokens": [1, 2], "error": None, "seconds": 0.1}]
    saved = store.comparisons.save("ada", question="é\n?", answers=answers)
    assert saved.answers == answers
    assert store.comparisons.get("ada", saved.id) == saved
    assert store.comparisons.list("ada") == [saved]
    assert saved.size > 0


def test_comparisons_are_listed_newest_first_whatever_the_clock_does(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter([2e9, 1e9, 1e9, 3e9])
    monkeypatch.setattr("promptune.store.comparisons.time.time", lambda: next(now))
    saved = [store.comparisons.save("ada", question=f"{i}", answers=[]) for i in range(4)]
    assert [record.id for record in store.comparisons.list("ada", limit=3)] == [record.id for record in saved[:0:-1]]


def test_a_comparison_is_labelled_by_its_question_until_a_person_names_it(store: Store) -> None:
    saved = store.comparisons.save("ada", question="  Why is\nthe sky " + "so " * 50 + "blue?", answers=[])
    assert saved.label.startswith("Why is the sky so")
    assert len(saved.label) <= 60
    store.comparisons.rename("ada", saved.id, " the\tsky ")
    assert store.comparisons.get("ada", saved.id).label == "the sky"


@pytest.mark.parametrize("label", ["", " \n\t", "\0"])
def test_an_empty_label_is_refused(store: Store, label: str) -> None:
    saved = store.comparisons.save("ada", question="why?", answers=[])
    with pytest.raises(UserError, match="label"):
        store.comparisons.rename("ada", saved.id, label)


@pytest.mark.parametrize("label", ["../../etc", "; touch x", "$(reboot)", "--flag", "<script>", "x" * 300, "\ud800"])
def test_a_label_may_be_anything_for_it_is_never_a_path(store: Store, label: str) -> None:
    saved = store.comparisons.save("ada", question="why?", answers=[])
    store.comparisons.rename("ada", saved.id, label)
    assert 0 < len(store.comparisons.get("ada", saved.id).label) <= 200


def test_a_deleted_comparison_is_gone(store: Store) -> None:
    saved = store.comparisons.save("ada", question="why?", answers=[])
    store.comparisons.delete_talk("ada", saved.id)
    assert store.comparisons.list("ada") == []
    with pytest.raises(NotFound):
        store.comparisons.get("ada", saved.id)


def test_a_talk_goes_on_and_what_no_longer_stays_goes_in_the_same_moment(store: Store) -> None:
    first = store.comparisons.save("ada", question="one", answers=[])
    second, third = (store.comparisons.save("ada", question=text, answers=[], talk=first.id) for text in ("two", "three"))
    other = store.comparisons.save("ada", question="apart", answers=[], about={"task": "reviews", "row": 3}, blind=True)
    assert store.comparisons.talk("ada", first.id) == [first, second, third] and first.talk == first.id
    assert [len(records) for records in store.comparisons.talks("ada", bool, 9)] == [1, 3] and store.comparisons.get("ada", other.id) == other
    anew = store.comparisons.save("ada", question="two, anew", answers=[], talk=first.id, instead=[second.id, third.id])
    assert store.comparisons.talk("ada", first.id) == [first, anew]
    assert [records[-1].id for records in store.comparisons.talks("ada", bool, 9)] == [anew.id, other.id], "what was gone on with last comes first"
    for talk in (other.id, "never-was"):
        with pytest.raises(NotFound):
            store.comparisons.save("bob", question="mine", answers=[], talk=talk)


@pytest.mark.parametrize("label", ["", "The sky"])
def test_a_talk_whose_first_question_is_asked_anew_stays_the_same_one(store: Store, label: str) -> None:
    """The talk's id may stand in a bookmark, and the name is a person's own, if they gave it one."""
    first = store.comparisons.save("ada", question="one", answers=[])
    if label:
        store.comparisons.rename("ada", first.id, label)
    second = store.comparisons.save("ada", question="two", answers=[], talk=first.id)
    anew = store.comparisons.save("ada", question="anew", answers=[], talk=first.id, instead=[first.id, second.id])
    assert store.comparisons.talk("ada", first.id) == [anew] and (anew.talk, anew.label) == (first.id, label or "anew") and anew.id != first.id


def test_what_another_window_kept_meanwhile_stays(store: Store) -> None:
    """Only what its author saw goes; and the talk is still called what a person called it."""
    first = store.comparisons.save("ada", question="one", answers=[])
    unseen = store.comparisons.save("ada", question="two", answers=[], talk=first.id)
    anew = store.comparisons.save("ada", question="one, better", answers=[], talk=first.id, instead=[first.id])
    assert store.comparisons.talk("ada", first.id) == [unseen, anew]
    store.comparisons.rename("ada", unseen.id, "My talk")
    store.comparisons.save("ada", question="two, better", answers=[], talk=first.id, instead=[unseen.id])
    assert store.comparisons.talk("ada", first.id)[0].label == "My talk"
    with pytest.raises(NotFound):
        store.comparisons.vote("ada", first.id, "0")


def test_other_answers_take_a_vote_back_and_only_the_first_vote_is_blind(store: Store) -> None:
    """A vote shows the names: whoever changes it knows them."""
    saved = store.comparisons.save("ada", question="why?", answers=[{"text": "x"}], blind=True)
    assert [(one.vote, one.blind) for one in (store.comparisons.vote("ada", saved.id, vote) for vote in ("0", "0", "tie"))] == [
        ("0", True),
        ("0", True),
        ("tie", False),
    ]
    again = store.comparisons.save("ada", question="why?", answers=[{"text": "x"}, {"text": "y"}], blind=True)
    assert store.comparisons.answer("ada", again.id, {0: {"text": "X"}}).blind
    store.comparisons.vote("ada", again.id, "0")
    later = store.comparisons.answer("ada", again.id, {1: {"text": "z" * 99}})
    assert (later.vote, later.blind, later.answers) == ("", False, [{"text": "X"}, {"text": "z" * 99}]) and later.size > again.size


def test_a_model_is_kept_renamed_and_deleted(store: Store) -> None:
    model = add(store)
    assert store.models.list("ada") == [store.models.get("ada", "gemma")] == [model]
    store.models.rename("ada", "gemma", "The small one")
    assert (store.models.get("ada", "gemma").label, store.models.get("ada", "gemma").slug) == ("The small one", "gemma")
    store.models.delete("ada", "gemma")
    assert store.models.list("ada") == []


def test_a_slug_is_never_given_again(store: Store) -> None:
    """A link or a contender's spelling that was written down must not come to mean another model."""
    assert [add(store).slug, add(store).slug] == ["gemma", "gemma-2"]
    store.models.delete("ada", "gemma")
    store.models.delete("ada", "gemma-2")
    assert add(store).slug == "gemma-3"
    with pytest.raises(UserError, match="gemma-4"):
        add(store, exact=True)
    assert [model.slug for model in store.models.list("ada")] == ["gemma-3"]


def test_owners_and_kinds_have_slugs_of_their_own(store: Store) -> None:
    assert (add(store, "ada").slug, add(store, "bob").slug, store.claim_slug("ada", "run", "gemma")) == ("gemma", "gemma", "gemma")


def test_a_numbered_slug_is_still_a_slug(store: Store) -> None:
    """The longest name leaves no room for a number: it gives way."""
    names = [store.claim_slug("ada", "run", "x" * 100) for _ in range(11)]
    assert len(set(names)) == 11
    assert all(map(is_slug, names))


@pytest.mark.parametrize("slug", ["", "../x", "/etc", "%2e", "a\0", "Große", "x" * 101, "-x", ".x"])
def test_what_is_no_slug_is_refused(store: Store, slug: str) -> None:
    with pytest.raises(UserError, match="name"):
        store.claim_slug("ada", "run", slug)


def test_many_at_once_get_different_slugs(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        slugs = list(pool.map(lambda _: add(store).slug, range(24)))
    assert len(set(slugs)) == 24
