"""The bundled model's tokenizer: byte-level BPE learned from the small world, so that any text can be typed; and the chat template."""

from __future__ import annotations

from itertools import islice

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from promptune.tiny.world.mixture import documents
from promptune.tiny.world.text import ASSISTANT, END, PAD, USER, plain

VOCABULARY, WINDOW = 2048, 512
DOCUMENTS, SEED = 40_000, 7
# Words keep the space before them, every digit stands alone, a line break is a piece of its own.
PIECES = r"\n| ?\d| ?[\p{L}']+| ?[^\s\p{L}\d']+|\s"
TEMPLATE = (
    "{% for m in messages %}{% if m['role'] == 'assistant' %}{{ '<|assistant|> ' + m['content']|trim + '<|end|>' }}"
    "{% else %}{{ '<|user|>' + m['content']|trim }}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)


def learn(count: int = DOCUMENTS) -> PreTrainedTokenizerFast:
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(PIECES), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False, trim_offsets=False)]
    )
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY, special_tokens=[PAD, USER, ASSISTANT, END], initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    bpe.train_from_iterator((plain(document) for document in islice(documents(SEED), count)), trainer)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=bpe, pad_token=PAD, eos_token=END, model_max_length=WINDOW, padding_side="left")
    tokenizer.chat_template = TEMPLATE
    return tokenizer
