"""The error tree: what a person reads, and what a pipe, a pane and JSON carry of it."""

from __future__ import annotations

import pytest

from promptune.errors import Busy, EngineDied, EngineError, ModelUnusable, NotFound, OutOfMemory, Problem, Problems, TemplateError, UserError, raised


def test_an_error_reads_as_where_what_and_what_to_do() -> None:
    assert str(UserError("no such column.", where="row 3", todo="Check the header.")) == "row 3: no such column. Check the header."
    assert str(UserError("no such column.")) == "no such column."


def test_problems_are_told_together_each_with_its_field() -> None:
    problems = Problems([Problem("rank", "is 0"), Problem("epochs", "is -1")], where="recipe")
    assert str(problems) == "recipe: rank: is 0; epochs: is -1"
    assert [problem.field for problem in problems.problems] == ["rank", "epochs"]


def test_everything_a_person_may_meet_is_a_user_error_with_a_name_of_its_own() -> None:
    """The name is the cause that jobs and JSON show: two kinds with one name could not be told apart."""
    kinds = [UserError, NotFound, Busy, Problems, TemplateError, EngineError, ModelUnusable, OutOfMemory, EngineDied]
    assert all(issubclass(kind, UserError) for kind in kinds)
    assert len({kind.name for kind in kinds}) == len(kinds)


@pytest.mark.parametrize("kind", [EngineError, ModelUnusable, OutOfMemory, EngineDied])
def test_an_engine_error_crosses_a_pipe_unchanged(kind: type[EngineError]) -> None:
    error = kind("it broke.", todo="Try a shorter prompt.")
    again = raised(error.name, error.what, todo=error.todo)
    assert (type(again), str(again)) == (kind, str(error))


def test_an_engine_error_of_an_unknown_name_is_still_an_engine_error() -> None:
    """The device process may be newer than the server beside it."""
    assert type(raised("MELTED", "it melted.")) is EngineError
