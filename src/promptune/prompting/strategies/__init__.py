"""The strategies by name. A new one is one file here: a frozen dataclass whose fields are its arguments."""

from promptune.prompting.strategies import (  # noqa: F401, I001  # registers them, in the order they are listed
    zero_shot,
    instruct,
    few_shot,
    cot,
    few_shot_cot,
    self_consistency,
    retrieve,
    custom,
)
from promptune.prompting.strategies.registry import STRATEGIES, build, form

__all__ = ["STRATEGIES", "build", "form"]
