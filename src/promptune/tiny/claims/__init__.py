"""What the bundled model shows, measured: `python -m promptune.tiny.claims`. All of it goes through the Lab, as every user's questions do."""
