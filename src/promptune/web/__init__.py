"""The page: the only place with gradio."""
