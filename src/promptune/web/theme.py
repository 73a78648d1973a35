"""Gradio's theme on the page's own tokens: one CSS variable serves light and dark, and app.css defines it."""

from __future__ import annotations

import gradio as gr

SANS = ["system-ui", "-apple-system", "Segoe UI", "sans-serif"]  # plain names: no font is fetched
MONO = ["ui-monospace", "Menlo", "Consolas", "monospace"]

TOKENS = {  # gradio's variable: ours
    "body_background_fill": "bg",
    "body_text_color": "ink",
    "body_text_color_subdued": "soft",
    "background_fill_primary": "panel",
    "background_fill_secondary": "bg",
    "block_background_fill": "panel",
    "block_border_color": "line",
    "border_color_primary": "line",
    "block_label_text_color": "soft",
    "block_title_text_color": "soft",
    "block_info_text_color": "soft",
    "input_background_fill": "panel",
    "input_border_color": "edge",
    "input_border_color_focus": "accent",
    "input_placeholder_color": "faint",
    "button_primary_background_fill": "accent",
    "button_primary_background_fill_hover": "accent",
    "button_primary_border_color": "accent",
    "button_primary_text_color": "panel",
    "button_secondary_background_fill": "panel",
    "button_secondary_background_fill_hover": "accent-soft",
    "button_secondary_border_color": "edge",
    "button_secondary_text_color": "ink",
    "checkbox_background_color": "panel",
    "checkbox_border_color": "faint",
    "checkbox_background_color_selected": "accent",
    "checkbox_border_color_selected": "accent",
    "checkbox_label_background_fill": "panel",
    "checkbox_label_background_fill_hover": "accent-soft",
    "checkbox_label_background_fill_selected": "accent-soft",
    "checkbox_label_border_color": "line",
    "checkbox_label_text_color": "ink",
    "checkbox_label_text_color_selected": "ink",
    "error_background_fill": "panel",
    "error_border_color": "bad",
    "error_text_color": "bad",
    "link_text_color": "accent",
}


def theme() -> gr.themes.Base:
    values = {name + mode: f"var(--{token})" for name, token in TOKENS.items() for mode in ("", "_dark")}
    return gr.themes.Base(font=SANS, font_mono=MONO, radius_size="md", spacing_size="md", text_size="md").set(
        **values,
        color_accent="var(--accent)",
        block_shadow="none",
        block_border_width="0px",
        button_border_width="1px",
        input_border_width="1px",
        input_shadow="none",
        input_shadow_focus="none",
        button_medium_radius="8px",
        button_large_radius="8px",
        input_radius="8px",
        button_medium_padding="7px 14px",
        button_large_padding="7px 14px",
        button_large_text_size="14px",
        layout_gap="16px",
        form_gap_width="0px",
    )
