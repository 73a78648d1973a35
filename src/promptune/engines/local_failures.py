"""What went wrong in a model, in words for whoever asked it."""

from __future__ import annotations

import logging

from promptune.engines.local_models import is_out_of_memory
from promptune.engines.protocol import Failed
from promptune.errors import EngineError, OutOfMemory

log = logging.getLogger(__name__)


def as_engine_error(error: Exception) -> Exception:
    if is_out_of_memory(error):
        return OutOfMemory("The device ran out of memory.", todo="Use a smaller model, ask fewer contenders at once, or shorten the question.")
    return error


def failed(id: str, error: Exception) -> Failed:
    error = as_engine_error(error)
    if isinstance(error, EngineError):
        return Failed(id, error.name, error.what, error.todo)
    what = getattr(error, "what", "")
    if not what:
        log.error("a generation failed", exc_info=error)
        what = f"the model failed: {type(error).__name__}: {str(error).strip().splitlines()[0] if str(error).strip() else ''}"
    return Failed(id, "FAILED", what, getattr(error, "todo", "") or "Ask again; if it fails again, try another model.")
