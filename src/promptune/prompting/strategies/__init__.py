"""The strategies by name. A new one is one file here: a frozen dataclass whose fields are its arguments."""

from promptune.prompting.strategies import cot, zero_shot  # noqa: F401  # registers them
from promptune.prompting.strategies.registry import STRATEGIES, build, form

__all__ = ["STRATEGIES", "build", "form"]
