"""Which files of a dataset's repository are its data, and which split each belongs to: as its card says, else by their names and folders. Never code."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TypeVar

from promptune.core.task import SPLITS, Split
from promptune.errors import NotFound, UserError
from promptune.registry import did_you_mean
from promptune.tasks import hubcard
from promptune.tasks.hubcard import DEFAULT

FORMATS = (".parquet", ".jsonl", ".ndjson", ".csv", ".tsv", ".json")  # the better one first, where a table is there in several
ABOUT = ("dataset_info", "dataset_infos", "dataset_dict", "config", "state", "metadata", "package", "croissant")  # files about the data
SPLIT_WORDS: Mapping[str, Split] = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("validation", "valid", "val", "dev"), "validation"),
    **dict.fromkeys(("test", "testing", "eval", "evaluation"), "test"),
}
WHOLE = "rows"  # what a table is called that nobody split

T = TypeVar("T")


@dataclass(frozen=True)
class DataFile:
    path: str  # in the repository
    name: str  # here: SPLIT-NN.ext, or rows-NN.ext


@dataclass(frozen=True)
class Chosen:
    files: tuple[DataFile, ...]
    notes: tuple[str, ...]  # what was left out, in sentences


def choose(paths: Sequence[str], card: str, config: str | None) -> Chosen:
    """`card`: the text of its README.md. `config`: which of its subsets, where it has several. No files where none could be read as a table."""
    data = [path for path in sorted(paths) if _is_data(PurePosixPath(path))]
    if not data:
        return Chosen((), ())
    subsets = hubcard.subsets(card)
    said = _named(subsets, config) if subsets else {}
    splits = hubcard.by_split(said, data)
    if splits is None:
        splits = _named(_by_name(hubcard.within(said, data)), None if subsets else config)
    splits = {split: found for split, found in splits.items() if found}
    return _chosen(splits) if splits else Chosen((), ())


def split_named(name: str) -> Split | None:
    """The split that a name says: train, test_sft, my-dev-2."""
    found = {SPLIT_WORDS[word] for word in re.split(r"[^a-z]+", name.lower()) if word in SPLIT_WORDS}
    return found.pop() if len(found) == 1 else None


def _is_data(path: PurePosixPath) -> bool:
    strange = path.is_absolute() or any(piece.startswith(".") or "\\" in piece or ":" in piece for piece in path.parts)
    return not strange and path.suffix.lower() in FORMATS and path.stem.lower() not in ABOUT


def _named(subsets: Mapping[str, T], config: str | None) -> T:
    if config is not None:
        if config not in subsets:
            raise NotFound(f"it has no subset {config!r}.", todo=did_you_mean(config, subsets))
        return subsets[config]
    if len(subsets) > 1 and DEFAULT not in subsets:
        raise UserError(f"it has several subsets: {', '.join(sorted(subsets))}.", todo="Choose one.")
    return subsets.get(DEFAULT) or next(iter(subsets.values()))


# ---- by names and folders ----


def _by_name(data: Sequence[str]) -> dict[str, dict[str, list[str]]]:
    """Subset, split, files. Files of one split in different folders are different subsets; where no file names a split, so are files of different names."""
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for path in data:
        *folders, file = PurePosixPath(path).with_suffix("").parts
        for depth in range(len(folders), -1, -1):
            if split := split_named([*folders, file][depth]):
                found["/".join(folders[:depth])][split].append(path)
                break
    if not found:
        for path in data:
            found[re.sub(r"[-_.]?\d+([-_]of[-_]\d+)?$", "", PurePosixPath(path).with_suffix("").as_posix())]["train"].append(path)
    splits = Counter(split for subset in found.values() for split in subset)
    if max(splits.values(), default=1) == 1:  # train/a.csv and held-out/test.csv
        return {DEFAULT: {split: files for subset in found.values() for split, files in subset.items()}}
    return {name or DEFAULT: subset for name, subset in found.items()}


# ---- what it is called here ----


def _chosen(splits: Mapping[str, Sequence[str]]) -> Chosen:
    mine = {split: name for split in SPLITS if (name := _called(split, list(splits)))}
    if not mine and len(splits) > 1:
        raise UserError(f"its splits are {', '.join(splits)}, none of them train, validation or test.", todo="Download the file you want and bring that.")
    names = dict[str, str](mine.items()) if set(mine) - {"train"} else {WHOLE: mine.get("train", next(iter(splits)))}
    files, notes = [], []
    for name, split in names.items():
        kept = _one_format(splits[split])
        files += [DataFile(path, f"{name}-{number:02}{PurePosixPath(path).suffix.lower()}") for number, path in enumerate(kept)]
        if len(kept) < len(splits[split]):
            notes.append(f"{name} is there in several formats; {PurePosixPath(kept[0]).suffix} was taken.")
    if left := [split for split in splits if split not in names.values()]:
        notes.append(f"Left out: the splits {', '.join(left)}.")
    return Chosen(tuple(files), tuple(notes))


def _called(split: Split, names: Sequence[str]) -> str | None:
    """The one that is called so, else the first that means it."""
    return split if split in names else next((name for name in names if split_named(name) == split), None)


def _one_format(paths: Sequence[str]) -> list[str]:
    formats = Counter(PurePosixPath(path).suffix.lower() for path in paths)
    best = max(formats, key=lambda suffix: (formats[suffix], -FORMATS.index(suffix)))
    return [path for path in paths if PurePosixPath(path).suffix.lower() == best]
