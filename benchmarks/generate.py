"""How quickly one answer comes on a CPU: streamed by the device process, against Hugging Face's `generate` in this process.

Both read the same ids with the same weights on one thread, greedily, and alternate question by question. The baseline is given its ids
and gives back ids; ours is asked as the lab asks, and its time runs from the request to the last event.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

import torch
import transformers
from results import Line, record
from transformers import AutoModelForCausalLM, AutoTokenizer

from promptune.core.prompt import Message, Prompt, PromptPart
from promptune.engines.device import Device
from promptune.engines.protocol import Finished, Request, Weights
from promptune.models import BUNDLED, BUNDLED_FOLDER

REPEATS, LONGEST = 7, 160  # new tokens
QUESTIONS = ("Tell me a story.", "Write a short story.", "A story, please.", "Make up a little story.")
WEIGHTS = Weights(BUNDLED, str(BUNDLED_FOLDER))


class Theirs:
    def __init__(self) -> None:
        transformers.utils.logging.disable_progress_bar()
        torch.set_num_threads(1)  # as many as the engine gives so small a model: two would wait for each other
        self.tokenizer = AutoTokenizer.from_pretrained(BUNDLED_FOLDER, local_files_only=True)
        self.model = AutoModelForCausalLM.from_pretrained(BUNDLED_FOLDER, dtype=torch.float32, local_files_only=True).eval()

    def ids(self, question: str) -> list[int]:
        turn = [{"role": "user", "content": question}]
        return list(self.tokenizer.apply_chat_template(turn, add_generation_prompt=True, return_dict=False))

    def answer(self, ids: list[int]) -> list[int]:
        """The new tokens, the end's among them."""
        sent = torch.tensor([ids])
        out = self.model.generate(sent, attention_mask=torch.ones_like(sent), max_new_tokens=LONGEST, do_sample=False)
        return list(out[0, len(ids) :].tolist())

    def text(self, ids: list[int]) -> str:
        return str(self.tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False))


def ours(device: Device, question: str) -> Finished:
    prompt = Prompt((Message("user", (PromptPart("question", question),)),))
    *_, end = device.stream([Request("benchmark", WEIGHTS, prompt, LONGEST, seed=0)])
    assert isinstance(end, Finished), end
    return end


def main() -> None:
    theirs = Theirs()
    with tempfile.TemporaryDirectory() as place:
        device = Device(kind="local", device="cpu", log=Path(place) / "device.log", first=WEIGHTS)
        try:
            assert device.wait(120).state == "ready"
            tokens = {question: equal(theirs, device, question) for question in QUESTIONS}
            speeds = [pair(theirs, device, question, tokens[question]) for _ in range(REPEATS) for question in QUESTIONS]
        finally:
            device.close()
    baseline, mine = (statistics.median(column) for column in zip(*speeds, strict=True))
    ratio = statistics.median(own / their for their, own in speeds)
    lengths = f"answers of {min(tokens.values())} to {max(tokens.values())} tokens"
    honestly = f"less around the model than in `generate`, but ours also renders the prompt, decodes the text and streams it through a pipe; {lengths}"
    record(Line("one answer of the bundled model, CPU", f"`model.generate` from ids to ids: {baseline:.0f} tokens/s", f"{mine:.0f} tokens/s", ratio, honestly))


def equal(theirs: Theirs, device: Device, question: str) -> int:
    """How many tokens both made: the same."""
    ids, found = theirs.ids(question), ours(device, question).generation
    answer = theirs.answer(ids)
    assert list(found.prompt.ids) == ids and found.text == theirs.text(answer), "both read and write the same"
    assert found.completion_tokens == len(answer) - (found.finish_reason == "stop"), "the end is not counted as an answer's token"
    return len(answer)


def pair(theirs: Theirs, device: Device, question: str, tokens: int) -> tuple[float, float]:
    """Tokens a second, theirs and ours."""
    ids = theirs.ids(question)
    started = time.perf_counter()
    theirs.answer(ids)
    between = time.perf_counter()
    ours(device, question)
    return tokens / (between - started), tokens / (time.perf_counter() - between)


if __name__ == "__main__":
    main()
