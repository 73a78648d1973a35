"""The web app: settings -> Lab -> demo -> launch. Works from a checkout, installed or not: python app.py"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "src"))
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
if "SPACE_ID" in os.environ:  # a Hugging Face Space is reached from outside its container
    os.environ.setdefault("PROMPTUNE_HOST", "0.0.0.0")  # noqa: S104

from promptune.errors import UserError
from promptune.lab import Lab
from promptune.settings import Settings
from promptune.web.listen import address, listen

try:
    settings = Settings.load()
    sock = listen(settings) if __name__ == "__main__" else None
    lab = Lab(settings, serving=__name__ == "__main__", address=address(settings))
except UserError as error:
    sys.exit(f"promptune: {error}")

from promptune.web import page, server  # gradio takes seconds to import; the models warm meanwhile

demo = page.build(lab)

if sock is not None:
    sys.exit(server.serve(demo, lab, sock))
