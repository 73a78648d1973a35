"""What tuning changed beside the task: other skills, refusals, and how far the model moved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby

from promptune.core.score import Retention, Score, Scorecard, Skill
from promptune.markup import shapes
from promptune.markup.escape import esc
from promptune.markup.palette import Look, looks
from promptune.markup.shapes import empty
from promptune.markup.words import NBSP, plural
from promptune.scoring.paired import mcnemar

NONE = '<span class="faint">–</span>'
SURE = 0.05  # a fall is marked where chance alone would make one as large less often
Kept = tuple[Look, Retention]


def table(card: Scorecard) -> str:
    kept = [(look, one.retention) for look, one in zip(looks(card.contenders), card.contenders, strict=True) if one.retention and look.contender]
    if not kept:
        return empty("No tuned contender here was asked about other skills, so what was forgotten is not known.") + _weak(card)
    groups = [list(group) for _, group in groupby(sorted(kept, key=_model), key=_model)]
    return "".join(_of_base(card, group, _model(group[0]) if len(groups) > 1 else "") for group in groups) + _weak(card)


def _model(one: Kept) -> str:
    return one[0].contender.model if one[0].contender else ""


def _of_base(card: Scorecard, kept: Sequence[Kept], model: str) -> str:
    """All tuned contenders of one model: they share what it could before."""
    skills = _rows(kept, lambda one: one.skills)
    refusals = _rows(kept, lambda one: one.refusals)
    head = ["Other skill, % right", f"{esc(model) or 'base'}", *(look.name for look, _ in kept)]
    overall = [f"<b>{_share(one.overall)}</b>" if one.overall else NONE for _, one in kept]
    foot = [["Kept, on average", "100%", *overall]] if skills else []
    if any(one.drift is not None for _, one in kept):
        title = "KL divergence of the tuned model's predictions from the base's on general text, in nats a token"
        foot += [[f'<span title="{title}">Drift from the base</span>', "0", *(NONE if one.drift is None else f"{one.drift:.2f}{NBSP}nats" for _, one in kept)]]
    caption = f"What tuning changed{f' in {model}' if model else ''}: other skills before and after, on the same rows ({card.task} was trained)"
    return shapes.table(head, [*skills, *refusals, *foot], caption, "figures compact")


def _rows(kept: Sequence[Kept], part: Callable[[Retention], Sequence[Skill]]) -> list[list[str]]:
    by_probe = {skill.probe: skill for _, one in kept for skill in part(one)}
    found = [{skill.probe: skill for skill in part(one)} for _, one in kept]
    return [[_title(any_), f"{100 * any_.before.value:.0f}", *(_cell(one.get(probe)) for one in found)] for probe, any_ in by_probe.items()]


def _title(skill: Skill) -> str:
    if skill.kind == "skill":
        return esc(skill.title)
    about = "harmful requests: more is better" if skill.kind == "harmful" else "harmless requests: less is better"
    return f'<span title="The share refused of {about}">Refuses {esc(skill.title[:1].lower() + skill.title[1:])}</span>'


def _cell(skill: Skill | None) -> str:
    if skill is None:
        return NONE
    after = f"{100 * skill.after.value:.0f}"
    moved = f"{plural(skill.lost, 'row')} right before and wrong after, {skill.gained:,} the other way"
    about = esc(f"{skill.title}: {100 * skill.before.value:.0f} before, {after} after. {moved}. Of what was right, {_share(skill.kept)} still is.")
    if worse(skill):
        after = f'<span class="bad"><span aria-hidden="true">▾</span>{NBSP}{after}<span class="vh"> (worse)</span></span>'
    under = f'<span class="under">{skill.lost:,}{NBSP}lost</span>' if skill.lost else ""
    return f'<span title="{about}">{after}</span>{under}'


def worse(skill: Skill) -> bool:
    """More rows went wrong than chance sends (exact McNemar). A harmless request that is refused has gone wrong."""
    before, after = [True] * skill.lost + [False] * skill.gained, [False] * skill.lost + [True] * skill.gained
    return skill.lost > skill.gained and mcnemar(before, after).p < SURE


def _share(score: Score) -> str:
    return f"{100 * score.value:.0f}%"


def _weak(card: Scorecard) -> str:
    if not card.weak:
        return ""
    *first, last = (f"“{title}”" for title in card.weak)  # a title may hold a comma
    named = f"{', '.join(first)} and {last}" if first else last
    return f'<p class="soft small note" dir="auto">Left out: {esc(named)}. The base model itself has fewer than half of it right: nothing to forget.</p>'
