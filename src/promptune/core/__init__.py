"""The words of Promptune as frozen types: pure, and importing nothing of ours but the error tree."""
