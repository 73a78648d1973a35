"""Learning against forgetting, measured: `python -m promptune.tiny.forgetting`. What the recipes' rates are chosen by."""
