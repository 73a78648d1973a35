"""Loading a model folder, and turning a prompt into the ids its model reads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import torch
import transformers
from safetensors import SafetensorError
from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM, AutoTokenizer, GenerationConfig, PreTrainedTokenizerBase

from promptune.core.prompt import Prompt, PromptPart, SentPrompt
from promptune.engines import chat, folder
from promptune.engines.spans import spans
from promptune.errors import EngineError, ModelUnusable
from promptune.sandbox import Sandbox

NO_LIMIT = 1_000_000  # tokens: tokenizers write huge numbers where they know none
# Of a model's generation settings, those that are kept.
OWN = (
    *("eos_token_id", "pad_token_id", "bos_token_id", "decoder_start_token_id", "forced_bos_token_id", "forced_eos_token_id"),
    *("suppress_tokens", "begin_suppress_tokens", "bad_words_ids", "repetition_penalty", "no_repeat_ngram_size"),
)
OFFLINE: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
SMALL = 20_000_000  # parameters
ALL_THREADS = torch.get_num_threads()
LONG = "longrope"
FALLBACK_WINDOW = 512  # where neither configuration nor tokenizer names one (T5)

transformers.utils.logging.disable_progress_bar()  # the page shows progress; a log file needs no bars
transformers.utils.logging.set_verbosity_error()


@dataclass(frozen=True)
class Loaded:
    model: Any  # a PreTrainedModel; transformers' own types are too loose to help
    tokenizer: PreTrainedTokenizerBase
    template: str | None
    window: int
    seq2seq: bool
    threads: int  # of torch, while it runs
    one_at_a_time: bool = False  # rows cannot share a batch

    @cached_property
    def ends(self) -> frozenset[int]:
        """Tokens that end an answer."""
        ends = self.model.generation_config.eos_token_id
        ids = set(ends) if isinstance(ends, list) else {ends}
        return frozenset(int(id) for id in (*ids, self.tokenizer.eos_token_id) if id is not None)

    def encode(self, prompt: Prompt, sandbox: Sandbox) -> SentPrompt:
        """The exact prompt. A chat template writes its special tokens itself; for plain text the tokenizer adds its own."""
        if self.template is not None:
            parts = chat.templated(prompt, self.template, self.special(), sandbox)
            encoded = self._ids(parts, special=False)
            return SentPrompt(_join(parts), encoded[0], spans(parts, encoded[1]), self.window)
        parts = chat.plain(prompt)
        ids, offsets = self._ids(parts, special=True)
        parts, offsets = self._added(parts, ids, offsets)
        return SentPrompt(_join(parts), ids, spans(parts, offsets), self.window)

    def ids(self, text: str, *, special: bool) -> tuple[int, ...]:
        return self._ids([PromptPart("question", text)], special=special)[0]

    def text(self, ids: list[int]) -> str:
        return str(self.tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False))

    def _ids(self, parts: list[PromptPart], *, special: bool) -> tuple[tuple[int, ...], list[tuple[int, int]]]:
        encoded = cast(Any, self.tokenizer)(_join(parts), add_special_tokens=special, return_offsets_mapping=True, verbose=False)
        return tuple(encoded["input_ids"]), [tuple(pair) for pair in encoded["offset_mapping"]]

    def _added(self, parts: list[PromptPart], ids: tuple[int, ...], offsets: list[tuple[int, int]]) -> tuple[list[PromptPart], list[tuple[int, int]]]:
        """Plain text with the special tokens a tokenizer puts around it (<s> …, … </s>) as template parts of their own."""
        known = set(self.tokenizer.all_special_ids)
        head = next((i for i, id in enumerate(ids) if id not in known or offsets[i][1] > offsets[i][0]), 0)
        tail = next((i for i, id in enumerate(reversed(ids)) if id not in known or offsets[-1 - i][1] > offsets[-1 - i][0]), 0)
        before = [str(self.tokenizer.convert_ids_to_tokens(id)) for id in ids[:head]]
        after = [str(self.tokenizer.convert_ids_to_tokens(id)) for id in ids[len(ids) - tail :]]
        placed, at = [], 0
        for token in before:
            placed.append((at, at + len(token)))
            at += len(token)
        placed += [(start + at, end + at) for start, end in offsets[head : len(ids) - tail]]
        at += len(_join(parts))
        for token in after:
            placed.append((at, at + len(token)))
            at += len(token)
        return [PromptPart("template", "".join(before)), *parts, PromptPart("template", "".join(after))], placed

    def special(self) -> dict[str, str]:
        names = ("bos_token", "eos_token", "pad_token", "unk_token")
        return {name: str(token) for name in names if (token := getattr(self.tokenizer, name, None)) is not None}


def load(path: Path, device: str) -> Loaded:
    kind = folder.inspect(path).kind
    tokenizer = read_tokenizer(path, kind)
    model, found = read_model(path, kind, device)
    refuse_gaps(path, sorted([*found["missing_keys"], *(str(key) for key in found["mismatched_keys"])]))
    model.generation_config = _language(model, tokenizer)
    return Loaded(model, tokenizer, template_of(tokenizer), _window(model.config, tokenizer), kind == "seq2seq", _threads(model), turns_on_others(model.config))


def read_model(path: Path, kind: folder.Kind, device: str, **options: Any) -> tuple[Any, dict[str, Any]]:
    """A model, and what transformers tells of the tensors that it did not find."""
    auto: Any = AutoModelForSeq2SeqLM if kind == "seq2seq" else AutoModelForCausalLM
    dtype = torch.bfloat16 if device == "cuda" else torch.float32
    with loading(path):
        model, found = auto.from_pretrained(path, dtype=dtype, use_safetensors=True, output_loading_info=True, **OFFLINE, **options)
        return model.to(device).eval(), found


def read_tokenizer(path: Path, kind: folder.Kind, **options: Any) -> PreTrainedTokenizerBase:
    with loading(path):
        tokenizer = cast(PreTrainedTokenizerBase, AutoTokenizer.from_pretrained(path, **OFFLINE, **options))
    tokenizer.padding_side = "right" if kind == "seq2seq" else "left"
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token or tokenizer.convert_ids_to_tokens(0)
    return tokenizer


@contextmanager
def loading(path: Path) -> Iterator[None]:
    """What a library cannot load is said of the folder."""
    try:
        yield
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ImportError, RuntimeError, SafetensorError) as error:
        if is_out_of_memory(error):
            raise
        raise ModelUnusable(
            f"the folder {path} cannot be loaded: {_first_line(error)}", todo="Save it again with a current version of transformers."
        ) from error


def refuse_gaps(path: Path, names: list[str]) -> None:
    """Tensors that are not in the files would be made up."""
    if names:
        what = f"its weights lack {names[0]}" + (f" and {len(names) - 1} more" if names[1:] else "")
        raise ModelUnusable(f"the folder {path} cannot be used: {what}.", todo="Copy or download it again.")


def _language(model: Any, tokenizer: PreTrainedTokenizerBase) -> GenerationConfig:
    """What of a model's generation settings belongs to its language. How to search is not the model's to say: beams,
    sampling and time limits would change an answer, or leave it without an end."""
    kept = {name: value for name in OWN if (value := getattr(model.generation_config, name, None)) is not None}
    return GenerationConfig(**({"pad_token_id": tokenizer.pad_token_id} | kept))


def turns_on_others(config: Any) -> bool:
    """Whether a row's positions turn on the longest one of the pass: such rows cannot share one."""
    ropes = getattr(config.get_text_config(decoder=True), "rope_parameters", None) or {}
    return LONG in (ropes.get("rope_type"), *(one.get("rope_type") for one in ropes.values() if isinstance(one, dict)))


def _threads(model: Any) -> int:
    """A small model's steps are too short to share: two threads wait for each other longer than they work."""
    return 1 if model.num_parameters() < SMALL else ALL_THREADS


def is_out_of_memory(error: BaseException) -> bool:
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or (isinstance(error, RuntimeError) and "can't allocate memory" in str(error))


def template_of(tokenizer: PreTrainedTokenizerBase) -> str | None:
    template = tokenizer.chat_template
    if isinstance(template, dict):  # several by name: the one for plain chat
        template = template.get("default") or next(iter(template.values()), None)
    return str(template) if template else None


def _window(config: Any, tokenizer: PreTrainedTokenizerBase) -> int:
    names = ("max_position_embeddings", "n_positions", "max_seq_len", "max_sequence_length", "max_source_positions")
    limits = [value for name in names if isinstance(value := getattr(config, name, None), int) and value > 0]
    if 0 < tokenizer.model_max_length < NO_LIMIT:
        limits.append(int(tokenizer.model_max_length))
    return min(limits, default=FALLBACK_WINDOW)


def _join(parts: list[PromptPart]) -> str:
    return "".join(part.text for part in parts)


def _first_line(error: Exception) -> str:
    """With the next one where it only announces that (torch: Error(s) in loading ...)."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return " ".join(line.strip() for line in lines[: 2 if lines[0].endswith(":") else 1])


def check_vocabulary(first: Loaded, second: Loaded) -> None:
    """Distributions can be compared only over the same tokens."""
    if first.tokenizer is not second.tokenizer and first.tokenizer.get_vocab() != second.tokenizer.get_vocab():
        raise EngineError("the two models have different tokens, so their predictions cannot be compared.", todo="Compare a model with one tuned from it.")
