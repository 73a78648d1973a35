"""`tiny` until the bundled model is trained: the same architecture, random weights, made on first use.

Random weights choose tokens at random, so only whole words may be chosen: word salad can be read, torn bytes cannot.
"""

from __future__ import annotations

from pathlib import Path

import torch
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from promptune.store.artefacts import building, is_complete
from promptune.tiny import FOLDER

SEED = 20261120
WINDOW = 512
SPECIAL = ["<|pad|>", "<|user|>", "<|assistant|>", "<|end|>"]
# Words keep the space before them, every digit stands alone, a line break is a piece of its own.
PIECES = r"\n| ?\d| ?\p{L}+| ?[^\s\p{L}\d]+|\s"
TEMPLATE = (
    "{% for m in messages %}{% if m['role'] == 'assistant' %}{{ '<|assistant|> ' + m['content']|trim + '<|end|>' }}"
    "{% else %}{{ '<|user|>' + m['content']|trim }}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)
WORDS = """
a about after again all also always am an and another any apple are around as ask at away back bad be because bed been before best better big bird blue boat
book both box boy bread bring brown bus but buy by cake call came can car cat chair child clean close cloud coat cold come cook cool could country cup dance
dark day did different dinner do dog door down draw dress drink drive early earth eat egg end enough even every eye face fall family far fast father field find
fine fire first fish five flower fly food for found four friend from full game garden gave get girl give glass go gold good grass great green grow had half hand
happy hard has hat have he hear heart help her here high hill him his home horse hot hour house how idea if in into is it job jump just keep kind king kitchen
know lake lamp land large last late laugh learn leave left letter life light like line little live long look lost love made make man many may me milk mind
money moon more morning mother mountain mouse much music must my name near never new next nice night no noise north not now number of off often old on once one
only open or orange other our out over own paper park part path people picture place plant play please point pot quick quiet rain read ready red rest rice
right river road rock room round run said sail salt same sand saw say school sea season second see seed seem sell send seven she ship shoe shop short should
show side silver simple sing sister six sky sleep slow small smile snow so soft some song soon sound south speak spring star start stay step still stone stop
story street strong such sugar summer sun sure sweet swim table take talk tall tea teach tell ten than thank that the their them then there these they thing
think this three through time to today together tomorrow too top town train tree true try turn two under until up us use very voice wait walk wall want warm
was watch water way we week well were west what when where which white who why will wind window winter wish with woman wonder wood word work world would year
yellow yes yesterday you young your
"""


def ensure(folder: Path) -> None:
    """Makes the stand-in where it is asked for and not there yet; any other folder is left alone."""
    if folder.name == FOLDER and not is_complete(folder):
        with building(folder) as place:
            make(place)


def make(folder: Path) -> None:
    tokenizer = _tokenizer()
    config = LlamaConfig(
        vocab_size=1536,
        hidden_size=128,
        intermediate_size=384,
        num_hidden_layers=5,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=WINDOW,
        rms_norm_eps=1e-5,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        model = LlamaForCausalLM(config)
        for tensor in model.parameters():
            if tensor.dim() > 1:
                torch.nn.init.normal_(tensor, std=0.08)  # wider than usual: random answers that differ
    words = {id for token, id in tokenizer.get_vocab().items() if token.startswith("Ġ") and token[1:] in set(WORDS.split())}
    model.generation_config = GenerationConfig(
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        suppress_tokens=[id for id in range(config.vocab_size) if id not in words and id != tokenizer.eos_token_id],
    )
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _tokenizer() -> PreTrainedTokenizerFast:
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(PIECES), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False, trim_offsets=False)]
    )
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=1536, special_tokens=SPECIAL, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    bpe.train_from_iterator([" " + " ".join(WORDS.split())] * 2, trainer)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=bpe, pad_token="<|pad|>", eos_token="<|end|>", model_max_length=WINDOW, padding_side="left")
    tokenizer.chat_template = TEMPLATE
    return tokenizer
